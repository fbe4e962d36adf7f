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
  state: "receiving" | "saving";
}

/** Anything that can say how it is. */
export interface Reporting {
  report(): RunningUpload;
}

/** One per engine. */
export class Running {
  readonly #uploads = new Set<Reporting>();
  #idle: (() => void)[] = [];

  add(upload: Reporting): void {
    this.#uploads.add(upload);
  }

  remove(upload: Reporting): void {
    this.#uploads.delete(upload);
    if (this.#uploads.size > 0) return;
    for (const resolve of this.#idle.splice(0)) resolve();
  }

  get size(): number {
    return this.#uploads.size;
  }

  reports(): RunningUpload[] {
    return [...this.#uploads].map((upload) => upload.report());
  }

  /** Resolves as soon as nothing runs. */
  async idle(): Promise<void> {
    if (this.#uploads.size > 0) await new Promise<void>((resolve) => this.#idle.push(resolve));
  }
}
