// Passkeys in Chromium with its virtual authenticator: what a real browser makes and signs is accepted.

import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import type { Browser } from "playwright-core";
import { type AccessServer, PASSWORD, startAccessServer } from "../support/access.ts";
import { addAuthenticator } from "../support/account-page.ts";
import { launch, noBrowser, openPage } from "../support/browser.ts";
import { patient } from "../support/patience.ts";

// A test that times out loses the browser, and so do all later tests.
setDefaultTimeout(patient(60_000));

/** Functions in the page: requests as a script of the page sends them, and both ceremonies. */
const SCRIPT = `
  globalThis.send = (path, body, method = "POST") =>
    fetch(path, { method, headers: { "content-type": "application/json" }, body: JSON.stringify(body) });
  globalThis.addPasskey = async (password) => {
    const options = await (await send("/api/account/passkeys/options", { password })).json();
    const publicKey = PublicKeyCredential.parseCreationOptionsFromJSON(options);
    const credential = (await navigator.credentials.create({ publicKey })).toJSON();
    return (await send("/api/account/passkeys", { name: "Test", credential })).status;
  };
  globalThis.usePasskey = async () => {
    const options = await (await send("/api/session/passkey/options")).json();
    const publicKey = PublicKeyCredential.parseRequestOptionsFromJSON(options);
    const credential = (await navigator.credentials.get({ publicKey })).toJSON();
    return (await send("/api/session/passkey", { credential })).status;
  };
  globalThis.nameHere = async () => (await (await fetch("/api/me")).json()).name;
`;

describe.skipIf(noBrowser !== undefined)("passkeys", () => {
  let browser: Browser;
  let server: AccessServer;
  beforeAll(async () => {
    browser = await launch();
    server = await startAccessServer((database) => database.account("alice", { "": "read" }));
  });
  afterAll(async () => {
    await browser?.close();
    await server?.stop();
  });

  test("one is added, and logs in without name and password, again and again", async () => {
    await using watched = await openPage(browser, `${server.url.replace("127.0.0.1", "localhost")}/`);
    const { page, complaints } = watched;
    await addAuthenticator(page);
    await page.evaluate(SCRIPT);
    const login = JSON.stringify({ name: "alice", password: PASSWORD });
    expect(await page.evaluate(`send("/api/session", ${login}).then(({ status }) => status)`)).toBe(204);
    expect(await page.evaluate(`addPasskey(${JSON.stringify(PASSWORD)})`)).toBe(204);
    for (let count = 0; count < 2; count += 1) {
      expect(
        await page.evaluate(`fetch("/api/session", { method: "DELETE" }).then(({ status }) => status)`),
      ).toBe(204);
      expect(await page.evaluate("nameHere()")).toBeNull();
      expect(await page.evaluate("usePasskey()")).toBe(204);
      expect(await page.evaluate("nameHere()")).toBe("alice");
    }
    // This authenticator counts its signatures.
    expect(server.app.decorator.services.access.snapshot.passkeys[0]?.counter).toBeGreaterThan(1);
    expect(complaints).toEqual([]);
  });
});
