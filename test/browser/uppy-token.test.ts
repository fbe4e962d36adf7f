// Uppy in a page of another website, with a token of an account: it uploads where the token may, and nowhere without it.

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { join } from "node:path";
import type { Browser } from "playwright-core";
import { type AccessServer, bearer, startAccessServer } from "../support/access.ts";
import { launch, noBrowser, openPage } from "../support/browser.ts";
import { noClients } from "../support/clients.ts";
import { startWebsite, type Website } from "../support/uppy.ts";

describe.skipIf(noBrowser !== undefined || (await noClients("Uppy")))("Uppy with a token", () => {
  let browser: Browser;
  let website: Website;
  let server: AccessServer;
  let token = "";
  beforeAll(async () => {
    [browser, website] = await Promise.all([launch(), startWebsite()]);
    server = await startAccessServer(
      (database) => {
        database.account("alice", { in: "write" });
        token = database.token("alice");
      },
      { cors: [website.url] },
    );
  });
  afterAll(async () => {
    await browser.close();
    await website[Symbol.asyncDispose]();
    await server.stop();
  });

  /** Uploads one small file. @returns the number of failed files */
  async function failed(headers: Record<string, string>): Promise<number> {
    await using opened = await openPage(browser, await website.serve());
    const { page } = opened;
    await page.setInputFiles("input", {
      name: "a.txt",
      mimeType: "text/plain",
      buffer: Buffer.from("hello"),
    });
    const options = JSON.stringify({ headers, retryDelays: [] });
    await page.evaluate(`upload(${JSON.stringify(`${server.url}/uploads`)}, ${options}, { folder: "in" })`);
    return await page.evaluate<number>("uppy.upload().then(({ failed }) => failed.length)");
  }

  test("saves the file, without a name that it may read back", async () => {
    expect(await failed(bearer(token))).toBe(0);
    expect(await Bun.file(join(server.root, "in/a.txt")).text()).toBe("hello");
  });

  test("fails without it", async () => {
    expect(await failed({})).toBe(1);
  });
});
