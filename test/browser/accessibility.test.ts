// The rules of axe-core for the parts of the page about accounts, links and drops.

import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { PASSWORD } from "../support/access.ts";
import { launch, noBrowser, openPage } from "../support/browser.ts";
import { type LinkServer, startLinkServer } from "../support/links.ts";
import { patient } from "../support/patience.ts";

// A test that times out loses the browser, and so do all later tests.
setDefaultTimeout(patient(60_000));

const AXE = join(import.meta.dir, "../../node_modules/axe-core/axe.min.js");
const RUN = `axe.run(document, { resultTypes: ["violations"] }).then(({ violations }) =>
  violations.map(({ id, nodes }) => id + ": " + nodes.map(({ target }) => target.join(" ")).join(", ")))`;

describe.skipIf(noBrowser !== undefined)("accessibility", () => {
  let browser: Browser;
  let server: LinkServer;
  let axe = "";
  beforeAll(async () => {
    axe = await Bun.file(AXE).text();
    server = await startLinkServer();
    server.database.change("setOwner", { name: "anna", owner: true });
    await server.read();
    browser = await launch();
  });
  afterAll(async () => {
    await browser?.close();
    await server?.stop();
  });

  /** Checks what is shown: the rules that are broken, and whether a phone would have to scroll sideways. */
  async function faults(page: Page, view: string): Promise<string[]> {
    await page.evaluate(axe);
    const found = await page.evaluate<string[]>(RUN);
    const wide = await page.evaluate<boolean>("document.documentElement.scrollWidth > innerWidth");
    return [...found, ...(wide ? ["wider than the window"] : [])].map((fault) => `${view}: ${fault}`);
  }

  test("accounts and sharing have no faults", async () => {
    await using opened = await openPage(browser, `${server.url}/files/home/album/`);
    const { page } = opened;
    const found: string[] = [];
    await page.getByLabel("Name", { exact: true }).fill("anna");
    found.push(...(await faults(page, "login")));
    await page.getByLabel("Password", { exact: true }).fill(PASSWORD);
    await page.keyboard.press("Enter");
    await page.locator(".entry").nth(2).waitFor();
    for (const item of ["Your account", "Access tokens", "Links", "Accounts"]) {
      await page.getByRole("button", { name: "Account anna" }).click();
      if (item === "Your account") found.push(...(await faults(page, "menu")));
      await page.locator(".menu").getByRole("button", { name: item }).click();
      await page.locator(".panel .loaded:not([aria-busy])").first().waitFor();
      found.push(...(await faults(page, item)));
      await page.keyboard.press("Escape");
    }
    await page.getByRole("button", { name: "Share folder" }).click();
    await page.getByText("only send files to it").click();
    await page.getByText("Limits").click();
    found.push(...(await faults(page, "share")));
    await page.getByRole("button", { name: "Make link" }).click();
    await page.getByRole("img", { name: "QR code of the link" }).waitFor();
    found.push(...(await faults(page, "link made")));
    expect(found).toEqual([]);
    expect(opened.complaints).toEqual([]);
  });

  test("the pages of links have no faults in dark colours on a phone", async () => {
    const options = { colorScheme: "dark", viewport: { width: 360, height: 740 } } as const;
    const found: string[] = [];
    const links = [
      { path: "home/album/a.txt", note: "A note" },
      { path: "home/album" },
      { path: "home/album", password: "geheim" },
      { path: "home/in", kind: "drop", askName: true, maxFiles: 5 },
    ];
    await Bun.write(join(server.root, "home/in/x"), "x");
    for (const { path, ...more } of links) {
      const { url } = await server.link(path, more);
      await using opened = await openPage(browser, server.url + url, options);
      await opened.page.getByRole("heading").first().waitFor();
      found.push(...(await faults(opened.page, JSON.stringify(more))));
      if (more.kind !== "drop") continue;
      await opened.choose({ "Donaudampfschifffahrtsgesellschaftskapitänsmützenfotografie.txt": "x" });
      await opened.page.getByRole("heading", { name: "All saved. You can close this page." }).waitFor();
      found.push(...(await faults(opened.page, "saved")));
    }
    await using gone = await openPage(browser, `${server.url}/s/none`, options);
    await gone.page.getByRole("heading", { name: "There is no such link" }).waitFor();
    found.push(...(await faults(gone.page, "gone")));
    await using start = await openPage(browser, `${server.url}/setup#token`, options);
    found.push(...(await faults(start.page, "setup")));
    expect(found).toEqual([]);
  });
});
