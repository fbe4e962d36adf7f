// Owners and their guests on the page: the first owner, an invite, disabling an account, and tokens for programs.

import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import type { Browser } from "playwright-core";
import { type AccessServer, startAccessServer } from "../support/access.ts";
import { accountButton, logIn, openFromMenu } from "../support/account-page.ts";
import { launch, noBrowser, openPage } from "../support/browser.ts";
import { patient } from "../support/patience.ts";
import { startServer } from "../support/server.ts";

// A test that times out loses the browser, and so do all later tests.
setDefaultTimeout(patient(60_000));

const WORDS = "several unrelated words";

describe.skipIf(noBrowser !== undefined)("owners and guests", () => {
  let browser: Browser;
  let server: AccessServer;
  beforeAll(async () => {
    server = await startAccessServer((database) => database.account("olga", {}, { owner: true }));
    browser = await launch();
  });
  afterAll(async () => {
    await browser?.close();
    await server?.stop();
  });

  test("an owner invites somebody, who sets a password, and disables the account later", async () => {
    await using owner = await openPage(browser, server.url);
    await logIn(owner.page, "olga");
    await openFromMenu(owner.page, "olga", "Accounts");
    await owner.page.getByLabel("Name", { exact: true }).fill("gustav");
    await owner.page.keyboard.press("Enter");
    await owner.page.getByRole("img", { name: "QR code of the link for gustav" }).waitFor();
    const link = await owner.page.getByLabel("Link for gustav").inputValue();
    expect(link).toStartWith(`${server.url}/invite#`);

    await using guest = await openPage(browser, link);
    // The token is neither in the address bar nor in the history.
    expect(guest.page.url()).toBe(`${server.url}/invite`);
    await guest.page.getByLabel("Password", { exact: true }).fill(WORDS);
    await guest.page.keyboard.press("Enter");
    await accountButton(guest.page, "gustav").waitFor();
    // Nothing is granted yet, and what an account may not do is absent.
    await guest.page.getByRole("heading", { name: "Nothing is shared with you yet" }).waitFor();
    expect(await guest.page.getByRole("button", { name: "Upload files" }).isVisible()).toBe(false);
    await accountButton(guest.page, "gustav").click();
    expect(await guest.page.locator(".menu").getByRole("button", { name: "Accounts" }).count()).toBe(0);

    await owner.page.getByRole("button", { name: "Disable gustav" }).click();
    await owner.page.getByRole("button", { name: "Disable account" }).click();
    await owner.page.getByRole("button", { name: "Enable gustav" }).waitFor();
    await guest.page.reload();
    await guest.page.getByLabel("Name", { exact: true }).waitFor();

    await using again = await openPage(browser, link);
    await again.page.getByLabel("Password", { exact: true }).fill(WORDS);
    await again.page.keyboard.press("Enter");
    await again.page.getByRole("heading", { name: "This link is no longer valid" }).waitFor();
    expect([...owner.complaints, ...guest.complaints, ...again.complaints]).toEqual([]);
  });

  test("a token for a program is shown once, may do what was chosen, and is revoked", async () => {
    await using opened = await openPage(browser, server.url);
    const { page } = opened;
    await logIn(page, "olga");
    await openFromMenu(page, "olga", "Access tokens");
    await page.getByLabel("Name", { exact: true }).fill("Backup");
    await page.getByLabel("Add files and folders").uncheck();
    await page.getByRole("button", { name: "Make token" }).click();
    await page.getByText("it is not shown again").waitFor();
    const authorization = `Bearer ${await page.getByLabel("Token", { exact: true }).inputValue()}`;
    const mine = await server.fetch("/api/me", { headers: { authorization } });
    expect(await mine.json()).toMatchObject({ name: "olga", words: ["list", "read"] });
    await page.getByRole("button", { name: "Revoke the token Backup" }).click();
    await page.getByRole("button", { name: "Revoke token", exact: true }).click();
    await page.getByText("You have no tokens.").waitFor();
    expect((await server.fetch("/api/me", { headers: { authorization } })).status).toBe(401);
    expect(opened.complaints).toEqual([]);
  });

  test("the first owner chooses a name and a password below --base-path", async () => {
    await using empty = await startServer({ setup: true, basePath: "/sluice" });
    const token = empty.app.decorator.services.setup?.token;
    await using opened = await openPage(browser, `${empty.url}/sluice/setup#${token}`);
    const { page } = opened;
    await page.getByLabel("Your name").fill("olga");
    await page.getByLabel("Password", { exact: true }).fill(WORDS);
    await page.keyboard.press("Enter");
    await accountButton(page, "olga").waitFor();
    expect(page.url()).toBe(`${empty.url}/sluice/`);
    expect(opened.complaints).toEqual([]);
  });
});
