// Makes tests fail that cause an unhandled rejection.

import { afterEach, beforeEach, expect } from "bun:test";

/** Call once at the top of a test file or suite. */
export function watchRejections(): void {
  const rejections: unknown[] = [];
  const note = (reason: unknown): void => {
    rejections.push(reason);
  };

  beforeEach(() => {
    process.on("unhandledRejection", note);
  });

  afterEach(async () => {
    // Unhandled rejections are reported after the microtasks.
    await new Promise<void>((resolve) => setImmediate(resolve));
    process.off("unhandledRejection", note);
    expect(rejections.splice(0)).toEqual([]);
  });
}
