// The web page over TLS and HTTP/2: files are listed, uploaded many at once, watched and downloaded over one protocol.

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import type { Browser } from "playwright-core";
import { launch, noBrowser, openPage } from "../support/browser.ts";
import { startServer, type TestServer, until } from "../support/server.ts";

describe.skipIf(noBrowser !== undefined)("over HTTP/2", () => {
  let browser: Browser;
  let server: TestServer;
  beforeAll(async () => {
    [browser, server] = await Promise.all([launch(), startServer({ tls: true })]);
    await Bun.write(join(server.root, "here.txt"), "here");
  });
  afterAll(async () => {
    await browser.close();
    await server.stop();
  });

  test("the page uploads many files at once and lists them", async () => {
    await using watched = await openPage(browser, `${server.url}/`, { ignoreHTTPSErrors: true });
    const { page, choose, complaints } = watched;
    await page.getByText("here.txt").first().waitFor();
    const names = Array.from({ length: 30 }, (_, index) => `many-${index}.bin`);
    await choose({ ...Object.fromEntries(names.map((name) => [name, name])), "large.bin": 20_000_000 });
    await until(
      "all are saved",
      async () => (await readdir(server.root)).filter((name) => /^many-|^large/.test(name)).length === 31,
    );
    await until(
      "the last has all its bytes",
      () => Bun.file(join(server.root, "large.bin")).size === 20_000_000,
    );
    await page.getByText("many-29.bin").first().waitFor();
    const protocols: string[] = await page.evaluate(
      'performance.getEntriesByType("resource").map((entry) => entry.nextHopProtocol).filter((name) => name !== "")',
    );
    expect([...new Set(protocols)]).toEqual(["h2"]);
    const text = await page.evaluate('fetch("files/many-7.bin").then((answer) => answer.text())');
    expect(text).toBe("many-7.bin");
    expect(complaints).toEqual([]);
  });
});
