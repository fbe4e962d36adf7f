// File actions on the page against the real server: selecting, moving, copying, renaming and deleting, with hostile names.

import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { mkdir, readdir } from "node:fs/promises";
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { launch, noBrowser, openPage, texts } from "../support/browser.ts";
import { patient } from "../support/patience.ts";
import { type Program, startProgram } from "../support/program.ts";

// A test that times out loses the browser, and so do all later tests.
setDefaultTimeout(patient(60_000));

const HOSTILE = ["<img src=x onerror=alert(1)>.txt", "a\"b'c&d.txt", "\u202Egpj.exe", "100%25 %2e%2e #?.txt"];

describe.skipIf(noBrowser !== undefined)("file actions", () => {
  let browser: Browser;
  let server: Program;
  beforeAll(async () => {
    [browser, server] = await Promise.all([launch(), startProgram(["--allow", "all"])]);
  });
  afterAll(async () => {
    await browser.close();
    await server[Symbol.asyncDispose]();
  });

  /** Opens a new folder with these entries; names that end with a slash are folders. */
  async function openWith(folder: string, names: string[]) {
    await mkdir(join(server.root, folder), { recursive: true });
    for (const name of names) {
      if (name.endsWith("/")) await mkdir(join(server.root, folder, name), { recursive: true });
      else await Bun.write(join(server.root, folder, name), `content of ${name}`);
    }
    const opened = await openPage(browser, `${server.url}/files/${folder}/`);
    const shown = names.filter((name) => !/\/./.test(name)).length;
    await opened.page
      .locator(".entry")
      .nth(shown - 1)
      .waitFor();
    return opened;
  }

  const box = (page: Page, name: string) => page.getByLabel(`Select ${name}`, { exact: true });
  const tool = (page: Page, name: string) => page.locator("#selection-bar").getByRole("button", { name });
  const answer = (page: Page, name: string) =>
    page.locator("dialog").getByRole("button", { name, exact: true });
  const toastShown = (page: Page, text: string) => page.locator(".toast-text", { hasText: text }).waitFor();
  const inRoot = async (folder: string) => (await readdir(join(server.root, folder))).toSorted();

  test("hostile names are shown as text when entries are selected, confirmed and deleted", async () => {
    await using opened = await openWith("hostile", [...HOSTILE, "keep.txt", "dir/", "dir/in.txt"]);
    const { page } = opened;
    for (const name of HOSTILE) await box(page, name).check();
    await box(page, "dir").check();
    expect(await page.locator("#selection-count").textContent()).toBe("4 files and 1 folder");
    await tool(page, "Delete").click();
    await page.getByRole("dialog", { name: "Delete 4 files and 1 folder?" }).waitFor();
    expect((await texts(page, ".dialog-names bdi")).toSorted()).toEqual([...HOSTILE, "dir"].toSorted());
    expect(await page.getByText("Everything inside the folders is deleted as well.").isVisible()).toBe(true);
    await answer(page, "Cancel").click();
    expect(await inRoot("hostile")).toHaveLength(6);
    await tool(page, "Delete").click();
    await answer(page, "Delete 4 files and 1 folder").click();
    await toastShown(page, "Deleted 5 entries.");
    expect(await inRoot("hostile")).toEqual(["keep.txt"]);
    expect(await texts(page, ".entry-link")).toEqual(["keep.txt"]);
    expect(await page.locator("#selection-bar").isVisible()).toBe(false);
    expect(await page.locator("img").count()).toBe(0);
    expect(opened.complaints).toEqual([]);
  });

  test("Shift, Ctrl+A, Escape, the header checkbox and clicks on a row change the selection", async () => {
    await using opened = await openWith("select", ["a", "b", "c", "d", "e"]);
    const { page } = opened;
    const count = page.locator("#selection-count");
    await box(page, "b").check();
    await box(page, "d").click({ modifiers: ["Shift"] });
    expect(await count.textContent()).toStartWith("3 files");
    expect(await page.evaluate<boolean>("document.querySelector('#select-all').indeterminate")).toBe(true);
    await box(page, "c").click({ modifiers: ["Shift"] });
    expect(await count.textContent()).toStartWith("1 file,");
    await page.locator(".entry-size").nth(0).click();
    expect(await box(page, "a").isChecked()).toBe(true);
    await page.keyboard.press("Control+a");
    expect(await count.textContent()).toStartWith("5 files");
    expect(await page.getByLabel("Select all").isChecked()).toBe(true);
    await page.keyboard.press("Escape");
    expect(await page.locator("#selection-bar").isVisible()).toBe(false);
    await page.getByLabel("Select all").check();
    expect(await count.textContent()).toStartWith("5 files");
    expect(opened.complaints).toEqual([]);
  });

  test("a selection downloads as an archive, a single file unchanged, a folder completely", async () => {
    await using opened = await openWith("zip", [...HOSTILE, "dir/", "dir/in.txt"]);
    const { page } = opened;
    const downloaded = async (click: Promise<void>) => {
      const [download] = await Promise.all([page.waitForEvent("download"), click]);
      return { name: download.suggestedFilename(), path: await download.path() };
    };
    await page.getByLabel("Select all").check();
    await page.getByLabel("Select 100%25").uncheck();
    const some = await downloaded(page.locator("#download-selected").click());
    expect(some.name).toEndWith(".zip");
    const list = Bun.spawn(["python3", "-m", "zipfile", "-l", some.path], { stdout: "pipe" });
    const names = await list.stdout.text();
    expect(names).toContain("in.txt");
    expect(names).toContain("onerror");
    expect(names).not.toContain("100%25");
    await page.keyboard.press("Escape");
    await box(page, "a\"b'c&d.txt").check();
    const one = await downloaded(page.locator("#download-selected").click());
    expect(await Bun.file(one.path).text()).toBe("content of a\"b'c&d.txt");
    const all = await downloaded(page.getByRole("link", { name: "Download folder" }).click());
    expect(all.name).toBe("zip.zip");
    expect(opened.complaints).toEqual([]);
  });

  test("moves entries into the chosen folder, and Undo moves them back", async () => {
    await using opened = await openWith("move", ["a.txt", "<b>.txt", "in/", "in/deep/"]);
    const { page } = opened;
    await box(page, "a.txt").check();
    await box(page, "<b>.txt").check();
    await tool(page, "Move").click();
    await page.getByRole("dialog", { name: "Move 2 files" }).waitFor();
    expect(await answer(page, "Move to move").isDisabled()).toBe(true);
    await answer(page, "in").click();
    await answer(page, "deep").click();
    await answer(page, "Move to deep").click();
    await toastShown(page, "Moved 2 entries to “deep”.");
    expect(await inRoot("move/in/deep")).toEqual(["<b>.txt", "a.txt"]);
    await page.getByRole("button", { name: "Undo" }).click();
    await toastShown(page, "Moved back 2 entries.");
    expect(await inRoot("move")).toEqual(["<b>.txt", "a.txt", "in"]);
    expect(opened.complaints).toEqual([]);
  });

  test("asks about a taken name: keep both, replace, or cancel", async () => {
    await using opened = await openWith("taken", ["a.txt", "b.txt", "free.txt", "in/"]);
    const { page } = opened;
    const content = (name: string) => server.read(`taken/in/${name}`);
    const move = async (...names: string[]) => {
      for (const name of names) await box(page, name).check();
      await tool(page, "Move").click();
      await answer(page, "in").click();
      await answer(page, "Move to in").click();
    };
    await Bun.write(join(server.root, "taken/in/a.txt"), "old a");
    await Bun.write(join(server.root, "taken/in/b.txt"), "old b");
    await move("a.txt", "free.txt");
    await page.getByRole("dialog", { name: "This name is already taken" }).waitFor();
    await answer(page, "Cancel").click();
    await toastShown(page, "Moved “free.txt” to “in”. 1 entry was not moved, because its name is taken.");
    await move("a.txt");
    await answer(page, "Keep both entries").click();
    await toastShown(page, "Its name was taken, so it is now called “a (1).txt”.");
    expect(await content("a.txt")).toBe("old a");
    expect(await content("a (1).txt")).toBe("content of a.txt");
    await move("b.txt");
    await answer(page, "Replace file").click();
    await toastShown(page, "Moved “b.txt”");
    expect(await content("b.txt")).toBe("content of b.txt");
    expect(await page.getByRole("button", { name: "Undo" }).isVisible()).toBe(false);
    expect(opened.complaints).toEqual([]);
  });

  test("waits for background copies of folders", async () => {
    const names = Array.from({ length: 40 }, (_, i) => [`d${i}/`, `d${i}/x.txt`]).flat();
    await using opened = await openWith("copy", [...names, "to/"]);
    const { page } = opened;
    await page.getByLabel("Select all").check();
    await box(page, "to").uncheck();
    await tool(page, "Copy").click();
    await answer(page, "to").click();
    await answer(page, "Copy to to").click();
    await toastShown(page, "Copied 40 entries to “to”.");
    expect(await inRoot("copy/to")).toHaveLength(40);
    expect(await server.read("copy/to/d39/x.txt")).toBe("content of d39/x.txt");
    expect(opened.complaints).toEqual([]);
  });

  test("creates a folder, and shows why a name is refused", async () => {
    await using opened = await openWith("fresh", ["there/"]);
    const { page } = opened;
    await page.getByRole("button", { name: "Create folder" }).click();
    await page.keyboard.type("there");
    await page.keyboard.press("Enter");
    await page.locator("dialog .problem-title", { hasText: "The name is taken" }).waitFor();
    await page.getByLabel("Folder name", { exact: true }).fill("<i>new<∕i> #1");
    await page.keyboard.press("Enter");
    await page.locator("dialog").waitFor({ state: "detached" });
    expect(await inRoot("fresh")).toEqual(["<i>new<∕i> #1", "there"]);
    await page.locator(".entry-link:focus", { hasText: "<i>new" }).waitFor();
    expect(opened.complaints).toEqual([]);
  });

  test("renames with F2, cancels with Escape, and works by keyboard alone", async () => {
    await using opened = await openWith("keys", ["a.txt", "b.txt", "c.txt"]);
    const { page } = opened;
    await page.getByRole("link", { name: "a.txt" }).focus();
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press("F2");
    await page.keyboard.type("x");
    await page.keyboard.press("Escape");
    expect(await page.locator(".entry-link:focus").textContent()).toBe("b.txt");
    await page.keyboard.press("F2");
    await page.keyboard.type("<b>old");
    await page.keyboard.press("Enter");
    await toastShown(page, "Renamed “b.txt” to “<b>old.txt”.");
    expect(await inRoot("keys")).toEqual(["<b>old.txt", "a.txt", "c.txt"]);
    expect(await page.locator(".entry-link:focus").textContent()).toBe("<b>old.txt");
    await page.keyboard.press(" ");
    await page.keyboard.press("Shift+ArrowDown");
    expect(await page.locator("#selection-count").textContent()).toStartWith("2 files");
    await page.keyboard.press("Delete");
    expect(await page.locator("dialog :focus").textContent()).toBe("Cancel");
    await page.keyboard.press("Tab");
    await page.keyboard.press("Enter");
    await toastShown(page, "Deleted 2 entries.");
    expect(await inRoot("keys")).toEqual(["c.txt"]);
    expect(opened.complaints).toEqual([]);
  });

  test("moves entries that are dragged onto a folder or a breadcrumb", async () => {
    await using opened = await openWith("drag", ["a.txt", "b.txt", "in/"]);
    const { page } = opened;
    await box(page, "a.txt").check();
    await box(page, "b.txt").check();
    await page
      .getByRole("link", { name: "a.txt" })
      .dragTo(page.getByRole("link", { name: "in", exact: true }));
    await toastShown(page, "Moved 2 entries to “in”.");
    expect(await page.locator("#overlay").isVisible()).toBe(false);
    await page.getByRole("link", { name: "in", exact: true }).click();
    await page.getByRole("link", { name: "b.txt" }).dragTo(page.locator(".crumb-link", { hasText: "drag" }));
    await toastShown(page, "Moved “b.txt” to “drag”.");
    expect(await inRoot("drag")).toEqual(["b.txt", "in"]);
    expect(await inRoot("drag/in")).toEqual(["a.txt"]);
    expect(opened.complaints).toEqual([]);
  });

  test("with a trash, Undo restores deleted entries", async () => {
    await using kind = await startProgram(["--allow", "all", "--trash", "30d"]);
    for (const path of [...HOSTILE, "dir/in.txt"]) await Bun.write(join(kind.root, path), path);
    await using opened = await openPage(browser, kind.url);
    const { page } = opened;
    const shown = async () => (await readdir(kind.root)).filter((name) => !name.startsWith(".")).toSorted();
    await page.locator(".entry").nth(4).waitFor();
    await page.getByLabel("Select all").check();
    await tool(page, "Delete").click();
    await page.getByText("Deleted entries stay in the trash for 30 days.").waitFor();
    await answer(page, "Delete 4 files and 1 folder").click();
    await toastShown(page, "Deleted 5 entries.");
    expect(await shown()).toEqual([]);
    await page.getByRole("button", { name: "Undo" }).click();
    await toastShown(page, "Restored 5 entries.");
    expect(await shown()).toEqual([...HOSTILE, "dir"].toSorted());
    expect(await kind.read("dir/in.txt")).toBe("dir/in.txt");
    expect(opened.complaints).toEqual([]);
  });

  test("offers only granted actions", async () => {
    const offered = async (...allow: string[]) => {
      await using shut = await startProgram(["--allow", allow.join(",")]);
      await Bun.write(join(shut.root, "a"), "a");
      await using opened = await openPage(browser, shut.url);
      await box(opened.page, "a").check();
      return await opened.page.evaluate<string[]>(
        `[...document.querySelectorAll(".gauge-buttons button, .tool, .selection-action")].filter((one) => one.checkVisibility()).map((one) => one.textContent.trim())`,
      );
    };
    expect(await offered("read")).toEqual(["Download folder", "Download", "Clear"]);
    expect(await offered("read", "write")).toEqual([
      "Upload files",
      "Upload folder",
      "Create folder",
      "Download folder",
      "Download",
      "Copy",
      "Clear",
    ]);
  });
});
