// Caps: the rate of one upload and of several, the wait for the strictest of several caps, and which cap is named.

import { describe, expect, test } from "bun:test";
import type { Cap } from "../../../src/core/admission/cap.ts";
import { Caps } from "../../../src/core/admission/caps.ts";
import { Throttle } from "../../../src/core/upload/throttle.ts";
import { type SimulatedClock, simulatedClock } from "../../support/cap-clock.ts";
import { until } from "../../support/server.ts";

const CHUNK = 512 * 1024;

/** An upload whose sender always has data. @returns its bytes per second */
async function upload(
  clock: SimulatedClock,
  throttle: Throttle,
  bytes: number,
  chunk: number | ((sent: number) => number) = CHUNK,
): Promise<number> {
  const began = clock.now();
  let sent = 0;
  while (sent < bytes) {
    const size = typeof chunk === "number" ? chunk : chunk(sent);
    sent += size;
    throttle.count(size);
    await throttle.wait();
  }
  return sent / (clock.now() - began);
}

function capsWith(clock: SimulatedClock) {
  const caps = new Caps(undefined, clock);
  const throttle = (...all: Cap[]) => new Throttle(all, undefined, clock);
  return { caps, throttle };
}

describe("the rate of uploads under one cap", () => {
  test("one upload gets all of it", async () => {
    const clock = simulatedClock();
    const { caps, throttle } = capsWith(clock);
    const rate = await clock.run(() => upload(clock, throttle(caps.of("link:1", 6e6, "this link")), 60e6));
    expect(rate / 6e6).toBeWithin(0.99, 1.01);
  });

  test("three uploads share it equally", async () => {
    const clock = simulatedClock();
    const { caps, throttle } = capsWith(clock);
    const cap = caps.of("link:1", 6e6, "this link");
    const rates = await clock.run(() => Promise.all([1, 2, 3].map(() => upload(clock, throttle(cap), 30e6))));
    for (const rate of rates) expect(rate / 2e6).toBeWithin(0.95, 1.05);
  });

  test("large chunks get no more of it than small ones", async () => {
    const clock = simulatedClock();
    const { caps, throttle } = capsWith(clock);
    const cap = caps.of("link:1", 6e6, "this link");
    const [small, large] = await clock.run(() =>
      Promise.all([upload(clock, throttle(cap), 30e6, 64 * 1024), upload(clock, throttle(cap), 30e6, CHUNK)]),
    );
    expect(small / 3e6).toBeWithin(0.95, 1.05);
    expect(large / 3e6).toBeWithin(0.95, 1.05);
  });

  test("an upload that begins late, or was slow before, gets its part and no more", async () => {
    const clock = simulatedClock();
    const { caps, throttle } = capsWith(clock);
    const cap = caps.of("link:1", 6e6, "this link");
    const late = new Promise<void>((resolve) => clock.after(5, resolve));
    const [early, second] = await clock.run(() =>
      Promise.all([upload(clock, throttle(cap), 45e6), late.then(() => upload(clock, throttle(cap), 15e6))]),
    );
    // 30 MB alone in five seconds, then 15 MB each in five.
    expect(early / 4.5e6).toBeWithin(0.95, 1.05);
    expect(second / 3e6).toBeWithin(0.95, 1.05);
  });

  test("a small upload does not wait until a large chunk of another one fits", async () => {
    const clock = simulatedClock();
    const { caps, throttle } = capsWith(clock);
    const cap = caps.of("link:1", 10e3, "this link");
    const [, small] = await clock.run(() =>
      Promise.all([upload(clock, throttle(cap), CHUNK), upload(clock, throttle(cap), 1000, 1000)]),
    );
    // Both are entitled to 5 kB per second.
    expect(1000 / small).toBeWithin(0.05, 0.4);
  });

  test("an upload of tiny chunks is as slow as the cap demands", async () => {
    const clock = simulatedClock();
    const { caps, throttle } = capsWith(clock);
    const rate = await clock.run(() => upload(clock, throttle(caps.of("a", 1e6, "a")), 1e6, 500));
    expect(rate / 1e6).toBeWithin(0.99, 1.01);
  });

  test("time without an upload is not saved up", async () => {
    const clock = simulatedClock();
    const { caps, throttle } = capsWith(clock);
    const cap = caps.of("link:1", 1e6, "this link");
    const { promise: later, resolve } = Promise.withResolvers<void>();
    clock.after(3600, resolve);
    const rate = await clock.run(async () => {
      await later;
      return await upload(clock, throttle(cap), 10e6);
    });
    expect(rate / 1e6).toBeWithin(0.99, 1.02);
  });
});

