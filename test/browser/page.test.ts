// The page against the real server: listing, navigation, and every way to select files for an upload.

import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { mkdir, readdir, stat, utimes } from "node:fs/promises";
import { join } from "node:path";
import type { Browser, BrowserContextOptions } from "playwright-core";
import { launch, noBrowser, openPage, texts, type WatchedPage } from "../support/browser.ts";
import { patient } from "../support/patience.ts";
import { type Program, startProgram } from "../support/program.ts";

// A test that times out loses the browser, and so do all later tests.
setDefaultTimeout(patient(60_000));

const HOSTILE = ["<img src=x onerror=alert(1)>.txt", "a\"b'c&d.txt", "\u202Egpj.exe", "100%25 %2e%2e #?.txt"];

describe.skipIf(noBrowser !== undefined)("page", () => {
  let browser: Browser;
  let server: Program;
  beforeAll(async () => {
    [browser, server] = await Promise.all([launch(), startProgram()]);
  });
  afterAll(async () => {
    await browser.close();
    await server[Symbol.asyncDispose]();
  });

  /** Opens a folder below the root. */
  async function openFolder(folder: string, options?: BrowserContextOptions) {
    await mkdir(join(server.root, folder), { recursive: true });
    const url = `${server.url}/files/${folder.split("/").map(encodeURIComponent).join("/")}/`;
    return openPage(browser, url, options);
  }

  function savedRows({ page }: WatchedPage, n: number) {
    return page
      .locator(".upload[data-state=saved]")
      .nth(n - 1)
      .waitFor();
  }

  test("lists folders first, then files with sizes", async () => {
    await mkdir(join(server.root, "list/zoo"), { recursive: true });
    await Bun.write(join(server.root, "list/b.txt"), "x".repeat(1500));
    await Bun.write(join(server.root, "list/a.txt"), "x");
    await using opened = await openFolder("list");
    await opened.page.locator(".entry").nth(2).waitFor();
    expect(await texts(opened.page, ".entry-link")).toEqual(["zoo", "a.txt", "b.txt"]);
    expect(await texts(opened.page, ".entry-size")).toEqual(["", "1 B", "1.5 kB"]);
    expect(await opened.page.title()).toBe("list – Sluice");
    expect(opened.complaints).toEqual([]);
  });

  test("folders open without reloading the page, have their own URLs, and Back works", async () => {
    await mkdir(join(server.root, "walk/2026 ñ/deep"), { recursive: true });
    await using opened = await openFolder("walk");
    const { page } = opened;
    await page.evaluate("window.sameDocument = true");
    const link = page.getByRole("link", { name: "2026 ñ" });
    expect(await link.getAttribute("href")).toBe("/files/walk/2026%20%C3%B1/");
    await link.click();
    await page.getByRole("link", { name: "deep" }).click();
    await page.getByRole("heading", { name: "This folder is empty" }).waitFor();
    expect(new URL(page.url()).pathname).toBe("/files/walk/2026%20%C3%B1/deep/");
    expect(await texts(page, ".crumb-link")).toEqual(["Files", "walk", "2026 ñ"]);
    expect(await page.locator("#current-folder:focus").textContent()).toBe("deep");
    await page.goBack();
    await page.getByRole("link", { name: "deep" }).waitFor();
    await page.getByRole("link", { name: "walk" }).click();
    await page.getByRole("link", { name: "2026 ñ" }).waitFor();
    expect(await page.evaluate<boolean>("window.sameDocument")).toBe(true);
    await page.reload();
    await page.getByRole("heading", { name: "walk" }).waitFor();
    expect(opened.complaints).toEqual([]);
  });

  test("calculates the size of a folder on request", async () => {
    await Bun.write(join(server.root, "large/in/a.txt"), "x".repeat(1500));
    await using opened = await openFolder("large");
    const { page } = opened;
    await page.getByRole("button", { name: "Calculate folder size" }).click();
    await page.locator("#usage", { hasText: /^1\.5 kB in 1 file and 1 folder\. Free space: / }).waitFor();
    await page.getByRole("link", { name: "in" }).click();
    await page.getByRole("button", { name: "Calculate folder size" }).click();
    await page.locator("#usage", { hasText: /^1\.5 kB in 1 file and 0 folders\./ }).waitFor();
    expect(opened.complaints).toEqual([]);
  });

  test("column headers sort on the server and show the order", async () => {
    for (const [name, size] of [
      ["a", 3],
      ["b", 1],
      ["c", 2],
    ] as const) {
      await Bun.write(join(server.root, "sort", name), "x".repeat(size));
    }
    await using opened = await openFolder("sort");
    const { page } = opened;
    await page.getByRole("button", { name: "Size", exact: true }).click();
    await page.locator("#entry-rows", { hasText: /^a.*c.*b/s }).waitFor();
    expect(await page.getByRole("columnheader", { name: "Size" }).getAttribute("aria-sort")).toBe(
      "descending",
    );
    await page.getByRole("button", { name: "Size", exact: true }).click();
    await page.locator("#entry-rows", { hasText: /^b.*c.*a/ }).waitFor();
    await page.reload();
    await page.locator("#entry-rows", { hasText: /^b.*c.*a/ }).waitFor();
    expect(opened.complaints).toEqual([]);
  });

  test("long folders load on scroll up to a limit, then on request", async () => {
    await mkdir(join(server.root, "long"));
    for (let i = 0; i < 2300; i++) await Bun.write(join(server.root, "long", `f${i}`), "");
    await using opened = await openFolder("long");
    const { page } = opened;
    await page.locator(".entry").nth(199).waitFor();
    expect(await page.locator(".entry").count()).toBe(200);
    const more = page.getByRole("button", { name: "Show more" });
    for (let shown = 200; shown < 2000; shown += 200) {
      await more.scrollIntoViewIfNeeded();
      await page
        .locator(".entry")
        .nth(shown + 199)
        .waitFor();
    }
    await page.getByText("2,000 entries shown; there are more").waitFor();
    await more.click();
    await more.click();
    await page.locator(".entry").nth(2299).waitFor();
    expect(await more.isVisible()).toBe(false);
    expect(await page.locator(".entry-link:focus").textContent()).toBe("f2200");
    await opened.choose({ new: "x" });
    await page.locator(".entry").nth(2300).waitFor();
    expect(opened.complaints).toEqual([]);
  });

  test("several selected files are saved byte for byte and appear in the listing", async () => {
    await using opened = await openFolder("chosen");
    await opened.choose({ "a b.txt": "first", "ü.txt": "second", empty: "", "big.bin": 9_000_000 });
    await savedRows(opened, 4);
    expect(await server.read("chosen/a b.txt")).toBe("first");
    expect(await server.read("chosen/ü.txt")).toBe("second");
    expect(await server.read("chosen/empty")).toBe("");
    expect(Bun.file(join(server.root, "chosen/big.bin")).size).toBe(9_000_000);
    await opened.page.locator(".entry").nth(3).waitFor();
    await opened.page.getByRole("heading", { name: "All 4 files saved" }).waitFor();
    expect(opened.complaints).toEqual([]);
  });

  test("a file with a taken name gets the next number, and the page shows the new name", async () => {
    await using opened = await openFolder("twice");
    await opened.choose({ "a.txt": "one" });
    await savedRows(opened, 1);
    // A small file has its size and time, and no sentence that repeats them.
    expect(await texts(opened.page, ".upload-numbers")).toEqual([expect.stringMatching(/^3 B in .+ m?s$/)]);
    expect(await texts(opened.page, ".upload-report p")).toEqual([]);
    await opened.choose({ "a.txt": "two" });
    await opened.page.getByText("The name was taken, so the file was saved as a (1).txt").waitFor();
    expect(await server.read("twice/a.txt")).toBe("one");
    expect(await server.read("twice/a (1).txt")).toBe("two");
  });

  test("a selected folder is uploaded with its subfolders", async () => {
    await using opened = await openFolder("tree");
    const folder = await opened.write({ "trip/a.txt": "a", "trip/day 1/b.txt": "b" });
    await opened.page.setInputFiles("#folder-input", join(folder, "trip"));
    await savedRows(opened, 2);
    expect(await server.read("tree/trip/a.txt")).toBe("a");
    expect(await server.read("tree/trip/day 1/b.txt")).toBe("b");
    await opened.page.getByRole("link", { name: "trip", exact: true }).waitFor();
    expect(opened.complaints).toEqual([]);
  });

  test("files and folders can be dropped anywhere on the page", async () => {
    await using opened = await openFolder("dropped");
    const { page } = opened;
    const files: Record<string, string> = { "loose.txt": "loose", "pack/in/x.txt": "x" };
    // Browsers read a folder a hundred entries at a time, so this one needs several reads.
    for (let i = 0; i < 130; i++) files[`pack/${i}.txt`] = String(i);
    const folder = await opened.write(files);
    const devtools = await page.context().newCDPSession(page);
    const data = {
      items: [],
      files: [join(folder, "loose.txt"), join(folder, "pack")],
      dragOperationsMask: 1,
    };
    for (const type of ["dragEnter", "dragOver"] as const) {
      await devtools.send("Input.dispatchDragEvent", { type, x: 5, y: 400, data });
    }
    await page.getByText("Drop to upload to dropped").waitFor();
    await devtools.send("Input.dispatchDragEvent", { type: "drop", x: 5, y: 400, data });
    await page.getByRole("heading", { name: "All 132 files saved" }).waitFor();
    expect(await page.locator("#overlay").isVisible()).toBe(false);
    expect(await server.read("dropped/loose.txt")).toBe("loose");
    expect(await server.read("dropped/pack/in/x.txt")).toBe("x");
    expect(await readdir(join(server.root, "dropped/pack"))).toHaveLength(131);
    expect(opened.complaints).toEqual([]);
  });

  test("pasted files are uploaded", async () => {
    await using opened = await openFolder("pasted");
    await opened.page.evaluate(`(() => {
      const clipboardData = new DataTransfer();
      clipboardData.items.add(new File(["pixels"], "image.png"));
      document.body.dispatchEvent(new ClipboardEvent("paste", { clipboardData, bubbles: true, cancelable: true }));
    })()`);
    await savedRows(opened, 1);
    expect(await server.read("pasted/image.png")).toBe("pixels");
  });

  test("files with hostile names can be uploaded and downloaded, and the names are shown as text", async () => {
    await using opened = await openFolder("hostile");
    const { page } = opened;
    await opened.choose(Object.fromEntries(HOSTILE.map((name) => [name, `content of ${name}`])));
    await savedRows(opened, HOSTILE.length);
    await page
      .locator(".entry")
      .nth(HOSTILE.length - 1)
      .waitFor();
    expect((await texts(page, ".entry-link")).toSorted()).toEqual(HOSTILE.toSorted());
    expect((await texts(page, ".upload-name bdi")).toSorted()).toEqual(HOSTILE.toSorted());
    expect(await page.locator("img").count()).toBe(0);
    for (const name of HOSTILE) {
      const started = page.waitForEvent("download");
      await page.locator(".entry-link").getByText(name, { exact: true }).click();
      expect(await Bun.file(await (await started).path()).text()).toBe(`content of ${name}`);
    }
    expect(opened.complaints).toEqual([]);
  });

  test("a refused name is explained with every rule it breaks", async () => {
    await using opened = await openFolder("refused");
    await opened.choose({ "NUL.txt ": "x" });
    const problem = opened.page.locator(".upload .problem");
    await problem.waitFor();
    expect(await problem.locator(".problem-title").textContent()).toBe("Invalid path");
    expect(await problem.locator("li").count()).toBeGreaterThan(0);
    expect(await readdir(join(server.root, "refused"))).toEqual([]);
    expect(opened.complaints).toEqual([]);
  });

  test("the error for a too large file names the flag to change", async () => {
    await using small = await startProgram(["--max-file-size", "1MB"]);
    await using opened = await openPage(browser, small.url);
    await opened.choose({ "large.bin": 30_000_000 });
    const problem = opened.page.locator(".problem", { hasText: "The file is too large" });
    await problem.waitFor();
    expect(await problem.textContent()).toContain("--max-file-size");
    expect(opened.complaints).toEqual([]);
  });

  test("the error for a missing grant names the flag to change", async () => {
    await using readOnly = await startProgram(["--allow", "read"]);
    await using shut = await openPage(browser, readOnly.url);
    await shut.page.getByText("You cannot upload to this folder.").waitFor();
    // Such as a page that was opened before the server was restarted with fewer grants.
    await shut.choose(Object.fromEntries(Array.from({ length: 9 }, (_, i) => [`${i}`, "x"])));
    await shut.page.locator("#queue-paused").getByText("Not allowed.").waitFor();
    expect(await shut.page.locator(".problem", { hasText: "--allow" }).count()).toBeGreaterThan(0);
    expect(shut.complaints).toEqual([]);
  });

  test("an upload can be done with the keyboard alone", async () => {
    await using opened = await openFolder("keys");
    const { page } = opened;
    const folder = await opened.write({ "k.txt": "typed" });
    const focused = () => page.evaluate<string>("document.activeElement.textContent.trim()");
    // Playwright must wait for the file chooser before it opens.
    const chooser = page.waitForEvent("filechooser");
    for (let i = 0; i < 10 && (await focused()) !== "Upload files"; i++) await page.keyboard.press("Tab");
    await page.keyboard.press("Enter");
    await (await chooser).setFiles(join(folder, "k.txt"));
    await savedRows(opened, 1);
    expect(await focused()).toBe("Upload files");
    for (let i = 0; i < 10 && (await focused()) !== "k.txt"; i++) await page.keyboard.press("Tab");
    const started = page.waitForEvent("download");
    await page.keyboard.press("Enter");
    expect(await Bun.file(await (await started).path()).text()).toBe("typed");
    expect(opened.complaints).toEqual([]);
  });

  test("files have the modification time that they have on the visitor's machine", async () => {
    await using opened = await openFolder("times");
    // The larger one is sent as a resumable upload.
    const folder = await opened.write({ "small.txt": "a", "large.bin": "b".repeat(9_000_000) });
    // A whole second, because browsers and systems round fractions differently.
    for (const name of ["small.txt", "large.bin"])
      await utimes(join(folder, name), 1_700_000_000, 1_700_000_000);
    await opened.page.setInputFiles("#files-input", [join(folder, "small.txt"), join(folder, "large.bin")]);
    await savedRows(opened, 2);
    for (const name of ["small.txt", "large.bin"])
      expect((await stat(join(server.root, "times", name))).mtimeMs).toBe(1_700_000_000_000);
    expect(opened.complaints).toEqual([]);
  });
});
