// One's own account on the page: passkeys with Chromium's virtual authenticator, the second factor, the password, sessions.

import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { Secret, TOTP } from "otpauth";
import type { Browser } from "playwright-core";
import { type AccessServer, PASSWORD, startAccessServer } from "../support/access.ts";
import { accountButton, addAuthenticator, logIn, openFromMenu } from "../support/account-page.ts";
import { launch, noBrowser, openPage, type WatchedPage } from "../support/browser.ts";
import { patient } from "../support/patience.ts";

// A test that times out loses the browser, and so do all later tests.
setDefaultTimeout(patient(60_000));

describe.skipIf(noBrowser !== undefined)("one's own account", () => {
  let browser: Browser;
  let server: AccessServer;
  beforeAll(async () => {
    server = await startAccessServer((database) => {
      for (const name of ["alice", "bob", "carl"]) database.account(name, { "": "read" });
    });
    browser = await launch();
  });
  afterAll(async () => {
    await browser?.close();
    await server?.stop();
  });

  /** Logs in on a page of its own. Browsers have passkeys on localhost, but under no address. */
  async function open(name: string): Promise<WatchedPage> {
    const opened = await openPage(browser, `${server.url.replace("127.0.0.1", "localhost")}/`);
    await logIn(opened.page, name);
    await accountButton(opened.page, name).waitFor();
    return opened;
  }

  test("a passkey is added, logs in without a password, and is removed", async () => {
    await using opened = await open("alice");
    const { page } = opened;
    await addAuthenticator(page);
    await openFromMenu(page, "alice", "Your account");
    await page.getByRole("button", { name: "Add a passkey" }).click();
    await page.getByLabel("Name of the passkey").fill("Laptop");
    await page.getByLabel("Your password").fill("wrong");
    await page.keyboard.press("Enter");
    await page.getByRole("alert").getByText("The password is wrong.").waitFor();
    await page.getByLabel("Your password").fill(PASSWORD);
    await page.keyboard.press("Enter");
    await page.locator(".thing", { hasText: "Laptop" }).waitFor();
    await page.keyboard.press("Escape");
    await openFromMenu(page, "alice", "Log out");
    await page.getByRole("button", { name: "Use a passkey" }).click();
    await accountButton(page, "alice").waitFor();
    await openFromMenu(page, "alice", "Your account");
    await page.getByRole("button", { name: "Remove the passkey Laptop" }).click();
    await page.getByText("You have no passkeys.").waitFor();
    expect(opened.complaints).toEqual([]);
  });

  test("a second factor is added with a QR code, and the login then asks for a code", async () => {
    await using opened = await open("bob");
    const { page } = opened;
    await openFromMenu(page, "bob", "Your account");
    await page.getByRole("button", { name: "Add an authenticator app" }).click();
    await page.getByLabel("Your password").fill(PASSWORD);
    await page.keyboard.press("Enter");
    await page.getByRole("img", { name: "QR code" }).waitFor();
    const secret = Secret.fromBase32(await page.getByLabel("Key for the authenticator app").inputValue());
    const totp = new TOTP({ secret });
    const first = totp.generate();
    await page.getByLabel("Code from the app").fill(`${first.slice(0, 3)} ${first.slice(3)}`);
    await page.keyboard.press("Enter");
    await page.getByRole("button", { name: "Remove the second factor" }).waitFor();
    await page.keyboard.press("Escape");
    await openFromMenu(page, "bob", "Log out");
    await logIn(page, "bob", PASSWORD);
    const code = page.getByLabel("Code of your authenticator app");
    await code.waitFor();
    expect(await page.evaluate<string>("document.activeElement.autocomplete")).toBe("one-time-code");
    await code.fill(first);
    await page.keyboard.press("Enter");
    await page.getByRole("alert").getByText("was used before").waitFor();
    await code.fill(totp.generate({ timestamp: Date.now() + 30_000 }));
    await page.keyboard.press("Enter");
    await accountButton(page, "bob").waitFor();
    expect(opened.complaints).toEqual([]);
  });

  test("another browser is logged out, at once or by a new password", async () => {
    await using opened = await open("carl");
    await using other = await open("carl");
    await using third = await open("carl");
    const { page } = opened;
    await openFromMenu(page, "carl", "Your account");
    await page.getByText("This browser").waitFor();
    const logOuts = page.getByRole("button", { name: /^Log out Chrome on Linux/ });
    expect(await logOuts.count()).toBe(2);
    // The newest first: the one of the third page.
    await logOuts.first().click();
    await logOuts.nth(1).waitFor({ state: "detached" });
    await third.page.reload();
    await third.page.getByLabel("Name", { exact: true }).waitFor();
    await page.getByLabel("Current password").fill(PASSWORD);
    await page.getByLabel("New password").fill("password");
    await page.getByRole("button", { name: "Change password" }).click();
    await page.getByRole("alert").getByText("attackers try first").waitFor();
    await page.getByLabel("New password").fill("several unrelated words");
    await page.keyboard.press("Enter");
    await page.getByText("The password is changed.").waitFor();
    await other.page.reload();
    await other.page.getByLabel("Name", { exact: true }).waitFor();
    expect(opened.complaints).toEqual([]);
  });
});
