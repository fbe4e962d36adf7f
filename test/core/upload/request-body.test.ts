// Request bodies: the time that counts as waiting for the network, the idle timeout, and yielding to the event loop.

import { describe, expect, test } from "bun:test";
import { Caps } from "../../../src/core/admission/caps.ts";
import { RequestBody, type RequestBodyOptions } from "../../../src/core/upload/request-body.ts";
import { Throttle } from "../../../src/core/upload/throttle.ts";
import { Problem } from "../../../src/errors.ts";
import { idle } from "../../support/idle-clock.ts";
import { until } from "../../support/server.ts";

type Bytes = Uint8Array<ArrayBuffer>;

const PATIENT: RequestBodyOptions = { idleTimeout: 60 };

/** A body to which a test adds chunks. */
function fed(options: Partial<RequestBodyOptions> = {}) {
  let controller: ReadableStreamDefaultController<Bytes> | undefined;
  let cancelled = false;
  const stream = new ReadableStream<Bytes>({
    start: (given) => {
      controller = given;
    },
    cancel: () => {
      cancelled = true;
    },
  });
  return {
    body: new RequestBody(stream, { ...PATIENT, ...options }),
    send: (size: number) => controller?.enqueue(new Uint8Array(size)),
    end: () => controller?.close(),
    fail: (error: Error) => controller?.error(error),
    get cancelled() {
      return cancelled;
    },
  };
}

/** A body whose chunks are always available. */
function ready(count: number, size = 1000): ReadableStream<Bytes> {
  let sent = 0;
  return new ReadableStream({
    pull(controller) {
      if (sent === count) return controller.close();
      sent += 1;
      controller.enqueue(new Uint8Array(size));
    },
  });
}

async function read(body: RequestBody, each: () => unknown = () => {}): Promise<number> {
  let bytes = 0;
  for await (const chunk of body.chunks()) {
    bytes += chunk.byteLength;
    await each();
  }
  return bytes;
}

const burn = (milliseconds: number): void => {
  for (const start = performance.now(); performance.now() - start < milliseconds; );
};

describe("chunks", () => {
  test("all bytes are read, up to the end", async () => {
    const body = new RequestBody(ready(10), PATIENT);
    expect(await read(body)).toBe(10_000);
    expect(body).toMatchObject({ received: 10_000 });
  });

  test("a request without a body ends immediately", async () => {
    const body = new RequestBody(null, PATIENT);
    expect(await read(body)).toBe(0);
    await body.cancel();
  });

  test("chunks that are not owned are not modified", async () => {
    const chunk = new Uint8Array(3).fill(7);
    const stream = new ReadableStream<Uint8Array<ArrayBuffer>>({
      start(controller) {
        for (let count = 0; count < 3; count += 1) controller.enqueue(chunk);
        controller.close();
      },
    });
    expect(await read(new RequestBody(stream, PATIENT))).toBe(9);
    expect([...chunk]).toEqual([7, 7, 7]);
  });

  test("empty chunks are skipped", async () => {
    const { body, send, end } = fed();
    send(0);
    send(3);
    send(0);
    end();
    const sizes: number[] = [];
    for await (const chunk of body.chunks()) sizes.push(chunk.byteLength);
    expect(sizes).toEqual([3]);
  });

  test("a connection that is closed early is reported as a problem with its cause", async () => {
    const { body, send, fail } = fed();
    const cause = new DOMException("The connection was closed.", "AbortError");
    send(3);
    const reading = read(body);
    fail(cause);
    await expect(reading).rejects.toMatchObject({ code: "body_incomplete", status: 400, cause });
    await body.cancel();
  });

  test("a body of another length than announced is incomplete", async () => {
    const bytes = (announced: number) => read(new RequestBody(ready(3, 1), { ...PATIENT, announced }));
    await expect(bytes(4)).rejects.toThrow("ended after 3 of the 4 bytes");
    await expect(bytes(2)).rejects.toThrow("longer than the 2 bytes");
    await expect(read(new RequestBody(null, { ...PATIENT, announced: 1 }))).rejects.toThrow(
      "0 of the 1 bytes",
    );
    expect(await bytes(3)).toBe(3);
  });

  test("a body that is not read to its end is cancelled", async () => {
    const source = fed();
    source.send(3);
    for await (const _ of source.body.chunks()) break;
    await source.body.cancel();
    expect(source.cancelled).toBe(true);
  });
});

