// Links that count their downloads: what spends one, and what does not.

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtemp, rm, truncate } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { cookieOf, type LinkServer, startLinkServer } from "../../support/links.ts";
import { problemIn } from "../../support/problem.ts";
import { TRUSTING } from "../../support/protocol.ts";
import { isMissing } from "../../support/switches.ts";

const BROWSER = { "sec-fetch-mode": "navigate", "sec-fetch-site": "same-origin" };
const BIG = crypto.getRandomValues(Buffer.alloc(60_000));
let server: LinkServer;
let folder = "";
let big: Buffer;

beforeAll(async () => {
  server = await startLinkServer();
  folder = await mkdtemp(join(tmpdir(), "sluice-counting-"));
  big = Buffer.concat(Array.from({ length: 100 }, () => BIG));
  await Bun.write(join(server.root, "home/album/big.bin"), big);
});
afterAll(async () => {
  await server.stop();
  await rm(folder, { recursive: true });
});

const left = (id: string): number | null | undefined =>
  server.app.decorator.services.access.snapshot.links.get(id)?.downloadsLeft;

/** A program in a folder of its own. @returns its exit code */
async function run(...words: string[]): Promise<number> {
  return await Bun.spawn(words, { cwd: folder, stdin: "ignore", stdout: "ignore", stderr: "ignore" }).exited;
}

describe("a download is not counted", () => {
  test("for the page, HEAD, 304, 416, a listing, a preview or a prefetch (psitransfer#365, plik#365)", async () => {
    const { id, url } = await server.link("home/album/a.txt", { downloads: 1 });
    const file = `${url}/files/a.txt`;
    const get = (headers: Record<string, string>, path = file) => server.fetch(path, { headers });
    for (const path of [url, `${url}/info`, `${url}/entries`]) expect((await get({}, path)).status).toBe(200);
    const head = await server.fetch(file, { method: "HEAD" });
    expect(head.headers.get("content-length")).toBe("14");
    expect((await get({ "if-none-match": head.headers.get("etag") ?? "" })).status).toBe(304);
    expect((await get({ range: "bytes=99-" })).status).toBe(416);
    for (const headers of [
      { "sec-purpose": "prefetch;prerender" },
      { purpose: "prefetch" },
      { "x-moz": "prefetch" },
      { "user-agent": "WhatsApp/2.23" },
      { "user-agent": "Slackbot-LinkExpanding 1.0" },
      { "user-agent": "facebookexternalhit/1.1" },
    ])
      await problemIn(await get(headers), "not_allowed");
    expect(left(id)).toBe(1);
    expect(await (await get({})).text()).toBe("the file a.txt");
    expect(left(id)).toBe(0);
  });
});

describe("one download is counted", () => {
  test("for a browser, whose ranges, resumes and parallel requests belong to it for a day", async () => {
    const { id, url } = await server.link("home/album", { downloads: 2 });
    const cookie = cookieOf(await server.fetch(url, { headers: BROWSER }));
    const get = (path: string, headers: Record<string, string> = {}) =>
      server.fetch(`${url}/files/${path}`, { headers: { cookie, ...BROWSER, ...headers } });
    const parts = Array.from({ length: 20 }, (_, at) =>
      get("big.bin", { range: `bytes=${at * 10}-${at * 10 + 9}` }),
    );
    for (const answer of await Promise.all(parts)) expect(answer.status).toBe(206);
    expect(await (await get("a.txt")).text()).toBe("the file a.txt");
    expect((await server.fetch(`${url}/archive`, { headers: { cookie, ...BROWSER } })).status).toBe(200);
    expect(left(id)).toBe(1);
    // Another browser behind the same address is another visitor.
    const other = cookieOf(await server.fetch(url, { headers: BROWSER }));
    expect(
      (await server.fetch(`${url}/files/a.txt`, { headers: { cookie: other, ...BROWSER } })).status,
    ).toBe(200);
    expect(left(id)).toBe(0);
    await problemIn(await server.fetch(`${url}/files/a.txt`, { headers: BROWSER }), "link_gone");
    // The first one may still go on.
    expect((await get("big.bin", { range: "bytes=100-" })).status).toBe(206);
    expect((await server.fetch(`${url}/info`, { headers: { cookie } })).status).toBe(200);
    await problemIn(await server.fetch(`${url}/info`), "link_gone");
  });

  test.skipIf(isMissing("aria2c"))("for aria2c -x4", async () => {
    const { id, url } = await server.link("home/album/big.bin", { downloads: 1 });
    const words = [
      "-q",
      ...TRUSTING.aria2c,
      "-x4",
      "-s4",
      "-k1M",
      "--no-conf",
      "-o",
      "aria",
      `${server.url}${url}/files/big.bin`,
    ];
    expect(await run("aria2c", ...words)).toBe(0);
    expect(big.equals(await Bun.file(join(folder, "aria")).bytes())).toBe(true);
    expect(left(id)).toBe(0);
  });

  test.skipIf(isMissing("curl"))("for curl -C -, whose ticket is kept as a digest", async () => {
    const { id, url } = await server.link("home/album/big.bin", { downloads: 1 });
    const words = [...TRUSTING.curl, "-sSf", "-C", "-", "-o", "curl", `${server.url}${url}/files/big.bin`];
    expect(await run("curl", ...words)).toBe(0);
    await truncate(join(folder, "curl"), 1_000_000);
    expect(await run("curl", ...words)).toBe(0);
    expect(big.equals(await Bun.file(join(folder, "curl")).bytes())).toBe(true);
    expect(left(id)).toBe(0);
    const { secrets } = server.app.decorator.services.access.snapshot;
    expect([...secrets.values()].some(({ kind, link }) => kind === "ticket" && link === id)).toBe(true);
  });
});

test("50 at once with 3 downloads left get 3", async () => {
  const { id, url } = await server.link("home/album/a.txt", { downloads: 3 });
  const visitors = await Promise.all(
    Array.from({ length: 50 }, async () => cookieOf(await server.fetch(url, { headers: BROWSER }))),
  );
  const answers = await Promise.all(
    visitors.map((cookie) => server.fetch(`${url}/files/a.txt`, { headers: { cookie, ...BROWSER } })),
  );
  expect(answers.filter(({ status }) => status === 200).length).toBe(3);
  expect(answers.filter(({ status }) => status === 410).length).toBe(47);
  expect(left(id)).toBe(0);
});
