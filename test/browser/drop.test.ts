// The page of a drop: files and folders are sent, survive a lost connection, and what is saved is what is shown.

import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import type { Browser } from "playwright-core";
import { launch, noBrowser, openPage, texts } from "../support/browser.ts";
import { openLine } from "../support/line.ts";
import { type LinkServer, startLinkServer } from "../support/links.ts";
import { patient } from "../support/patience.ts";

// A test that times out loses the browser, and so do all later tests.
setDefaultTimeout(patient(60_000));

/** No two parts of the content are the same. */
const CONTENT = Array.from({ length: 1_500_000 }, (_, i) => `line ${i}\n`).join("");

describe.skipIf(noBrowser !== undefined)("a drop", () => {
  let browser: Browser;
  let server: LinkServer;
  beforeAll(async () => {
    server = await startLinkServer({ basePath: "/sluice" });
    await mkdir(join(server.root, "home/again"));
    browser = await launch();
  });
  afterAll(async () => {
    await browser?.close();
    await server?.stop();
  });

  /** The files that arrived, below the folder of their visit. */
  async function arrived(folder: string): Promise<Map<string, string>> {
    const found = new Map<string, string>();
    for await (const path of new Bun.Glob("**/*").scan({ cwd: join(server.root, folder) }))
      found.set(path, await Bun.file(join(server.root, folder, path)).text());
    return found;
  }

  test("takes files and folders with the sender's name, and says when the page can be closed (Quantum#661, Quantum#1902)", async () => {
    await Bun.write(join(server.root, "home/in/secret.txt"), "of somebody else");
    const { url } = await server.link("home/in", {
      kind: "drop",
      askName: true,
      largest: 1_000_000,
      maxFiles: 4,
      note: "Photos, please",
    });
    await using opened = await openPage(browser, server.url + url);
    const { page } = opened;
    await page.getByRole("heading", { name: "Send files to anna" }).waitFor();
    await page.getByText("4 files at most, files of up to 1 MB.").waitFor();
    await page.getByLabel("Your name (optional)").fill("Oma Erna");
    const folder = await opened.write({
      "party/one.jpg": "one",
      "party/deep/two.jpg": "two",
      "empty.txt": "",
    });
    await page.setInputFiles("[webkitdirectory]", join(folder, "party"));
    await page.setInputFiles("#files-input", [join(folder, "empty.txt")]);
    await page.getByRole("heading", { name: "All saved. You can close this page." }).waitFor();
    await page.getByText("3 files saved").waitFor();
    const files = await arrived("home/in");
    const [visit = ""] = [...files.keys()]
      .map((path) => path.split("/")[0])
      .filter((name) => name?.includes("Oma"));
    expect(visit).toMatch(/^[\d-]{10} Oma Erna /);
    expect(files.get(`${visit}/party/deep/two.jpg`)).toBe("two");
    expect(files.get(`${visit}/empty.txt`)).toBe("");

    // Files that the link cannot accept are left out before they are sent.
    await opened.choose({ "large.bin": 1_000_001, "three.txt": "3", "four.txt": "4" });
    await page.getByRole("alert").getByText("“large.bin” is larger than 1 MB and was left out.").waitFor();
    await page.getByRole("alert").getByText("1 file was left out: this link accepts no more.").waitFor();
    await page.getByText("4 files saved").waitFor();
    expect(await page.locator("body").textContent()).not.toContain("secret");
    expect(opened.complaints).toEqual([]);
  });

  test("goes on by itself after a lost connection, and shows what is on the disk", async () => {
    const { url } = await server.link("home/in", { kind: "drop" });
    await using line = await openLine(server.url);
    await using opened = await openPage(browser, line.url + url);
    const { page } = opened;
    const offsets: number[] = [];
    page.on("request", (request) => {
      if (request.method() === "PATCH") offsets.push(Number(request.headers()["upload-offset"]));
    });
    const held = line.hold(8_000_000);
    await opened.choose({ "cut.txt": CONTENT });
    await held;
    // Parts that have arrived are confirmed; the rest of the file is not.
    const shown = Number(await page.getByRole("progressbar").getAttribute("aria-valuenow"));
    expect(shown).toBeLessThan(100);
    await page.context().setOffline(true);
    line.cut();
    await page.getByText("No connection. Sending goes on by itself.").waitFor();
    await page.context().setOffline(false);
    await page.getByRole("heading", { name: "All saved. You can close this page." }).waitFor();
    const files = await arrived("home/in");
    const saved = [...files].filter(([path]) => path.endsWith("/cut.txt"));
    expect(saved.map(([, content]) => content === CONTENT)).toEqual([true]);
    expect(offsets.length).toBeGreaterThan(2);
    expect(offsets.at(-1)).toBeGreaterThan(0);
    expect(opened.complaints).toEqual([]);
  });

  test("goes on after the page was closed, when the same file is chosen again", async () => {
    const { url } = await server.link("home/again", { kind: "drop" });
    await using line = await openLine(server.url);
    await using opened = await openPage(browser, line.url + url);
    const { page } = opened;
    const held = line.hold(8_000_000);
    const file = join(await opened.write({ "again.txt": CONTENT }), "again.txt");
    await page.setInputFiles("#files-input", file);
    await held;
    page.on("dialog", (dialog) => void dialog.accept());
    const reloaded = page.reload();
    line.cut();
    await reloaded;
    await page.getByText("Not sent completely: again.txt. Choose it again").waitFor();
    const first = page.waitForRequest((request) => request.method() === "PATCH");
    await page.setInputFiles("#files-input", file);
    await page.getByRole("heading", { name: "All saved. You can close this page." }).waitFor();
    expect(Number((await first).headers()["upload-offset"])).toBeGreaterThan(0);
    const files = [...(await arrived("home/again"))].filter(([path]) => path.endsWith("/again.txt"));
    expect(files.map(([, content]) => content === CONTENT)).toEqual([true]);
    expect(opened.complaints).toEqual([]);
  });

  test("says why files are refused, and Try again sends them", async () => {
    const { url, id } = await server.link("home/in", { kind: "drop" });
    await using opened = await openPage(browser, server.url + url);
    const { page } = opened;
    await page.getByRole("heading", { name: "Send files to anna" }).waitFor();
    await server.api(`/api/links/${id}`, "PATCH", { maxFiles: 0 });
    await opened.choose({ "late.txt": "late" });
    await page.getByRole("heading", { name: "Nothing was saved" }).waitFor();
    expect((await texts(page, ".drop-file[data-state=failed] .thing-note"))[0]).not.toBe("");
    await server.api(`/api/links/${id}`, "PATCH", { maxFiles: 5 });
    await page.getByRole("button", { name: "Try again", exact: true }).click();
    await page.getByRole("heading", { name: "All saved. You can close this page." }).waitFor();
    expect(opened.complaints).toEqual([]);
  });
});
