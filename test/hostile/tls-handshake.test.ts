// Bytes instead of a handshake: none of them is answered with HTTP, ends the server, or keeps a connection for ever.

import { afterAll, beforeAll, expect, test } from "bun:test";
import { readdirSync } from "node:fs";
import { connect } from "node:net";
import { startServer, type TestServer, until } from "../support/server.ts";
import { skipped, whyOff } from "../support/switches.ts";

const off = whyOff("LARGE");
const late = off !== null && skipped("handshakes that do not go on", off);

let server: TestServer;
beforeAll(async () => {
  server = await startServer({ tls: true });
});
afterAll(() => server.stop());

/** Sends bytes, and ends the connection after the answer to them if `leaves`. @returns what the server sent until the end */
function send(bytes: Uint8Array | string, leaves = false): Promise<Buffer> {
  return new Promise((resolve) => {
    const got: Buffer[] = [];
    const socket = connect(Number(new URL(server.url).port), "127.0.0.1", () => {
      socket.write(bytes, () => leaves && socket.destroy());
    });
    socket.on("data", (data) => got.push(Buffer.from(data)));
    // A reset is an end, too.
    socket.on("error", () => {});
    socket.on("close", () => resolve(Buffer.concat(got)));
  });
}

/** The head of a record with a ClientHello of 508 bytes, which does not follow. */
const HALF_HELLO = new Uint8Array([22, 3, 1, 2, 0, 1, 0, 1, 252]);

test("a request without TLS gets no answer of HTTP", async () => {
  for (const request of ["GET / HTTP/1.1\r\nHost: localhost\r\n\r\n", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"])
    expect((await send(request)).toString("latin1")).not.toContain("HTTP");
});

// Bun waits twelve seconds.
test.skipIf(late)("silence and half a handshake are cut", async () => {
  await Promise.all([send(""), send(HALF_HELLO)]);
});

test("noise, and records of noise, leave the server as it was", async () => {
  const descriptors = () => readdirSync("/proc/self/fd").length;
  const before = descriptors();
  for (let round = 0; round < 200; round += 1) {
    const noise = crypto.getRandomValues(new Uint8Array(9 + ((round * 37) % 2000)));
    if (round % 2 === 1) noise.set(HALF_HELLO);
    await send(noise, round % 3 === 0 || round % 2 === 1);
  }
  expect((await server.fetch("/health")).status).toBe(200);
  await until("no connection is left", () => descriptors() <= before + 2, 30);
});
