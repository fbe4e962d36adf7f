// Pacing of connections: a connection used again keeps the limit of its newer answer; without a connection the bytes are a slow stream.

import { describe, expect, test } from "bun:test";
import { defaults } from "../../../../src/config/options.ts";
import { Caps } from "../../../../src/core/admission/caps.ts";
import { checkFilePath } from "../../../../src/path.ts";
import { createLog } from "../../../../src/plugins/log.ts";
import { Pacing } from "../../../../src/routes/support/connection/pacing.ts";
import { shareOf } from "../../../../src/routes/support/connection/request-caps.ts";
import { Deliveries } from "../../../../src/routes/support/delivery.ts";
import { sendFile } from "../../../../src/routes/support/download/send-file.ts";
import { MemoryStorage } from "../../../../src/storage/memory/memory.ts";
import { simulatedClock } from "../../../support/cap-clock.ts";
import { until } from "../../../support/server.ts";

/** A connection that records its limits. */
function fakeConnection({ unpaced = 0, queued = 0 } = {}) {
  const rates: (number | undefined)[] = [];
  return {
    ends: "here there",
    rates,
    unpaced,
    queued,
    pace: (rate: number) => {
      rates.push(rate);
      return true;
    },
    unpace: () => void rates.push(undefined),
  };
}

const request = () => new Request("http://localhost/files/a");

function setup(state: Parameters<typeof fakeConnection>[0] = {}) {
  const clock = simulatedClock();
  const caps = new Caps(5e6, clock);
  const connection = fakeConnection(state);
  const pacing = new Pacing(() => connection, clock);
  const begin = async (bytes = 1e6) => {
    const share = shareOf({ caps }, request());
    if (!share) throw new Error("There is no share.");
    const answer = await pacing.begin(request(), null, share, bytes);
    if (!answer) throw new Error("The connection is not paced.");
    return answer;
  };
  const passed = (seconds: number) => new Promise<void>((resolve) => clock.after(seconds, resolve));
  return { clock, caps, connection, begin, passed };
}

describe("a paced answer", () => {
  test("that has ended frees its connection once the bytes in the socket's buffer have gone", async () => {
    const { clock, caps, connection, begin, passed } = setup({ queued: 500_000 });
    await clock.run(async () => {
      const answer = await begin();
      answer.ended();
      await passed(0.09);
      expect([connection.rates, caps.downloads]).toEqual([[5e6], 1]);
      await passed(0.02);
    });
    expect([connection.rates, caps.downloads]).toEqual([[5e6, undefined], 0]);
  });

  test("does not free the connection of the next one", async () => {
    const { clock, caps, connection, begin, passed } = setup({ queued: 500_000 });
    await clock.run(async () => {
      (await begin()).ended();
      const next = await begin();
      await passed(1);
      // The first one is over, so the next one has all of the cap from its beginning.
      expect(connection.rates).toEqual([5e6, 5e6]);
      expect(caps.downloads).toBe(1);
      next.ended();
      await passed(1);
    });
    expect(connection.rates.at(-1)).toBeUndefined();
    expect(caps.downloads).toBe(0);
  });

  test("follows its share", async () => {
    const { clock, caps, connection, begin, passed } = setup();
    await clock.run(async () => {
      await begin();
      const other = shareOf({ caps }, request());
      await passed(0.1);
      other?.leave();
      await passed(0.1);
    });
    // The first change is its own beginning.
    expect(connection.rates.filter((rate, index, all) => rate !== all[index - 1])).toEqual([5e6, 2.5e6, 5e6]);
  });

  test.each([
    ["the bytes that the system does not limit", 500_000, 10e6, 0.1],
    ["all bytes, if these are fewer", 500_000, 100_000, 0.02],
    ["nothing on a connection that has sent enough", 0, 10e6, 0],
    ["a client's patience, at most", 500e6, 500e6, 10],
  ])("is held back for the time of %s", async (_, unpaced, bytes, seconds) => {
    const { clock, begin } = setup({ unpaced });
    const began = clock.now();
    await clock.run(() => begin(bytes));
    expect(clock.now() - began).toBeCloseTo(seconds, 1);
  });
});

test("a client that goes before or after its answer begins keeps no share", () => {
  const caps = new Caps(5e6);
  for (const before of [true, false]) {
    const client = new AbortController();
    const request = new Request("http://localhost/files/a", { signal: client.signal });
    if (before) client.abort();
    shareOf({ caps }, request);
    expect(caps.downloads).toBe(before ? 0 : 1);
    client.abort();
    expect(caps.downloads).toBe(0);
  }
});

test("where connections cannot be limited, a file is sent as a stream, slowly and without Content-Length", async () => {
  const caps = new Caps(10e6);
  const bytes = new Uint8Array(2e6).fill(7);
  const storage = new MemoryStorage();
  const upload = await storage.begin(checkFilePath("a"));
  await upload.append(bytes);
  await upload.finish(checkFilePath("a"), { replace: false });
  const deliveries = new Deliveries(createLog("text", () => {}));
  await using server = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    fetch: async (request, server) =>
      await sendFile(await storage.open(checkFilePath("a")), "whole", new Headers({ etag: '"a"' }), {
        request,
        server,
        deliveries,
        config: defaults,
        caps,
        pacing: new Pacing(() => null),
      }),
  });
  const began = performance.now();
  const answer = await fetch(`http://127.0.0.1:${server.port}`);
  expect(answer.headers.get("content-length")).toBeNull();
  expect(answer.headers.get("etag")).toBe('"a"');
  expect(Buffer.compare(await answer.bytes(), bytes)).toBe(0);
  expect((performance.now() - began) / 1000).toBeGreaterThan(0.14);
  await until("none runs", () => caps.downloads === 0);
});
