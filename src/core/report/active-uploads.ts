// The uploads that are arriving now: what `GET /api/uploads` shows.

import type { FilePath } from "../../path.ts";
import type { Bottleneck } from "./flow-report.ts";

/** A running upload as clients see it. */
export interface ActiveUpload {
  id: string;
  path: FilePath;
  /** Bytes in all, when announced. */
  size?: number;
  /** Bytes that arrived. */
  received: number;
  /** Bytes that are on the disk and synced. */
  saved: number;
  bytesPerSecond: number;
  bottleneck: Bottleneck;
  started: string;
  /** Waiting: no request brings more of it now. */
  state: "receiving" | "saving" | "waiting";
  /** When it is forgotten, if it goes on waiting. */
  expires?: string;
  /** One sentence about what the limit was so far. */
  explanation?: string;
}

/** Anything that can say how it is. */
export interface ReportsProgress {
  report(): ActiveUpload;
}

/** One per uploader. */
export class ActiveUploads {
  readonly #uploads = new Set<ReportsProgress>();

  add(upload: ReportsProgress): void {
    this.#uploads.add(upload);
  }

  /** @returns whether it was there */
  remove(upload: ReportsProgress): boolean {
    return this.#uploads.delete(upload);
  }

  get size(): number {
    return this.#uploads.size;
  }

  /** @param id only those with this id, which clients choose: it may be that of several */
  reports(id?: string): ActiveUpload[] {
    const reports = [...this.#uploads].map((upload) => upload.report());
    return id === undefined ? reports : reports.filter((report) => report.id === id);
  }
}
