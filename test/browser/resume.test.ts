// Large uploads from the page resume automatically after a lost connection, and with the same file after the page was closed.

import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { readdir, utimes } from "node:fs/promises";
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { launch, noBrowser, openPage, texts } from "../support/browser.ts";
import { openLine } from "../support/line.ts";
import { patient } from "../support/patience.ts";
import { type Program, startProgram } from "../support/program.ts";
import { until } from "../support/server.ts";

// A test that times out loses the browser, and so do all later tests.
setDefaultTimeout(patient(60_000));

/** No two parts of the content are the same. */
const CONTENT = Array.from({ length: 2_000_000 }, (_, i) => `line ${i}\n`).join("");
const SIZE = CONTENT.length;

describe.skipIf(noBrowser !== undefined)("resuming", () => {
  let browser: Browser;
  let server: Program;
  beforeAll(async () => {
    [browser, server] = await Promise.all([launch(), startProgram()]);
  });
  afterAll(async () => {
    await browser.close();
    await server[Symbol.asyncDispose]();
  });

  /** The offsets of all requests that sent bytes. */
  function offsetsOf(page: Page): number[] {
    const offsets: number[] = [];
    page.on("request", (request) => {
      if (request.method() === "PATCH") offsets.push(Number(request.headers()["upload-offset"]));
    });
    return offsets;
  }
  const saved = (page: Page) => page.locator(".upload[data-state=saved]").waitFor({ timeout: 30_000 });
  const remembered = (page: Page) => page.evaluate<string>("localStorage.getItem('sluice.unfinished')");
  const waiting = async () => {
    const answer = await fetch(`${server.url}/api/uploads`);
    return ((await answer.json()) as { uploads: unknown[] }).uploads;
  };

  test("resumes from its offset after a lost connection, and shows that it is interrupted", async () => {
    await using line = await openLine(server.url);
    await using opened = await openPage(browser, line.url);
    const { page } = opened;
    const offsets = offsetsOf(page);
    const held = line.hold(15_000_000);
    await opened.choose({ "cut.txt": CONTENT });
    await held;
    await page.context().setOffline(true);
    line.cut();
    await page.locator(".upload-state", { hasText: "Interrupted" }).waitFor();
    await page.getByText("The upload resumes automatically when the server accepts data again").waitFor();
    await page.context().setOffline(false);
    await saved(page);
    expect((await server.read("cut.txt")) === CONTENT).toBe(true);
    expect(offsets[0]).toBe(0);
    expect(offsets.at(-1)).toBeGreaterThan(5_000_000);
    expect(await remembered(page)).toBe("[]");
    expect(await texts(page, ".upload-report p")).toHaveLength(1);
    expect(opened.complaints).toEqual([]);
  });

  test("resumes after the page was closed, but only with the same file", async () => {
    await using line = await openLine(server.url);
    await using opened = await openPage(browser, line.url);
    const { page } = opened;
    const name = "<b>again</b>'\".txt".replaceAll("/", "∕");
    const held = line.hold(15_000_000);
    await opened.choose({ [name]: CONTENT });
    await held;
    page.on("dialog", (dialog) => void dialog.accept());
    const reloaded = page.reload();
    line.cut();
    await reloaded;
    await page.locator(".unfinished", { hasText: `${name} · ` }).waitFor();
    const offsets = offsetsOf(page);
    const folder = await opened.write({ [`other/${name}`]: CONTENT.replace("line 7", "LINE 7") });
    await page.setInputFiles("#files-input", join(folder, "other", name));
    await saved(page);
    expect(offsets).toEqual([0]);
    await page.setInputFiles("#files-input", join(folder, name));
    await page.locator(".upload[data-state=saved]").nth(1).waitFor({ timeout: 30_000 });
    expect(offsets).toHaveLength(2);
    expect(offsets[1]).toBeGreaterThan(5_000_000);
    await page.getByText("of it during an earlier visit").waitFor();
    expect(await page.locator("#unfinished").isVisible()).toBe(false);
    expect((await server.read(name.replace(".txt", " (1).txt"))) === CONTENT).toBe(true);
    expect((await server.read(name)).length).toBe(SIZE);
    expect(await remembered(page)).toBe("[]");
    expect(opened.complaints).toEqual([]);
  });

  test("a cancelled upload is deleted on the server", async () => {
    await using line = await openLine(server.url);
    await using opened = await openPage(browser, line.url);
    const { page } = opened;
    const held = line.hold(10_000_000);
    await opened.choose({ "no.txt": CONTENT });
    await held;
    await page.getByRole("button", { name: "Cancel no.txt" }).click();
    line.release();
    await page.locator(".upload[data-state=cancelled]").waitFor();
    await until("no unfinished upload is left", async () => (await waiting()).length === 0);
    expect(await remembered(page)).toBe("[]");
    expect(await readdir(server.root)).not.toContain("no.txt");
    expect(opened.complaints).toEqual([]);
  });

  test("an unfinished upload can be discarded", async () => {
    await using line = await openLine(server.url);
    await using opened = await openPage(browser, line.url);
    const { page } = opened;
    const held = line.hold(10_000_000);
    await opened.choose({ "old.txt": CONTENT });
    await held;
    page.on("dialog", (dialog) => void dialog.accept());
    const reloaded = page.reload();
    line.cut();
    await reloaded;
    await page.getByRole("button", { name: "Discard upload of old.txt" }).click();
    await page.locator("#unfinished").waitFor({ state: "hidden" });
    expect(await waiting()).toEqual([]);
    expect(await remembered(page)).toBe("[]");
    expect(opened.complaints).toEqual([]);
  });

  test("an upload that is gone from the server starts over", async () => {
    await using opened = await openPage(browser, server.url);
    const { page } = opened;
    const file = join(await opened.write({ "lost.txt": CONTENT }), "lost.txt");
    // A whole second, because browsers and systems round fractions differently.
    await utimes(file, 1_700_000_000, 1_700_000_000);
    const key = `lost.txt ${SIZE} 1700000000000`;
    const known = [{ key, url: "/uploads/nothing-like-it", id: "12345678", path: "lost.txt", size: SIZE }];
    await page.evaluate(
      `localStorage.setItem("sluice.unfinished", ${JSON.stringify(JSON.stringify(known))})`,
    );
    const asked = page.waitForRequest((request) => request.method() === "HEAD");
    await page.setInputFiles("#files-input", file);
    expect(new URL((await asked).url()).pathname).toBe("/uploads/nothing-like-it");
    await saved(page);
    expect((await server.read("lost.txt")) === CONTENT).toBe(true);
    expect(opened.complaints).toEqual([]);
  });

  test("a proxy that accepts only small bodies gets small ones", async () => {
    await using narrow = startNarrow(server.url, 9_000_000);
    await using opened = await openPage(browser, narrow.url);
    const { page } = opened;
    const offsets = offsetsOf(page);
    await opened.choose({ "narrow.txt": CONTENT });
    await saved(page);
    expect((await server.read("narrow.txt")) === CONTENT).toBe(true);
    expect(offsets).toContain(8_000_000);
    expect(opened.complaints).toEqual([]);
  });
});

/** A proxy that answers larger bodies with 413 and its own HTML page, as real proxies do. */
function startNarrow(url: string, most: number) {
  const proxy = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    maxRequestBodySize: Number.MAX_SAFE_INTEGER,
    fetch(request) {
      if (Number(request.headers.get("content-length")) > most)
        return new Response("<h1>413 Request Entity Too Large</h1>", { status: 413 });
      const { pathname, search } = new URL(request.url);
      return fetch(url + pathname + search, {
        method: request.method,
        headers: request.headers,
        body: request.body,
        decompress: false,
      });
    },
  });
  return {
    url: proxy.url.href.replace(/\/$/, ""),
    [Symbol.asyncDispose]: () => proxy.stop(true),
  };
}
