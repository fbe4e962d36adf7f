// Orders in their thread, at an authority that follows RFC 8555 or refuses.

import { afterEach, beforeEach, expect, test } from "bun:test";
import { newAccountKey, thumbprintOf } from "../../../src/listen/acme/account-key.ts";
import { acmeCertificate } from "../../../src/listen/acme/issued-certificate.ts";
import { OrderThread } from "../../../src/listen/acme/order-thread.ts";
import type { Failure, Issued } from "../../../src/listen/acme/order-worker.ts";
import { HttpListener } from "../../../src/listen/http-listener.ts";
import { type Authority, refusal, startAuthority } from "../../support/acme-authority.ts";
import { until } from "../../support/server.ts";
import { isMissing } from "../../support/switches.ts";

const HOST = "files.example.org";
const noOpenssl = isMissing("openssl");
const accountKey = await newAccountKey();
let authority: Authority;
let listener: HttpListener;
const thread = new OrderThread();

beforeEach(async () => {
  authority = startAuthority();
  listener = new HttpListener({ hosts: ["127.0.0.1"], port: 0, site: () => undefined });
  listener.open();
  listener.thumbprint = thumbprintOf(accountKey);
  authority.httpPort = listener.port ?? 0;
});
afterEach(async () => {
  thread.stop();
  await listener.close();
  await authority[Symbol.asyncDispose]();
});

const order = (host = HOST, email?: string): Promise<Issued | Failure> =>
  thread.order({ directory: authority.directory, accountKey, host, ...(email !== undefined && { email }) });

test.skipIf(noOpenssl)(
  "a certificate is issued for the host, again with the same account, and bad nonces do not matter",
  async () => {
    const first = await order(HOST, "me@example.org");
    if ("failed" in first) throw new Error(first.failed);
    expect(acmeCertificate(HOST, first.key + first.chain).host).toBe(HOST);
    expect(first.chain.match(/BEGIN CERTIFICATE/g)).toHaveLength(2);

    authority.badNonces = 3;
    const second = await order("www.example.org");
    expect(second).toHaveProperty("chain");
    expect(authority.orders).toEqual([HOST, "www.example.org"]);
    expect(authority.accounts.map(({ contact }) => contact)).toEqual([["mailto:me@example.org"]]);
  },
);

test.skipIf(noOpenssl)(
  "a host that does not lead here is refused with what the authority found there",
  async () => {
    listener.thumbprint = "another account";
    expect(await order()).toEqual({
      failed: `Invalid response from ${HOST}: a-token-of-at-least-128-bits.another account`,
      kind: "refused",
    });
  },
);

test.skipIf(noOpenssl).each([
  ["3600", 3600, 3600],
  [new Date(Date.now() + 7_200_000).toUTCString(), 7100, 7201],
])("a rate limit is told at once with its Retry-After, %s", async (header, least, most) => {
  authority.instead = (step) =>
    step === "order"
      ? refusal(429, "rateLimited", "too many certificates already issued", { "retry-after": header })
      : undefined;
  const answer = await order();
  if (!("failed" in answer)) throw new Error("issued");
  expect(answer).toMatchObject({ failed: "too many certificates already issued", kind: "refused" });
  expect(answer.retryAfter).toBeGreaterThanOrEqual(least);
  expect(answer.retryAfter).toBeLessThanOrEqual(most);
});

test.skipIf(noOpenssl)(
  "a fault of the authority, one that is down, and an address that is none are told apart",
  async () => {
    authority.instead = () =>
      new Response("down for maintenance", { status: 503, headers: { "retry-after": "60" } });
    expect(await order()).toMatchObject({
      kind: "unreachable",
      retryAfter: 60,
      failed: expect.stringContaining("503"),
    });
    authority.instead = () => Response.json({});
    expect(await order()).toMatchObject({ kind: "refused", failed: expect.stringContaining("newAccount") });
    authority.instead = () => new Response(new Uint8Array(300_000));
    expect(await order()).toMatchObject({ failed: expect.stringContaining("more than 262144 bytes") });
    const { host } = new URL(authority.directory);
    await authority[Symbol.asyncDispose]();
    expect(await order()).toMatchObject({
      kind: "unreachable",
      failed: expect.stringMatching(new RegExp(`^${host} did not answer: .*Unable to connect$`)),
    });
  },
);

test.each(["file:///etc/hostname", "data:text/plain,x"])(
  "an authority cannot have %s read in its place",
  async (url) => {
    authority.instead = (step) =>
      step === "directory"
        ? Response.json({ newNonce: url, newAccount: url, newOrder: url, keyChange: url, revokeCert: url })
        : undefined;
    expect(await order()).toEqual({
      kind: "unreachable",
      failed: `The authority named a URL that is not http://…: ${url}`,
    });
  },
);

test.skipIf(noOpenssl)("an order that is stopped fails at once", async () => {
  let asked = false;
  authority.instead = () => {
    asked = true;
    return undefined;
  };
  const { promise, resolve } = Promise.withResolvers<void>();
  const held = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    fetch: async () => {
      asked = true;
      await promise;
      return new Response();
    },
  });
  const running = thread.order({ directory: `http://127.0.0.1:${held.port}/`, accountKey, host: HOST });
  await until("the authority is asked", () => asked);
  thread.stop();
  expect(await running).toEqual({ failed: "the server is stopping", kind: "unreachable" });
  resolve();
  await held.stop(true);
});
