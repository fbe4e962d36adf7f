// Certificates over months, with a clock that jumps from one wait to the next.

import { afterAll, beforeAll, beforeEach, expect, test } from "bun:test";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Acme, type AcmeOptions } from "../../../src/listen/acme/acme.ts";
import type { Failure, Issued } from "../../../src/listen/acme/order-worker.ts";
import { AcmeStore } from "../../../src/listen/acme/store.ts";
import { Issuer } from "../../support/issuer.ts";
import { isMissing } from "../../support/switches.ts";

const DIRECTORY = "https://acme.example/directory";
const HOST = "files.example.org";
const DAY = 86_400_000;
const START = Date.now();

const noOpenssl = isMissing("openssl");
let folder: string;
let issuer: Issuer;
let store: AcmeStore;
let log: string[];
let now: number;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "sluice-acme-"));
  if (!noOpenssl) issuer = new Issuer();
});
afterAll(() => rm(folder, { recursive: true }));
beforeEach(async () => {
  store = await AcmeStore.open(await mkdtemp(join(folder, "tls-")), DIRECTORY);
  log = [];
  now = START;
});

/** An order, by its host and by the hours since the start. */
type Ordered = [host: string, hours: number];

interface Run {
  hosts?: string[];
  /** The answers to the orders, in turn. The run ends when they are used up. */
  answers: (Issued | Failure)[];
  closed?: () => string | undefined;
  changed?: AcmeOptions["changed"];
}

/** Runs until all answers are used up. */
async function run({ hosts = [HOST], answers, closed = () => undefined, changed = () => {} }: Run) {
  const orders: Ordered[] = [];
  const left = [...answers];
  const { promise: done, resolve: finish } = Promise.withResolvers<void>();
  let waits = 0;
  const challenges = { thumbprint: null, open: closed };
  const acme = new Acme({
    hosts,
    directory: DIRECTORY,
    store,
    challenges,
    say: (message, level = "info") => log.push(`${level}: ${message}`),
    changed,
    orders: {
      async order({ host }) {
        expect(challenges.thumbprint).toBeString();
        orders.push([host, Math.round((now - START) / 3_600_000)]);
        return left.shift() ?? { failed: "used up", kind: "refused" };
      },
      stop: () => {},
    },
    clock: {
      now: () => now,
      async wait(milliseconds) {
        waits += 1;
        if (left.length === 0 || waits > 10_000) return finish();
        now += milliseconds;
      },
      random: () => 0,
    },
  });
  await acme.load();
  acme.start();
  await done;
  const stopped = acme.stop();
  await stopped;
  return { orders, acme, waits };
}

const refused = (retryAfter?: number): Failure => ({
  failed: "Connection refused by 192.0.2.1.",
  kind: "refused",
  ...(retryAfter !== undefined && { retryAfter }),
});
const unreachable: Failure = { failed: "acme.example did not answer.", kind: "unreachable" };

test.skipIf(noOpenssl)(
  "a certificate is ordered at once, renewed after two thirds of its lifetime, and not ordered again by a restart",
  async () => {
    const given: string[][] = [];
    const first = await run({
      answers: [issuer.issue(HOST, 90), issuer.issue(HOST, 180)],
      changed: (certificates) => void given.push(certificates.map(({ host }) => host)),
    });
    expect(first.orders).toEqual([
      [HOST, 0],
      [HOST, 60 * 24],
    ]);
    expect(given).toEqual([[HOST], [HOST]]);
    expect(log.filter((line) => !line.startsWith("info"))).toEqual([]);

    now = START + 100 * DAY;
    const second = await run({ answers: [issuer.issue(HOST, 360)] });
    expect(second.orders).toEqual([[HOST, 120 * 24]]);
  },
);

test.skipIf(noOpenssl)(
  "a host that was added is ordered alone, one that was removed is not served any more",
  async () => {
    await run({ answers: [issuer.issue(HOST, 90)] });
    const added = await run({
      hosts: [HOST, "www.example.org"],
      answers: [issuer.issue("www.example.org", 90)],
    });
    expect(added.orders).toEqual([["www.example.org", 0]]);
    expect(added.acme.certificates.map(({ host }) => host)).toEqual([HOST, "www.example.org"]);
    const removed = await run({ hosts: ["www.example.org"], answers: [] });
    expect(removed.acme.certificates.map(({ host }) => host)).toEqual(["www.example.org"]);
  },
);

test.skipIf(noOpenssl)("a host that is refused does not hold up the others", async () => {
  const hosts = ["bad.example.org", HOST];
  const { orders, acme } = await run({
    hosts,
    answers: [refused(), issuer.issue(HOST, 90), refused()],
  });
  expect(orders).toEqual([
    ["bad.example.org", 0],
    [HOST, 0],
    ["bad.example.org", 0],
  ]);
  expect(acme.certificates.map(({ host }) => host)).toEqual([HOST]);
  expect(log[1]).toStartWith(
    "warn: No certificate for bad.example.org yet from acme.example: Connection refused by 192.0.2.1. The next try is in ",
  );
});

