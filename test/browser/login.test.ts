// Accounts on the page: what it shows to whom, and logging in and out.

import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { type AccessServer, startAccessServer } from "../support/access.ts";
import { accountButton, logIn } from "../support/account-page.ts";
import { launch, noBrowser, openPage } from "../support/browser.ts";
import { patient } from "../support/patience.ts";

// A test that times out loses the browser, and so do all later tests.
setDefaultTimeout(patient(60_000));

/** The actions that are shown for the first entry and for the folder. */
async function offered(page: Page): Promise<string[]> {
  const box = page.locator(".entry .check-box").first();
  if ((await box.count()) > 0) await box.check();
  const ids = "choose-files choose-folder create-folder search download-folder download-selected".split(" ");
  ids.push(...["rename", "move", "copy", "delete"].map((action) => `${action}-selected`));
  const shown: string[] = [];
  for (const id of ids) if (await page.locator(`#${id}`).isVisible()) shown.push(id);
  return shown;
}

describe.skipIf(noBrowser !== undefined)("accounts on the page", () => {
  let browser: Browser;
  let server: AccessServer;
  beforeAll(async () => {
    server = await startAccessServer((database) => {
      database.account("alice", { "": "list", team: "read,write", "team/old": "read" });
      database.account("bob", { team: "list" });
      database.grant("anyone", { pub: "read", inbox: "write" });
    });
    for (const path of ["team/a.txt", "team/old/b.txt", "pub/c.txt", "inbox/d.txt"]) {
      await mkdir(join(server.root, path, ".."), { recursive: true });
      await Bun.write(join(server.root, path), path);
    }
    browser = await launch();
  });
  afterAll(async () => {
    await browser.close();
    await server.stop();
  });

  test("a folder that needs a login shows the form, then the files; Log out ends it", async () => {
    await using opened = await openPage(browser, `${server.url}/files/team/`);
    const { page } = opened;
    const name = page.getByLabel("Name", { exact: true });
    await name.waitFor();
    // Password managers find the fields, and one can type at once.
    expect(await name.getAttribute("autocomplete")).toBe("username");
    expect(await page.getByLabel("Password", { exact: true }).getAttribute("autocomplete")).toBe(
      "current-password",
    );
    expect(await page.evaluate<string>("document.activeElement.name")).toBe("username");
    expect(await page.locator("#gauge").isVisible()).toBe(false);
    await logIn(page, "alice", "wrong");
    await page.getByRole("alert").getByText("The name or the password is wrong.").waitFor();
    expect(await page.locator("[type=password]:focus").count()).toBe(1);
    await logIn(page, "alice");
    await page.getByRole("link", { name: "a.txt" }).waitFor();
    expect(await page.locator("#login").isVisible()).toBe(false);
    await accountButton(page, "alice").click();
    await page.getByRole("button", { name: "Log out" }).click();
    await name.waitFor();
    expect(await page.locator(".entry").count()).toBe(0);
    expect(opened.complaints).toEqual([]);
  });

  test("what one may not do is absent, folder by folder, and asked again after a login", async () => {
    await using opened = await openPage(browser, `${server.url}/files/pub/`);
    const { page } = opened;
    await page.getByRole("link", { name: "c.txt" }).waitFor();
    expect(await offered(page)).toEqual(["search", "download-folder", "download-selected"]);
    await page.getByRole("button", { name: "Log in" }).click();
    await logIn(page, "alice");
    await accountButton(page, "alice").waitFor();
    await page.goto(`${server.url}/files/team/`);
    await page.getByRole("link", { name: "a.txt" }).waitFor();
    expect(await offered(page)).toEqual([
      "choose-files",
      "choose-folder",
      "create-folder",
      "search",
      "download-folder",
      "download-selected",
      "copy-selected",
    ]);
    await page.getByRole("link", { name: "old", exact: true }).click();
    await page.getByRole("link", { name: "b.txt" }).waitFor();
    expect(await offered(page)).toEqual(["search", "download-folder", "download-selected"]);
    await page.getByRole("link", { name: "Files", exact: true }).click();
    await page.getByRole("link", { name: "team", exact: true }).waitFor();
    expect(await offered(page)).toEqual(["search"]);
    expect(opened.complaints).toEqual([]);
  });

  test("who may only list sees names that lead nowhere", async () => {
    await using opened = await openPage(browser, `${server.url}/files/team/`);
    const { page } = opened;
    await logIn(page, "bob");
    await page.locator(".entry", { hasText: "a.txt" }).waitFor();
    expect(await page.getByRole("link", { name: "a.txt" }).count()).toBe(0);
    expect(await page.getByRole("link", { name: "old", exact: true }).count()).toBe(1);
    expect(opened.complaints).toEqual([]);
  });

  test("a folder for uploads only takes files and shows none", async () => {
    await using opened = await openPage(browser, `${server.url}/files/inbox/`);
    const { page } = opened;
    await page.getByRole("heading", { name: "The files here are not shown" }).waitFor();
    await opened.choose({ "mine.txt": "x" });
    await page.getByRole("heading", { name: "File saved" }).waitFor();
    expect(await page.locator(".entry").count()).toBe(0);
    expect(await page.locator("body").textContent()).not.toContain("d.txt");
    expect(opened.complaints).toEqual([]);
  });

  test("uploads that wait for a login go on after it", async () => {
    await using opened = await openPage(browser, `${server.url}/files/team/`);
    const { page } = opened;
    await logIn(page, "alice");
    await page.getByRole("link", { name: "a.txt" }).waitFor();
    // The session ends while the page is open.
    await page.context().clearCookies();
    const files = Array.from({ length: 9 }, (_, i) => [`later-${i}.txt`, `${i}`] as const);
    await opened.choose(Object.fromEntries(files));
    await page.locator("#queue-paused").getByText("A login is needed.").waitFor();
    await page.getByRole("button", { name: "Log in" }).click();
    await logIn(page, "alice");
    await page.getByRole("heading", { name: "All 9 files saved" }).waitFor();
    for (const [name, content] of files)
      expect(await Bun.file(join(server.root, "team", name)).text()).toBe(content);
    expect(opened.complaints).toEqual([]);
  });

  test("the space that a quota leaves is shown, and falls with an upload", async () => {
    server.database.change("setQuota", { path: "team", bytes: 10_000 });
    await server.read();
    await using opened = await openPage(browser, `${server.url}/files/team/`);
    const { page } = opened;
    await logIn(page, "alice");
    const quota = page.locator("#quota");
    await quota.getByText(/^9\.9\d kB of 10 kB left for “team”$/).waitFor();
    await opened.choose({ "space.bin": "x".repeat(5000) });
    await quota.getByText(/^4\.9\d kB of 10 kB left/).waitFor();
    expect(opened.complaints).toEqual([]);
  });

  test("a failed single sign-on is explained", async () => {
    await using opened = await openPage(browser, `${server.url}/?login=not_allowed`);
    const { page } = opened;
    await page.getByRole("alert").getByText("You have no account here.").waitFor();
    expect(page.url()).toBe(`${server.url}/`);
    expect(opened.complaints).toEqual([]);
  });

  test("after too many failures the form says when it can be tried again", async () => {
    await using opened = await openPage(browser, `${server.url}/files/team/`);
    const { page } = opened;
    await page.route("**/api/session", (route) =>
      route.fulfill({
        status: 429,
        headers: { "retry-after": "27", "content-type": "application/problem+json" },
        body: JSON.stringify({ code: "too_many_logins", title: "Too many failed logins", detail: "" }),
      }),
    );
    await logIn(page, "alice");
    await page.getByRole("alert").getByText("Try again in 27 s.").first().waitFor();
    expect(await page.getByRole("button", { name: "Log in" }).isDisabled()).toBe(true);
  });
});
