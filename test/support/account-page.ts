// The page as a person with an account uses it: the login, the menu of the account, and a passkey in the device.

import type { Locator, Page } from "playwright-core";
import { PASSWORD } from "./access.ts";

/** Fills in the form that the page shows, and sends it. */
export async function logIn(page: Page, name: string, password = PASSWORD): Promise<void> {
  await page.getByLabel("Name", { exact: true }).fill(name);
  await page.getByLabel("Password", { exact: true }).fill(password);
  await page.keyboard.press("Enter");
}

/** The button with the menu of the account, which is there once somebody is logged in. */
export function accountButton(page: Page, name: string): Locator {
  return page.getByRole("button", { name: `Account ${name}` });
}

/** Opens something in the menu of the account. */
export async function openFromMenu(page: Page, name: string, item: string): Promise<void> {
  await accountButton(page, name).click();
  await page.locator(".menu").getByRole("button", { name: item }).click();
}

/** Gives Chromium an authenticator inside the device, which recognizes its owner. */
export async function addAuthenticator(page: Page): Promise<void> {
  const session = await page.context().newCDPSession(page);
  await session.send("WebAuthn.enable");
  await session.send("WebAuthn.addVirtualAuthenticator", {
    options: {
      protocol: "ctap2",
      transport: "internal",
      hasResidentKey: true,
      hasUserVerification: true,
      isUserVerified: true,
      automaticPresenceSimulation: true,
    },
  });
}