test.skipIf(noOpenssl)(
  "a renewal that fails is tried again, and the log says until when the certificate holds, and that it has expired",
  async () => {
    await run({ answers: [issuer.issue(HOST, 90)] });
    const until = new Date(START + 90 * DAY).toISOString().slice(0, 10);
    const failures: Failure[] = Array.from({ length: 800 }, () => unreachable);
    const { orders, acme } = await run({ answers: failures });
    expect(orders[0]).toEqual([HOST, 60 * 24]);
    expect(orders.length).toBeGreaterThan(700);
    const warnings = log.filter((line) => line.startsWith("warn"));
    expect(warnings[0]).toContain(`The certificate of ${HOST}, valid until ${until}`);
    expect(warnings[0]).toContain("was not renewed by acme.example: acme.example did not answer.");
    expect(warnings.at(-1)).toContain(`expired on ${until}`);
    expect(acme.certificates).toEqual([]);
  },
);

test.skipIf(noOpenssl)(
  "Retry-After and the fifth order within an hour wait also after a restart",
  async () => {
    await run({ answers: [refused(), refused(), refused(), refused()] });
    const fourth = now;
    now = START + 600_000;
    const soon = await run({ answers: [refused(86_400)] });
    expect(soon.orders.map(([, hours]) => hours)).toEqual([1]);
    expect(now).toBeLessThan(fourth + 3_600_000);

    now += 3_600_000;
    const asked = now;
    const late = await run({ answers: [issuer.issue(HOST, 90)] });
    expect(late.orders).toHaveLength(1);
    expect(now - asked).toBeGreaterThan(22 * 3_600_000);
  },
);

test.skipIf(noOpenssl)("a port that cannot be opened costs no order, and is tried again", async () => {
  let tries = 0;
  const closed = (): string | undefined => {
    tries += 1;
    return tries < 4 ? "port 80 of 0.0.0.0 is already in use" : undefined;
  };
  const { orders } = await run({ closed, answers: [issuer.issue(HOST, 90)] });
  expect(orders).toEqual([[HOST, 0]]);
  expect(log[0]).toContain("port 80 of 0.0.0.0 is already in use. The next try is in 10 s.");
});

test.skipIf(noOpenssl)("a clock that is ahead does not order again and again", async () => {
  now = START + 80 * DAY;
  const ahead = await run({ answers: [issuer.issue(HOST, 90), issuer.issue(HOST, 120)] });
  expect(ahead.orders.map(([, hours]) => hours / 24)).toEqual([80, 85]);

  store = await AcmeStore.open(await mkdtemp(join(folder, "tls-")), DIRECTORY);
  now = START + 100 * DAY;
  const over = await run({ answers: Array.from({ length: 5 }, () => issuer.issue(HOST, 90)) });
  expect(over.orders.map(([, hours]) => hours - 2400)).toEqual([0, 0, 0, 0, 1]);
  expect(log.at(-1)).toContain("the new certificate is over by the clock of this machine, ");
});

test.skipIf(noOpenssl)("a certificate that the server cannot use yet is not ordered again", async () => {
  const answers = [issuer.issue(HOST, 90), issuer.issue(HOST, 180)];
  const changed = (): void => {
    throw new Error("port 443 is in use");
  };
  const { orders } = await run({ answers, changed });
  expect(orders.map(([, hours]) => hours)).toEqual([0, 60 * 24]);
  expect(log).toContain(`error: The certificate for ${HOST} cannot be used yet: port 443 is in use`);
});

test.skipIf(noOpenssl)("a certificate that the server could not use is given to it again", async () => {
  const times: number[] = [];
  const changed = (): void => {
    times.push((now - START) / 1000);
    if (times.length < 3) throw new Error("too many open files");
  };
  const { orders } = await run({ answers: [issuer.issue(HOST, 90), issuer.issue(HOST, 180)], changed });
  expect(orders).toHaveLength(2);
  expect(times.slice(0, 3)).toEqual([0, 10, 40]);
  expect(times).toHaveLength(4);
});

test.skipIf(noOpenssl)(
  "a certificate for another host, and one that cannot be stored, are told; the second is used",
  async () => {
    const answers = [issuer.issue("other.example.org", 90), issuer.issue(HOST, 90)];
    const changed = async (): Promise<void> => void (await rm(store.folder, { recursive: true }));
    await rm(store.folder, { recursive: true });
    store = await AcmeStore.open(join(store.folder, ".."), DIRECTORY);
    await store.accountKey();
    await Bun.write(join(store.folder, `${HOST}.pem.new`, "in-the-way"), "");
    const { acme } = await run({ answers, changed });
    expect(log.some((line) => line.includes("has a certificate for other.example.org"))).toBeTrue();
    expect(
      log.some((line) => line.startsWith(`error: The certificate of ${HOST} cannot be stored`)),
    ).toBeTrue();
    expect(acme.certificates.map(({ host }) => host)).toEqual([HOST]);
  },
);
