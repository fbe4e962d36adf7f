// Slots: a limit on concurrent uploads, and the idle state that shutdown waits for.

import { describe, expect, test } from "bun:test";
import { Slots } from "../../../src/core/admission/slots.ts";

describe("Slots", () => {
  test("one more than the limit is refused with Retry-After", () => {
    const slots = new Slots(2);
    const release = slots.acquire();
    slots.acquire();
    expect(() => slots.acquire()).toThrow(
      expect.objectContaining({ code: "too_many_uploads", status: 503, headers: { "retry-after": "5" } }),
    );
    release();
    expect(slots.taken).toBe(1);
    slots.acquire();
  });

  test("a slot is released once, however often release is called", () => {
    const slots = new Slots(2);
    const release = slots.acquire();
    slots.acquire();
    release();
    release();
    expect(slots.taken).toBe(1);
  });

  test("idle resolves immediately when no slot is in use, otherwise when the last one is released", async () => {
    const slots = new Slots(3);
    await slots.idle();
    const [one, two] = [slots.acquire(), slots.acquire()];
    let idle = 0;
    const waiting = [slots.idle(), slots.idle()].map((promise) =>
      promise.then(() => {
        idle += 1;
      }),
    );
    one();
    one();
    await Bun.sleep(1);
    expect(idle).toBe(0);
    two();
    await Promise.all(waiting);
    expect(idle).toBe(2);
  });
});
