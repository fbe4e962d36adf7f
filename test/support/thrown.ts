// Catches problems that are thrown synchronously.

import { Problem } from "../../src/errors.ts";

/** The problem that a check throws. */
export function problemOf(check: () => unknown): Problem {
  try {
    check();
  } catch (error) {
    // TypeBox wraps errors of a transform in its own error.
    const inner = error instanceof Error && "error" in error ? error.error : error;
    if (inner instanceof Problem) return inner;
    throw error;
  }
  throw new Error("Nothing was thrown.");
}
