// Search on the page: results while typing, their locations, incomplete results, and the return to the folder.

import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { mkdir, readdir } from "node:fs/promises";
import { join } from "node:path";
import type { Browser } from "playwright-core";
import { launch, noBrowser, openPage, texts } from "../support/browser.ts";
import { patient } from "../support/patience.ts";
import { type Program, startProgram } from "../support/program.ts";

// A test that times out loses the browser, and so do all later tests.
setDefaultTimeout(patient(60_000));

describe.skipIf(noBrowser !== undefined)("search", () => {
  let browser: Browser;
  let server: Program;
  beforeAll(async () => {
    [browser, server] = await Promise.all([launch(), startProgram(["--allow", "all"])]);
    for (const path of ["top.txt", "x/<i>Été<∕i> film.mkv", "x/deep/film 2.mkv", "x/notes.txt"])
      await Bun.write(join(server.root, path), path);
  });
  afterAll(async () => {
    await browser.close();
    await server[Symbol.asyncDispose]();
  });

  test("results appear while typing and show their folder, and Escape returns", async () => {
    await using opened = await openPage(browser, server.url);
    const { page } = opened;
    await page.locator(".entry").nth(1).waitFor();
    await page.keyboard.press("/");
    await page.keyboard.type("FILM");
    await page.locator(".entry-location").nth(1).waitFor();
    expect((await texts(page, ".entry-link")).toSorted()).toEqual(["<i>Été<∕i> film.mkv", "film 2.mkv"]);
    expect((await texts(page, ".entry-location")).toSorted()).toEqual(["in deep", "in x"]);
    expect(await page.locator("#list-foot").isVisible()).toBe(false);
    await page.keyboard.type(" ete");
    await page.locator(".entry").nth(1).waitFor({ state: "detached" });
    expect(await texts(page, ".entry-link")).toEqual(["<i>Été<∕i> film.mkv"]);
    await page.keyboard.type(" nowhere");
    await page.getByText("No results").waitFor();
    await page.keyboard.press("Escape");
    await page.getByRole("link", { name: "top.txt" }).waitFor();
    expect(await page.locator(".entry-location").count()).toBe(0);
    expect(await page.locator("#search").inputValue()).toBe("");
    expect(opened.complaints).toEqual([]);
  });

  test("a result can be renamed, and its folder opened", async () => {
    await using opened = await openPage(browser, `${server.url}/files/x/`);
    const { page } = opened;
    await page.getByRole("searchbox").fill("2.mkv");
    await page.locator(".entry-location").waitFor();
    await page.getByRole("searchbox").press("ArrowDown");
    await page.keyboard.press("F2");
    await page.keyboard.type("film 2 <new>");
    await page.keyboard.press("Enter");
    await page.locator(".toast-text", { hasText: "Renamed" }).waitFor();
    expect(await readdir(join(server.root, "x/deep"))).toEqual(["film 2 <new>.mkv"]);
    await page.getByRole("searchbox").fill("new");
    await page.locator(".entry-location", { hasText: "deep" }).click();
    await page.getByRole("heading", { name: "deep" }).waitFor();
    await page.getByRole("link", { name: "film 2 <new>.mkv" }).waitFor();
    expect(await page.getByRole("searchbox").inputValue()).toBe("");
    expect(opened.complaints).toEqual([]);
  });

  test("says that the results are incomplete when there are too many", async () => {
    await mkdir(join(server.root, "many"));
    for (let i = 0; i < 510; i++) await Bun.write(join(server.root, "many", `m${i}`), "");
    await using opened = await openPage(browser, `${server.url}/files/many/`);
    const { page } = opened;
    await page.getByRole("searchbox").fill("m");
    await page
      .getByText("500 entries shown; there may be more. Type more of the name to narrow the search")
      .waitFor();
    expect(await page.getByRole("button", { name: "Show more" }).isVisible()).toBe(false);
    expect(opened.complaints).toEqual([]);
  });

  test("a new search cancels the previous one", async () => {
    await using opened = await openPage(browser, server.url);
    const { page } = opened;
    let release = () => {};
    const gate = new Promise<void>((resolve) => {
      release = resolve;
    });
    await page.route(/query=slow/, async (route) => {
      await gate;
      await route
        .fulfill({ body: '{"path":"slow","name":"slow","kind":"file","url":"/files/slow"}\n' })
        .catch(() => {});
    });
    const failed = page.waitForEvent("requestfailed");
    const asked = page.waitForRequest(/query=slow/);
    await page.getByRole("searchbox").fill("slow");
    await asked;
    await page.getByRole("searchbox").fill("notes");
    expect((await failed).url()).toContain("query=slow");
    await page.getByRole("link", { name: "notes.txt" }).waitFor();
    release();
    expect(await texts(page, ".entry-link")).toEqual(["notes.txt"]);
    expect(opened.complaints).toEqual([]);
  });
});
