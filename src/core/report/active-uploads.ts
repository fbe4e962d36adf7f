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

/** The maker of an upload or a copy: an asker, and the client of an anonymous one. Not sent to clients. */
export interface MadeBy {
  /** See `Asker.maker`. */
  maker: string;
  client: string | null;
}

/** Selects uploads by path and maker; an upload without a maker is known by its path alone. */
export type UploadFilter = (path: FilePath, madeBy: MadeBy | undefined) => boolean;

export const ALL_UPLOADS: UploadFilter = () => true;

/** An upload that can report its progress, and that can be cancelled. */
export interface RunningUpload {
  /** `end` ends the whole request of the upload, of which it may be a part. */
  readonly request?: { madeBy?: MadeBy; end?: (problem: Problem) => void };
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

  /** Makes the uploads with this id fail that `may` selects. @returns how many were cancelled */
  cancel(id: string, may: UploadFilter = ALL_UPLOADS): number {
    const problem = uploadCancelled();
    const cancels = (upload: RunningUpload): boolean => {
      const report = upload.report();
      return report.id === id && may(report.path, upload.request?.madeBy) && upload.cancel(problem);
    };
    return [...this.#uploads].filter(cancels).length;
  }

  /** Ends the requests of all uploads with a maker whom `may` does not select any more. */
  revoke(may: UploadFilter, problem: Problem): void {
    for (const upload of this.#uploads)
      if (
        upload.request?.madeBy &&
        !may(upload.report().path, upload.request.madeBy) &&
        upload.cancel(problem)
      )
        upload.request.end?.(problem);
  }

  /** The uploads that `sees` selects. */
  reports(sees: UploadFilter = ALL_UPLOADS): ActiveUpload[] {
    return [...this.#uploads].flatMap((upload) => {
      const report = upload.report();
      return sees(report.path, upload.request?.madeBy) ? [report] : [];
    });
  }
}