describe("waiting for the network", () => {
  test("includes the delay of the sender, not that of the reader", async () => {
    const { body, send, end } = fed({ clock: idle });
    const next = [() => send(1), end];
    send(1);
    const start = performance.now();
    let reader = 0;
    await read(body, async () => {
      const began = performance.now();
      await Bun.sleep(100);
      reader += (performance.now() - began) / 1000;
      // The sender is slow: the reader waits 50 ms for the second byte, and 50 ms for the end of the body.
      setTimeout(() => next.shift()?.(), 50);
    });
    expect(body.waited).toBeGreaterThan(0.08);
    expect(body.waited).toBeLessThan((performance.now() - start) / 1000 - reader + 0.01);
  });

  test("excludes processor time that passes during a wait", async () => {
    let used = 0;
    const { body, send, end } = fed({
      clock: {
        ...idle,
        occupied: () => {
          used += 1000;
          return used;
        },
        late: () => 1000,
        starved: () => new Map(),
      },
    });
    setTimeout(() => send(1), 30);
    setTimeout(end, 60);
    await read(body);
    expect(body.waited).toBe(0);
  });

  test("grows during a wait", async () => {
    const { body, send, end } = fed({ clock: idle });
    const reading = read(body);
    await Bun.sleep(30);
    const soFar = body.waited;
    expect(soFar).toBeGreaterThan(0.02);
    send(1);
    end();
    await reading;
    expect(body.waited).toBeGreaterThanOrEqual(soFar);
  });

  test("excludes the thread's own work by default", async () => {
    const { body, send, end } = fed();
    setTimeout(() => {
      // Measured in processor time, because other programs may use the processor during the test.
      for (const start = process.threadCpuUsage(); process.threadCpuUsage(start).user < 100_000; );
      send(1);
      end();
    }, 1);
    const start = performance.now();
    await read(body);
    expect(body.waited).toBeLessThan((performance.now() - start) / 1000 - 0.09);
  });
});

describe("the idle timeout", () => {
  test("ends a silent body with 408", async () => {
    const source = fed({ idleTimeout: 0.05 });
    source.send(5);
    await expect(read(source.body)).rejects.toMatchObject({
      code: "idle_timeout",
      status: 408,
      detail: "No byte arrived for 0.05 s (--idle-timeout), after 5 bytes.",
    });
    expect(source.cancelled).toBe(true);
  });

  test("also applies before the first byte", async () => {
    await expect(read(fed({ idleTimeout: 0.05 }).body)).rejects.toMatchObject({ code: "idle_timeout" });
  });

  test("does not end a slow body, which may last longer than the timeout", async () => {
    const { body, send, end } = fed({ idleTimeout: 0.4 });
    const trickle = (left: number): unknown => {
      if (left === 0) return end();
      send(1);
      return setTimeout(() => trickle(left - 1), 60);
    };
    trickle(15);
    expect(await read(body)).toBe(15);
  });

  test("does not count delays of the reader", async () => {
    const body = new RequestBody(ready(3), { idleTimeout: 0.03 });
    expect(await read(body, () => Bun.sleep(60))).toBe(3000);
  });
});

describe("a cap", () => {
  /** A cap of 1 kB/s, under which every chunk of these tests waits for longer than any test. */
  function throttle(): Throttle {
    const { server } = new Caps(1000);
    if (!server) throw new Error("There is no cap.");
    return new Throttle([server]);
  }
  const capped = (stream: ReadableStream<Bytes>, options: Partial<RequestBodyOptions> = {}) =>
    new RequestBody(stream, { ...PATIENT, ...options, throttle: throttle() });
  const stopped = new Problem("upload_cancelled", "It is cancelled.");

  test("stops reading while it makes the body wait", async () => {
    let pulled = 0;
    const stream = new ReadableStream<Bytes>(
      {
        pull(controller) {
          pulled += 1;
          controller.enqueue(new Uint8Array(1e6));
        },
      },
      { highWaterMark: 0 },
    );
    const body = capped(stream);
    const wait = body.measureCapWait();
    const reading = read(body);
    await until("it waits", () => (wait()?.seconds ?? 0) > 0.05);
    expect(pulled).toBe(1);
    expect(body.waited).toBeLessThan(0.05);
    body.stop(stopped);
    await expect(reading).rejects.toBe(stopped);
  });

  test("is no silence of the client, and the connection stays open", async () => {
    let renewed = 0;
    const renew = () => {
      renewed += 1;
    };
    const body = capped(ready(5, 1e6), { idleTimeout: 0.02, renew });
    const reading = read(body);
    await until("the timeout has passed three times", () => renewed > 3);
    expect(body.received).toBe(1e6);
    body.stop(stopped);
    await expect(reading).rejects.toBe(stopped);
  });

  test("is measured for each file of a form from its own start", async () => {
    const body = capped(ready(5, 1e6));
    const first = body.measureCapWait();
    const reading = read(body);
    await until("it waits", () => (first()?.seconds ?? 0) > 0.05);
    const second = body.measureCapWait();
    expect(second()?.seconds).toBeLessThan(first()?.seconds ?? 0);
    body.stop(stopped);
    await expect(reading).rejects.toBe(stopped);
    expect(first()?.name).toBe("cap of this server (1 kB/s)");
  });
});

test("a body that always has data does not block timers", async () => {
  let fired = 0;
  const timer = setInterval(() => {
    fired += 1;
  }, 1);
  await read(new RequestBody(ready(100), PATIENT), () => burn(1));
  clearInterval(timer);
  expect(fired).toBeGreaterThan(5);
});

test("the connection's timer is renewed once a second, not for every chunk", async () => {
  let renewed = 0;
  const renew = () => {
    renewed += 1;
  };
  await Bun.sleep(Math.max(0, 1001 - performance.now()));
  await read(new RequestBody(ready(1000), { ...PATIENT, renew }));
  expect(renewed).toBe(1);
});
