// The uploads that ended most recently, for subscribers that were disconnected in between.

import { asProblem, summarize } from "../../errors.ts";
import type { FilePath } from "../../path.ts";
import type { MadeBy } from "./active-uploads.ts";
import type { FlowReport } from "./flow-report.ts";

/** Uploads remembered; each takes about 1 KB, and 10 KB at most. */
const MAX_REMEMBERED = 256;

/** An upload that has ended, as clients see it. */
export interface RecentUpload {
  id: string;
  /** Path of the file, or the requested path when none was saved. */
  path: FilePath;
  /** `forgotten`: a suspended upload was cancelled or expired. */
  outcome: "saved" | "failed" | "forgotten";
  /** Bytes of the file, or bytes received when none was saved. */
  size: number;
  ended: string;
  flow: FlowReport;
  /** The reason, when `outcome` is `failed`. */
  error?: { code: string; detail: string };
}

/** The recent uploads of one uploader. */
export class RecentUploads {
  /** A ring buffer: upload number n is at index (n - 1) % MAX_REMEMBERED. */
  readonly #ring: RecentUpload[] = [];
  readonly #makers = new WeakMap<RecentUpload, MadeBy>();
  #count = 0;

  /** Uploads ended so far: the sequence number of the last one. */
  get count(): number {
    return this.#count;
  }

  add(upload: RecentUpload, madeBy?: MadeBy): void {
    if (madeBy) this.#makers.set(upload, madeBy);
    this.#ring[this.#count % MAX_REMEMBERED] = upload;
    this.#count += 1;
  }

  /** The maker of a remembered upload. */
  makerOf(upload: RecentUpload): MadeBy | undefined {
    return this.#makers.get(upload);
  }

  /** Uploads after number `from`, up to and including number `to`, as far as they are remembered. */
  between(from: number, to: number): RecentUpload[] {
    const first = Math.max(0, from, this.#count - MAX_REMEMBERED);
    const uploads: RecentUpload[] = [];
    for (let index = first; index < Math.min(to, this.#count); index += 1) {
      const upload = this.#ring[index % MAX_REMEMBERED];
      if (upload) uploads.push(upload);
    }
    return uploads;
  }
}

/** The reason an upload failed, for clients. Internal errors are not disclosed. */
export function failureReason(cause: unknown): NonNullable<RecentUpload["error"]> {
  const problem = asProblem(cause);
  return { code: problem.code, detail: summarize(problem) };
}