describe("several caps", () => {
  test("the strictest one decides, and is named", async () => {
    const clock = simulatedClock();
    const { caps, throttle } = capsWith(clock);
    const [link, account] = [caps.of("link:1", 5e6, "this link"), caps.of("account:a", 20e6, "your account")];
    const both = throttle(account, link);
    const rate = await clock.run(() => upload(clock, both, 50e6));
    expect(rate / 5e6).toBeWithin(0.99, 1.01);
    expect(both.waited).toEqual({ seconds: expect.closeTo(10, 0), name: "cap of this link (5 MB/s)" });
  });

  test("uploads of two links share the cap of the server", async () => {
    const clock = simulatedClock();
    const { caps, throttle } = capsWith(clock);
    const server = caps.of("server", 6e6, "this server");
    const slow = throttle(caps.of("link:1", 1e6, "this link"), server);
    const fast = throttle(caps.of("link:2", 50e6, "this link"), server);
    const [one, other] = await clock.run(() =>
      Promise.all([upload(clock, slow, 10e6), upload(clock, fast, 50e6)]),
    );
    expect(one / 1e6).toBeWithin(0.9, 1.02);
    expect(other / 5e6).toBeWithin(0.95, 1.05);
    expect(slow.waited?.name).toBe("cap of this link (1 MB/s)");
    expect(fast.waited?.name).toBe("cap of this server (6 MB/s)");
  });
});

describe("a wait", () => {
  test("ends at once when the upload is stopped, and counts up to then", async () => {
    const clock = simulatedClock();
    const { caps, throttle } = capsWith(clock);
    const one = throttle(caps.of("a", 1e6, "a"));
    await clock.run(async () => {
      one.count(3600e6);
      const waiting = one.wait();
      clock.after(10, () => one.wake());
      await waiting;
    });
    expect(one.waited?.seconds).toBeCloseTo(10, 3);
  });

  test("ends when its client goes", async () => {
    const clock = simulatedClock();
    const gone = new AbortController();
    const cap = new Caps(1e6, clock).server;
    if (!cap) throw new Error("There is no cap.");
    const one = new Throttle([cap], gone.signal, clock);
    await clock.run(async () => {
      one.count(3600e6);
      clock.after(5, () => gone.abort());
      await one.wait();
    });
    expect(clock.now()).toBeCloseTo(1005, 3);
    expect(one.wait()).toBeUndefined();
  });

  test("is reported while it lasts", async () => {
    const clock = simulatedClock();
    const { caps, throttle } = capsWith(clock);
    const one = throttle(caps.of("a", 1e6, "a"));
    let seen: number | undefined;
    await clock.run(async () => {
      one.count(10e6);
      clock.after(4, () => {
        seen = one.waited?.seconds;
      });
      await one.wait();
    });
    expect(seen).toBeCloseTo(4, 3);
    expect(one.waited?.seconds).toBeCloseTo(10, 3);
  });

  test("without a cap that makes it wait there is none", () => {
    const { caps, throttle } = capsWith(simulatedClock());
    const one = throttle(caps.of("a", 1e9, "a"));
    one.count(1000);
    expect(one.wait()).toBeUndefined();
    expect(one.waited).toBeUndefined();
  });
});

describe("the registry", () => {
  test("has one cap for the same key and rate", () => {
    const caps = new Caps(undefined);
    const cap = caps.of("link:1", 5e6, "this link");
    expect(caps.of("link:1", 5e6, "this link")).toBe(cap);
    expect(caps.of("link:2", 5e6, "this link")).not.toBe(cap);
    expect(caps.of("link:1", 6e6, "this link")).not.toBe(cap);
    expect(cap.name).toBe("cap of this link (5 MB/s)");
  });

  test("forgets caps that nothing uses", async () => {
    const caps = new Caps(undefined);
    const kept = caps.of("kept", 1e6, "this link");
    for (let count = 0; count < 1000; count += 1) caps.of(`link:${count}`, 1e6, "this link");
    await until("most caps are forgotten", () => {
      Bun.gc(true);
      caps.sweep();
      return caps.size < 100;
    });
    expect(caps.of("kept", 1e6, "this link")).toBe(kept);
  });
});
