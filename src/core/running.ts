// The uploads that are arriving now: what `GET /api/uploads` shows.

import type { FilePath } from "../path.ts";
import type { Bottleneck } from "./flow.ts";

/** A running upload as clients see it. */
export interface RunningUpload {
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
}

/** Anything that can say how it is. */
export interface Reporting {
  report(): RunningUpload;
}

/** One per engine. */
export class Running {
  readonly #uploads = new Set<Reporting>();

  add(upload: Reporting): void {
    this.#uploads.add(upload);
  }

  remove(upload: Reporting): void {
    this.#uploads.delete(upload);
  }

  get size(): number {
    return this.#uploads.size;
  }

  reports(): RunningUpload[] {
    return [...this.#uploads].map((upload) => upload.report());
  }
}
