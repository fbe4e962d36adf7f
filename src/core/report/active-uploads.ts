// The uploads in progress, as `GET /api/uploads` shows them.

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

/** An upload that can report its progress. */
export interface ReportsProgress {
  report(): ActiveUpload;
}

/** The registry of one uploader. */
export class ActiveUploads {
  readonly #uploads = new Set<ReportsProgress>();

  add(upload: ReportsProgress): void {
    this.#uploads.add(upload);
  }

  /** @returns whether it was registered */
  remove(upload: ReportsProgress): boolean {
    return this.#uploads.delete(upload);
  }

  get size(): number {
    return this.#uploads.size;
  }

  /** @param id only uploads with this id; clients choose ids, so several may share one */
  reports(id?: string): ActiveUpload[] {
    const reports = [...this.#uploads].map((upload) => upload.report());
    return id === undefined ? reports : reports.filter((report) => report.id === id);
  }
}
