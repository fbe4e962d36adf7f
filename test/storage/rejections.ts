// Fails every test of a file in which a promise was rejected and nobody listened.

import { afterEach, beforeEach, expect } from "bun:test";

/** Called once at the top of a test file, or of a suite. */
export function watchRejections(): void {
  const rejections: unknown[] = [];
  const note = (reason: unknown): void => {
    rejections.push(reason);
  };

  beforeEach(() => {
    process.on("unhandledRejection", note);
  });

  afterEach(async () => {
    // Rejections are reported when the microtasks are done.
    await new Promise<void>((resolve) => setImmediate(resolve));
    process.off("unhandledRejection", note);
    expect(rejections.splice(0)).toEqual([]);
  });
}
