// The uploads in progress, as `GET /api/uploads` shows them.

import { Problem } from "../../errors.ts";
import type { FilePath } from "../../path.ts";
import type { Bottleneck } from "./flow-report.ts";

/** An unfinished upload, as clients see it. */
export interface ActiveUpload {
  id: string;
  path: FilePath;
  /** Total bytes, when announced. */
  size?: number;
  /** Bytes received. */
  received: number;
  /** Bytes written and synced to disk. */
  saved: number;
  bytesPerSecond: number;
  bottleneck: Bottleneck;
  started: string;
  /** `waiting`: suspended, because no request is appending to it. */
  state: "receiving" | "saving" | "waiting";
  /** When the upload expires unless it is resumed. */
  expires?: string;
  /** One sentence that names the bottleneck so far. */
  explanation?: string;
}

/** An upload that can report its progress, and that can be cancelled. */
export interface RunningUpload {
  report(): ActiveUpload;
  /** Makes the upload fail with this problem. @returns false when all bytes are there and the file is being saved */
  cancel(problem: Problem): boolean;
}

/** The problem of an upload that an operator has cancelled. */
export function uploadCancelled(): Problem {
  return new Problem(
    "upload_cancelled",
    "An operator of the server has cancelled this upload, and its bytes are deleted. Ask before you start a new one.",
  );
}

/** The registry of one uploader. */
export class ActiveUploads {
  readonly #uploads = new Set<RunningUpload>();

  add(upload: RunningUpload): void {
    this.#uploads.add(upload);
  }

  /** @returns whether it was registered */
  remove(upload: RunningUpload): boolean {
    return this.#uploads.delete(upload);
  }

  get size(): number {
    return this.#uploads.size;
  }

  /** Makes all uploads with this id fail. @returns how many were cancelled */
  cancel(id: string): number {
    const problem = uploadCancelled();
    return [...this.#uploads].filter((upload) => upload.report().id === id && upload.cancel(problem)).length;
  }

  /** @param id only uploads with this id; clients choose ids, so several may share one */
  reports(id?: string): ActiveUpload[] {
    const reports = [...this.#uploads].map((upload) => upload.report());
    return id === undefined ? reports : reports.filter((report) => report.id === id);
  }
}
