// Hashes and verifies passwords in a thread of its own, one after the other; a bounded number waits.

import { Problem } from "../../errors.ts";
import { WorkerThread } from "../../system/worker-thread.ts";
import type { Answer, Question } from "./password-worker.ts";
import { normalized } from "./rules.ts";
import { dummyHash, hashFault } from "./stored-hash.ts";

/** Requests that may wait behind the one that runs. */
const MOST_WAITING = 16;
/** Seconds: the thread verifies at least ten passwords in this time. */
const RETRY_AFTER = "1";

export class Passwords {
  readonly #thread: WorkerThread<Question, Answer>;
  readonly #dummy = dummyHash();
  /** Requests that are not answered yet. */
  #open = 0;
  #hashes = 0;

  constructor() {
    this.#thread = new WorkerThread({
      script: "access/passwords/password-worker.ts",
      ended: (cause) => new Problem("internal", "The thread for passwords ended unexpectedly.", { cause }),
    });
  }

  /** The number of hashes computed so far, for new passwords and to verify. */
  get hashes(): number {
    return this.#hashes;
  }

  /** @throws Problem logins_busy */
  async hash(password: string): Promise<string> {
    const answer = await this.#ask({ ask: "hash", password: normalized(password) });
    if ("hash" in answer) return answer.hash;
    throw failed(answer);
  }

  /**
   * Whether this is the password of the hash. Without a hash it takes as long and is false, so that time does not tell
   * whether the account exists, or has a password.
   * @throws Problem logins_busy; internal when the stored hash is out of bounds
   */
  async verify(password: string, hash: string | null | undefined): Promise<boolean> {
    const fault = hash ? hashFault(hash) : undefined;
    if (fault !== undefined) throw new Problem("internal", "The login failed.", { cause: new Error(fault) });
    const answer = await this.#ask({
      ask: "verify",
      password: normalized(password),
      hash: hash || this.#dummy,
    });
    if ("right" in answer) return answer.right && Boolean(hash);
    throw failed(answer);
  }

  /** Rejects open requests; a later one starts the thread again. */
  close(): void {
    this.#thread.abandon(new Problem("draining", "The server is stopping."));
  }

  async #ask(question: Question): Promise<Answer> {
    if (this.#open > MOST_WAITING)
      throw new Problem("logins_busy", `${MOST_WAITING} logins are already waiting.`, {
        headers: { "retry-after": RETRY_AFTER },
      });
    this.#open += 1;
    this.#hashes += 1;
    try {
      return await this.#thread.ask(question).answer;
    } finally {
      this.#open -= 1;
    }
  }
}

function failed(answer: Answer): Problem {
  const reason = "failed" in answer ? answer.failed : "an unexpected answer";
  return new Problem("internal", "The login failed.", { cause: new Error(reason) });
}
