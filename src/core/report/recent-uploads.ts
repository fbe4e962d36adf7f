// The uploads that ended last, so that subscribers also learn of those that ended while they were disconnected.

import { asProblem, summarize } from "../../errors.ts";
import type { FilePath } from "../../path.ts";
import type { FlowReport } from "./flow-report.ts";

/** Uploads remembered; each takes 1 KB as a rule and 10 KB at most. */
const MAX_REMEMBERED = 256;

/** An upload that has ended, as clients see it. */
export interface RecentUpload {
  id: string;
  /** Path of the file, or the requested path when there is none. */
  path: FilePath;
  /** `forgotten`: it was suspended, and then cancelled or expired. */
  outcome: "saved" | "failed" | "forgotten";
  /** Bytes of the file, or bytes received when there is none. */
  size: number;
  ended: string;
  flow: FlowReport;
  /** Why it failed. */
  error?: { code: string; detail: string };
}

/** One per uploader. */
export class RecentUploads {
  #last: RecentUpload[] = [];
  #count = 0;

  /** Uploads ended so far: the sequence number of the last one. */
  get count(): number {
    return this.#count;
  }

  add(upload: RecentUpload): void {
    this.#last[this.#count % MAX_REMEMBERED] = upload;
    this.#count += 1;
  }

  /** Uploads after number `from`, up to and including number `to`, as far as they are remembered. */
  between(from: number, to: number): RecentUpload[] {
    const first = Math.max(0, from, this.#count - MAX_REMEMBERED);
    const found: RecentUpload[] = [];
    for (let at = first; at < Math.min(to, this.#count); at += 1) {
      const upload = this.#last[at % MAX_REMEMBERED];
      if (upload) found.push(upload);
    }
    return found;
  }
}

/** Why an upload failed, for clients; internal errors are not disclosed. */
export function failureReason(cause: unknown): NonNullable<RecentUpload["error"]> {
  const problem = asProblem(cause);
  return { code: problem.code, detail: summarize(problem) };
}
