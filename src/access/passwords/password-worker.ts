// Worker thread for passwords: argon2 takes tens of milliseconds, and beside two of them Bun's pool delays writes to files.

import { messageOf } from "../../system/errno.ts";
import { lowerPriority } from "../../system/worker-thread.ts";
import { ARGON2 } from "./stored-hash.ts";

declare const self: Worker;

// A hash takes all of a processor: the threads that serve requests come first.
lowerPriority(5);

/** A request: hash a password, or verify it against a hash. */
export type Question = { ask: "hash"; password: string } | { ask: "verify"; password: string; hash: string };

/** The answer to a request. `failed` is the message of an error, which contains no password. */
export type Answer = { id: number } & ({ hash: string } | { right: boolean } | { failed: string });

self.onmessage = ({ data }: MessageEvent<{ id: number } & Question>): void => {
  self.postMessage({ id: data.id, ...answer(data) });
};

function answer(question: Question): { hash: string } | { right: boolean } | { failed: string } {
  const { ask, password } = question;
  try {
    if (ask === "verify") return { right: Bun.password.verifySync(password, question.hash) };
    return { hash: Bun.password.hashSync(password, { algorithm: "argon2id", ...ARGON2 }) };
  } catch (error) {
    return { failed: messageOf(error) };
  }
}
