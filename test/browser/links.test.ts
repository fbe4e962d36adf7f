// Links on the page: making one, its own page for a file and for a folder, its password, and its end.

import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import type { Browser, Page } from "playwright-core";
import { logIn } from "../support/account-page.ts";
import { launch, noBrowser, openPage } from "../support/browser.ts";
import { type LinkServer, startLinkServer } from "../support/links.ts";
import { patient } from "../support/patience.ts";

// A test that times out loses the browser, and so do all later tests.
setDefaultTimeout(patient(60_000));

describe.skipIf(noBrowser !== undefined)("links", () => {
  let browser: Browser;
  let server: LinkServer;
  beforeAll(async () => {
    server = await startLinkServer();
    browser = await launch();
  });
  afterAll(async () => {
    await browser?.close();
    await server?.stop();
  });

  async function openAlbum() {
    const opened = await openPage(browser, `${server.url}/files/home/album/`);
    const { page } = opened;
    await logIn(page, "anna");
    await page.locator(".entry").nth(2).waitFor();
    return opened;
  }

  /** Downloads by a button or link, and returns what arrives. */
  async function download(page: Page, name: string | RegExp): Promise<string> {
    const arriving = page.waitForEvent("download");
    await page.getByRole("link", { name }).click();
    return await Bun.file(await (await arriving).path()).text();
  }

  test("a file is shared with a password; the link is changed, renewed and closed", async () => {
    await using opened = await openAlbum();
    const { page } = opened;
    await page.getByRole("checkbox", { name: "Select a.txt" }).check();
    await page.getByRole("button", { name: "Share selected entry" }).click();
    await page.getByLabel("Password (optional)").fill("open sesame");
    await page.getByLabel("Note for visitors").fill("For you.\nGreetings!");
    await page.getByText("Limits").click();
    await page.getByLabel("Downloads").fill("3");
    await page.getByRole("button", { name: "Make link" }).click();
    const address = page.getByLabel("Address of the link");
    await page.getByRole("img", { name: "QR code of the link" }).waitFor();
    const url = await address.inputValue();

    await using visitor = await openPage(browser, url);
    // Nothing is told before the password.
    await visitor.page.getByRole("heading", { name: "Enter the password" }).waitFor();
    expect(await visitor.page.locator("body").textContent()).not.toContain("a.txt");
    await visitor.page.getByLabel("Password", { exact: true }).fill("wrong");
    await visitor.page.keyboard.press("Enter");
    await visitor.page.getByRole("alert").getByText("The password is wrong.").waitFor();
    await visitor.page.getByLabel("Password", { exact: true }).fill("open sesame");
    await visitor.page.keyboard.press("Enter");
    await visitor.page.getByRole("heading", { name: "a.txt" }).waitFor();
    await visitor.page.getByText("Greetings!").waitFor();
    await visitor.page.getByText("Can be downloaded 3 times").waitFor();
    expect(await download(visitor.page, /^Download/)).toBe("the file a.txt");
    await visitor.page.reload();
    await visitor.page.getByText("Can be downloaded 2 times").waitFor();

    await page.getByRole("button", { name: "Change the link" }).click();
    // An empty field leaves the password as it is.
    await page.getByLabel("Note for visitors").fill("Changed");
    await page.getByRole("button", { name: "Save changes" }).click();
    await page.locator(".thing", { hasText: "password · " }).getByText("“Changed”").waitFor();
    await page.getByRole("button", { name: "New address for the link" }).click();
    await page.getByRole("button", { name: "Make new address" }).click();
    await page.locator(".panel").nth(1).waitFor();
    expect(await address.last().inputValue()).not.toBe(url);
    await page.keyboard.press("Escape");
    await visitor.page.reload();
    await visitor.page.getByRole("heading", { name: /no such link|is closed/ }).waitFor();
    await page.getByRole("button", { name: "Close the link" }).click();
    await page.getByRole("button", { name: "Close link" }).click();
    await page.getByText("There are no links.").waitFor();
    expect([...opened.complaints, ...visitor.complaints]).toEqual([]);
  });

  test("a folder shows a list, subfolders and one button for everything", async () => {
    const { url, id } = await server.link("home/album", { note: "Look!" });
    await using opened = await openPage(browser, server.url + url);
    const { page } = opened;
    await page.getByRole("heading", { name: "album" }).waitFor();
    expect(await page.title()).toBe("album");
    await page.getByRole("link", { name: "b.txt" }).waitFor();
    expect(await download(page, "b.txt")).toBe("the file b.txt");
    expect(await download(page, /^Download all/)).toContain("the file sub/c.txt");
    await page.getByRole("link", { name: "sub" }).click();
    await page.getByRole("link", { name: "c.txt" }).waitFor();
    expect(await download(page, "c.txt")).toBe("the file sub/c.txt");
    await page.goBack();
    await page.getByRole("link", { name: "b.txt" }).waitFor();
    await server.api(`/api/links/${id}`, "DELETE");
    await page.reload();
    await page.getByRole("heading", { name: "This link is closed" }).waitFor();
    expect(await page.locator("body").textContent()).not.toContain("album");
    expect(opened.complaints).toEqual([]);
  });
});
