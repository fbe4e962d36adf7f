// Shares of downloads in their caps, and streams that keep to them.

import { describe, expect, test } from "bun:test";
import { paced } from "../../../src/core/admission/cap-share.ts";
import { Caps } from "../../../src/core/admission/caps.ts";
import { simulatedClock } from "../../support/cap-clock.ts";

type Bytes = Uint8Array<ArrayBuffer>;

/** A stream of zeros that counts what was pulled. */
function zeros(bytes: number, chunk = 500_000) {
  let left = bytes;
  let cancelled = false;
  const stream = new ReadableStream<Bytes>(
    {
      pull(controller) {
        if (left === 0) return controller.close();
        const size = Math.min(left, chunk);
        left -= size;
        controller.enqueue(new Uint8Array(size));
      },
      cancel() {
        cancelled = true;
      },
    },
    { highWaterMark: 0 },
  );
  return {
    stream,
    get cancelled() {
      return cancelled;
    },
  };
}

function setup() {
  const clock = simulatedClock();
  const caps = new Caps(undefined, clock);
  return { clock, caps, link: caps.of("link:1", 6e6, "this link") };
}

async function read(stream: ReadableStream<Bytes>): Promise<number> {
  let bytes = 0;
  for await (const chunk of stream) bytes += chunk.byteLength;
  return bytes;
}

describe("a share", () => {
  test("is the cap divided by its downloads", () => {
    const { caps, link } = setup();
    const shares = [1, 2, 3].map(() => caps.share([link]));
    expect(shares.map(({ rate }) => rate)).toEqual([2e6, 2e6, 2e6]);
    expect(caps.downloads).toBe(3);
    shares[0]?.leave();
    shares[0]?.leave();
    expect(shares[1]?.rate).toBe(3e6);
    expect(caps.downloads).toBe(2);
  });

  test("of several caps is the smallest, whose cap is named", () => {
    const { caps, link } = setup();
    const server = caps.of("server", 10e6, "this server");
    const both = caps.share([link, server]);
    expect([both.rate, both.name]).toEqual([6e6, "cap of this link (6 MB/s)"]);
    const other = caps.share([server]);
    expect([both.rate, both.name]).toEqual([5e6, "cap of this server (10 MB/s)"]);
    other.leave();
    expect(both.rate).toBe(6e6);
  });

  test("running downloads learn of many that begin together once", async () => {
    const { clock, caps, link } = setup();
    const one = caps.share([link]);
    const seen: number[] = [];
    one.onChange = () => seen.push(one.rate);
    await clock.run(async () => {
      for (let count = 0; count < 5; count += 1) caps.share([link]);
      await new Promise<void>((resolve) => clock.after(1, resolve));
    });
    expect(seen).toEqual([1e6]);
  });
});

describe("a stream", () => {
  test("has the rate of its share, and leaves it at its end", async () => {
    const { clock, caps, link } = setup();
    const began = clock.now();
    const stream = paced(zeros(60e6).stream, caps.share([link]), undefined, clock);
    expect(await clock.run(() => read(stream))).toBe(60e6);
    expect(60e6 / (clock.now() - began) / 6e6).toBeWithin(0.99, 1.01);
    expect(caps.downloads).toBe(0);
  });

  test("becomes faster when another one ends", async () => {
    const { clock, caps, link } = setup();
    const began = clock.now();
    const ended: number[] = [];
    await clock.run(() =>
      Promise.all(
        [6e6, 12e6].map(async (bytes) => {
          await read(paced(zeros(bytes).stream, caps.share([link]), undefined, clock));
          ended.push(clock.now() - began);
        }),
      ),
    );
    // Both at 3 MB/s for two seconds, then the second one at 6 MB/s for its other half.
    expect(ended).toEqual([expect.closeTo(2, 0), expect.closeTo(3, 0)]);
  });

  test("of a slow share comes in small pieces, each of which renews the timer of the connection", async () => {
    const { clock, caps } = setup();
    let renewed = 0;
    const sizes: number[] = [];
    const renew = () => {
      renewed += 1;
    };
    const stream = paced(
      zeros(50_000).stream,
      caps.share([caps.of("slow", 50_000, "this link")]),
      renew,
      clock,
    );
    await clock.run(async () => {
      for await (const chunk of stream) sizes.push(chunk.byteLength);
    });
    expect(Math.max(...sizes)).toBe(5000);
    expect(renewed).toBeGreaterThan(9);
  });

  test("that is cancelled while it waits leaves its share, and cancels its source", async () => {
    const { caps, link } = setup();
    const source = zeros(60e6);
    // The time of this clock stands still: the first piece waits for ever.
    const reader = paced(source.stream, caps.share([link]), undefined, simulatedClock()).getReader();
    const reading = reader.read();
    await new Promise((resolve) => setImmediate(resolve));
    await reader.cancel();
    expect((await reading).done).toBe(true);
    expect([source.cancelled, caps.downloads]).toEqual([true, 0]);
  });

  test("that fails leaves its share, and passes the error on", async () => {
    const { clock, caps, link } = setup();
    const error = new Error("The disk is gone.");
    const broken = new ReadableStream<Bytes>({ pull: (controller) => controller.error(error) });
    const stream = paced(broken, caps.share([link]), undefined, clock);
    await expect(clock.run(() => read(stream))).rejects.toBe(error);
    expect(caps.downloads).toBe(0);
  });
});
