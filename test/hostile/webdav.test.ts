// XML that costs a server more than its sender: refused within 50 ms, without memory that stays, and without effect.

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startServer, type TestServer } from "../support/server.ts";

/** Milliseconds that a refusal may take. The fastest of several counts, because other work of the machine is no fault. */
const LONGEST = 50;
const MEBIBYTE = 1024 * 1024;

let server: TestServer;
let outside: string;
beforeAll(async () => {
  server = await startServer();
  outside = await mkdtemp(join(tmpdir(), "sluice-outside-"));
  await Bun.write(join(outside, "canary.txt"), "canary-of-this-test");
  await Bun.write(join(server.root, "a.txt"), "a");
});
afterAll(async () => {
  await server.stop();
  await rm(outside, { recursive: true });
});

const find = (inside: string, before = ""): string =>
  `<?xml version="1.0"?>${before}<D:propfind xmlns:D="DAV:"><D:prop>${inside}</D:prop></D:propfind>`;
const patch = (inside: string, before = ""): string =>
  `<?xml version="1.0"?>${before}<D:propertyupdate xmlns:D="DAV:"><D:set><D:prop>${inside}</D:prop></D:set></D:propertyupdate>`;
const lock = (owner: string, before = ""): string =>
  `<?xml version="1.0"?>${before}<D:lockinfo xmlns:D="DAV:"><D:lockscope><D:exclusive/></D:lockscope><D:locktype><D:write/></D:locktype><D:owner>${owner}</D:owner></D:lockinfo>`;
const METHODS: [method: string, around: typeof find][] = [
  ["PROPFIND", find],
  ["PROPPATCH", patch],
  ["LOCK", lock],
];

const laughs = Array.from({ length: 10 }, (_, at) => `<!ENTITY l${at + 1} "${`&l${at};`.repeat(10)}">`).join(
  "",
);
const nested = (count: number, tag = "x"): string => `<${tag}>`.repeat(count) + `</${tag}>`.repeat(count);

/** Inside and before the root element. */
const BOMBS: Record<string, () => [inside: string, before?: string]> = {
  "20,000 elements inside each other": () => [nested(20_000)],
  "20,000 elements inside each other, each with a namespace": () => [
    `${'<x xmlns="urn:x">'.repeat(10_000)}${"</x>".repeat(10_000)}`,
  ],
  "20,000 elements that are never closed": () => ["<x>".repeat(20_000)],
  "10 MB of properties": () => [`<x>${"y".repeat(10 * MEBIBYTE)}</x>`],
  "10 MB of elements": () => ["<x/>".repeat(2.5 * MEBIBYTE)],
  "20,000 elements beside each other": () => ["<x/>".repeat(20_000)],
  "entities that multiply (CVE-2003-1564, a billion laughs)": () => [
    "<x>&l10;</x>",
    `<!DOCTYPE x [<!ENTITY l0 "lol">${laughs}]>`,
  ],
  "a long entity, many times (CVE-2013-1664)": () => [
    `<x>${"&a;".repeat(50_000)}</x>`,
    `<!DOCTYPE x [<!ENTITY a "${"a".repeat(50_000)}">]>`,
  ],
  "an entity that is a file (CVE-2015-1818)": () => [
    "<x>&file;</x>",
    `<!DOCTYPE x [<!ENTITY file SYSTEM "file://${outside}/canary.txt">]>`,
  ],
  "an entity of the document type that is a file": () => [
    "<x/>",
    `<!DOCTYPE x [<!ENTITY % file SYSTEM "file://${outside}/canary.txt"> %file;]>`,
  ],
  "an entity that nobody has declared": () => ["<x>&secret;</x>"],
  "a prefix without a namespace": () => ["<p:x/>"],
};

/** Sends a body. @returns the answer, and the milliseconds of processor that client and server took */
async function send(method: string, body: string, path = "a.txt") {
  const before = process.cpuUsage();
  const answer = await server.fetch(`/dav/${path}`, { method, body, headers: { depth: "0" } });
  const text = await answer.text();
  const { user, system } = process.cpuUsage(before);
  return { status: answer.status, text, took: (user + system) / 1000 };
}

describe.each(METHODS)("%s", (method, around) => {
  test.each(Object.keys(BOMBS))("refuses %s", async (name) => {
    const [inside, before] = BOMBS[name]?.() ?? [""];
    const body = around(inside, before);
    const times: number[] = [];
    for (let attempt = 0; attempt < 5 && Math.min(...times, LONGEST) >= LONGEST; attempt += 1) {
      const { status, text, took } = await send(method, body);
      expect([400, 413]).toContain(status);
      expect(text).not.toContain("canary-of-this-test");
      times.push(took);
    }
    expect(Math.min(...times)).toBeLessThan(LONGEST);
  });

  test("keeps no memory of a hundred of them", async () => {
    const body = around(nested(20_000));
    await send(method, body);
    Bun.gc(true);
    const before = process.memoryUsage().rss;
    for (let sent = 0; sent < 100; sent += 1) expect((await send(method, body)).status).toBe(400);
    Bun.gc(true);
    expect(process.memoryUsage().rss - before).toBeLessThan(64 * MEBIBYTE);
  });
});

test("after all of them there is no property, no lock, and the file as it was", async () => {
  const answer = await send("PROPFIND", find("<D:lockdiscovery/><x/>"));
  expect(answer.text).toContain("<D:lockdiscovery/>");
  expect(answer.text).toMatch(/<x xmlns=""\/>[\s\S]*404 Not Found/);
  expect(await Bun.file(join(server.root, "a.txt")).text()).toBe("a");
});

test("properties beyond their bound are refused, and those before stay", async () => {
  const value = "y".repeat(30_000);
  const names = Array.from({ length: 4 }, (_, at) => `x${at}`);
  const statuses = [];
  for (const name of names) {
    const { text } = await send("PROPPATCH", patch(`<${name} xmlns="urn:x">${value}</${name}>`));
    statuses.push(/HTTP\/1\.1 (\d+)/.exec(text)?.[1]);
  }
  expect(statuses).toEqual(["200", "200", "507", "507"]);
  const found = await send("PROPFIND", find('<x0 xmlns="urn:x"/><x1 xmlns="urn:x"/><x2 xmlns="urn:x"/>'));
  expect(found.text.split(value).length - 1).toBe(2);
});

test("a request for more names than there are properties is not answered a thousand times over", async () => {
  await mkdir(join(server.root, "many"));
  for (let made = 0; made < 1000; made += 1) await Bun.write(join(server.root, `many/${made}`), "");
  const body = find(Array.from({ length: 9000 }, (_, at) => `<x${at}/>`).join(""));
  const answer = await server.fetch("/dav/many/", { method: "PROPFIND", body, headers: { depth: "1" } });
  expect(answer.status).toBe(400);
});
