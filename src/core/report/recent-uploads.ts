// The uploads that ended last: what those who watch hear of, also when they were away for a moment.

import { asProblem, summarize } from "../../errors.ts";
import type { FilePath } from "../../path.ts";
import type { FlowReport } from "./flow-report.ts";

/** How many are remembered; each takes at most some 10 KB, and as a rule 1. */
const REMEMBERED = 256;

/** An upload that is not there any more, as clients see it. */
export interface RecentUpload {
  id: string;
  /** Of the file; where there is none, the one that was meant. */
  path: FilePath;
  /** `forgotten`: it waited to be resumed, and was cancelled or expired. */
  outcome: "saved" | "failed" | "forgotten";
  /** Bytes of the file, or those that had arrived. */
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

  /** How many have ended so far: the number of the last one. */
  get count(): number {
    return this.#count;
  }

  add(upload: RecentUpload): void {
    this.#last[this.#count % REMEMBERED] = upload;
    this.#count += 1;
  }

  /** Those behind number `from`, up to number `to`, as far as they are remembered. */
  between(from: number, to: number): RecentUpload[] {
    const first = Math.max(0, from, this.#count - REMEMBERED);
    const found: RecentUpload[] = [];
    for (let at = first; at < Math.min(to, this.#count); at += 1) {
      const upload = this.#last[at % REMEMBERED];
      if (upload) found.push(upload);
    }
    return found;
  }
}

/** Why an upload failed, for clients: what is not a problem of theirs is not told. */
export function failureReason(cause: unknown): NonNullable<RecentUpload["error"]> {
  const problem = asProblem(cause);
  return { code: problem.code, detail: summarize(problem) };
}
