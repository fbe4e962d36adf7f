// Slots: a limit on concurrent uploads, and the idle state that shutdown waits for.

import { describe, expect, test } from "bun:test";
import { Slots } from "../../../src/core/admission/slots.ts";

describe("Slots", () => {
  test("one more than the limit is refused with Retry-After", () => {
    const slots = new Slots(2, 2);
    const release = slots.acquire();
    slots.acquire();
    expect(() => slots.acquire()).toThrow(
      expect.objectContaining({ code: "too_many_uploads", status: 503, headers: { "retry-after": "5" } }),
    );
    release();
    expect(slots.taken).toBe(1);
    slots.acquire();
  });

  test("a client that fills its share is refused by the name of its option, others are not", () => {
    const slots = new Slots(4, 2);
    const release = slots.acquire("203.0.113.7");
    slots.acquire("203.0.113.7");
    expect(() => slots.acquire("203.0.113.7")).toThrow("--max-uploads-per-client");
    slots.acquire("203.0.113.8");
    slots.acquire();
    expect(() => slots.acquire()).toThrow("--max-uploads.");
    release();
    slots.acquire("203.0.113.7");
  });

  test("a slot is released once, however often release is called", () => {
    const slots = new Slots(2, 2);
    const release = slots.acquire();
    slots.acquire();
    release();
    release();
    expect(slots.taken).toBe(1);
  });

  test("idle resolves immediately when no slot is in use, otherwise when the last one is released", async () => {
    const slots = new Slots(3, 3);
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
