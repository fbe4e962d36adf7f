// The states of an upload, its progress bar, its report and its errors, against a fake server that can pause in each state.

import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import type { Browser } from "playwright-core";
import { launch, noBrowser, openPage, texts } from "../support/browser.ts";
import { startFakeServer } from "../support/fake-server.ts";
import { patient } from "../support/patience.ts";

const PROBLEM = { headers: { "content-type": "application/problem+json" } };

// A test that times out loses the browser, and so do all later tests.
setDefaultTimeout(patient(60_000));

describe.skipIf(noBrowser !== undefined)("upload states", () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await launch();
  });
  afterAll(() => browser.close());

  test("sending: the bar shows saved bytes, not the bytes that left the browser", async () => {
    using fake = startFakeServer();
    const gate = Promise.withResolvers<void>();
    fake.script = () => ({ read: 0.1, received: 0.5, saved: 0.25, bytesPerSecond: 5e6, until: gate.promise });
    await using opened = await openPage(browser, fake.url);
    const { page } = opened;
    await opened.choose({ "film.mkv": 40_000_000 });
    const row = page.locator(".upload");
    await row.getByText("10 MB of 40 MB saved").waitFor();
    expect(await row.locator(".upload-state").textContent()).toBe("Sending");
    expect(await row.getByRole("progressbar").getAttribute("aria-valuenow")).toBe("25");
    expect(await row.locator(".upload-numbers").textContent()).toBe(
      "10 MB of 40 MB saved · 5 MB/s · a few seconds left · limited by the network",
    );
    expect(await page.locator("#gauge-title").textContent()).toBe("25 % saved");
    expect(await page.locator(".bar-received").getAttribute("style")).toBe("width: 50%;");
    gate.resolve();
    await row.getByText("Saved", { exact: true }).waitFor();
    expect(opened.complaints).toEqual([]);
  });

  test("saving: all data is sent, the bar is not full and the upload is not reported as saved", async () => {
    using fake = startFakeServer();
    const gate = Promise.withResolvers<void>();
    fake.script = () => ({ received: 1, saved: 1, until: gate.promise });
    await using opened = await openPage(browser, fake.url);
    const { page } = opened;
    await opened.choose({ "film.mkv": 3_000_000 });
    const row = page.locator(".upload");
    await row.getByText("All data sent, waiting for the server · 3 MB of 3 MB saved").waitFor();
    expect(await row.getAttribute("data-state")).toBe("saving");
    expect(await row.getByRole("progressbar").getAttribute("aria-valuenow")).toBe("99");
    expect(await page.locator("#gauge-title").textContent()).toBe("99 % saved");
    expect(await row.locator("a[href]").count()).toBe(0);
    gate.resolve();
    await row.getByText("Saved", { exact: true }).waitFor();
    expect(opened.complaints).toEqual([]);
  });

  test("saved: size, rate, the flow report and a link", async () => {
    using fake = startFakeServer();
    await using opened = await openPage(browser, fake.url);
    const { page } = opened;
    await opened.choose({ "film.mkv": 3_000_000 });
    const row = page.locator(".upload[data-state=saved]");
    await row.waitFor();
    expect(await row.locator(".upload-numbers").textContent()).toBe("3 MB in 2.5 s · 1.2 MB/s");
    expect(await row.locator(".upload-report").textContent()).toStartWith("The network was the limit: 96 %");
    expect(await row.locator("a").getAttribute("href")).toBe("/files/film.mkv?download");
    expect(await row.getByRole("button").count()).toBe(0);
    await page.getByRole("status").getByText("File saved").waitFor();
  });

  test("shows all parts of a problem, and Retry sends the file with a new id", async () => {
    using fake = startFakeServer();
    const problem = {
      title: "Invalid path",
      detail: "The name breaks two rules.",
      errors: [
        { code: "a", detail: "It ends with a dot." },
        { code: "b", detail: "<b>bold</b>" },
      ],
      errorsOmitted: 7,
    };
    fake.script = () => ({ answer: Response.json(problem, { status: 400, ...PROBLEM }) });
    await using opened = await openPage(browser, fake.url);
    const { page } = opened;
    await opened.choose({ "a.txt": "hello" });
    const row = page.locator(".upload");
    await row.getByText("Invalid path").waitFor();
    expect(await texts(page, ".problem-list li")).toEqual([
      "It ends with a dot.",
      "<b>bold</b>",
      "and 7 more",
    ]);
    expect(await page.locator("#gauge-title").textContent()).toBe("0 saved, 1 failed");
    fake.script = () => ({});
    await row.getByRole("button", { name: "Retry a.txt" }).click();
    await row.getByText("Saved", { exact: true }).waitFor();
    expect(new Set(fake.ids).size).toBe(2);
    for (const id of fake.ids) expect(id).toMatch(/^[A-Za-z0-9_-]{16,64}$/);
    expect(opened.complaints).toEqual([]);
  });

  test("a response that is not Sluice's does not count as saved", async () => {
    using fake = startFakeServer();
    fake.script = () => ({ answer: new Response("<h1>Please sign in</h1>") });
    await using opened = await openPage(browser, fake.url);
    const { page } = opened;
    await opened.choose({ "a.txt": "hello" });
    await page.getByText("Unexpected response").waitFor();
    expect(await page.locator(".upload").getAttribute("data-state")).toBe("failed");
  });

  test("a lost connection is reported with Retry", async () => {
    using fake = startFakeServer();
    fake.script = () => ({ answer: "cut" });
    await using opened = await openPage(browser, fake.url);
    const { page } = opened;
    await opened.choose({ "a.txt": "hello" });
    await page.getByText("No connection to the server").waitFor();
    await page.getByRole("button", { name: "Retry a.txt" }).waitFor();
  });

  test("Cancel stops one upload, the others continue", async () => {
    using fake = startFakeServer();
    const gate = Promise.withResolvers<void>();
    fake.script = (path) => (path === "slow.bin" ? { read: 0.1, until: gate.promise } : {});
    await using opened = await openPage(browser, fake.url);
    const { page } = opened;
    await opened.choose({ "slow.bin": 30_000_000, "fast.bin": 1000 });
    await page.locator(".upload[data-state=saved]").waitFor();
    await page.getByRole("button", { name: "Cancel slow.bin" }).click();
    await page.getByRole("button", { name: "Retry slow.bin" }).waitFor();
    await page.getByRole("heading", { name: "File saved", exact: true }).waitFor();
    gate.resolve();
  });

  test("leaving the page during an upload asks for confirmation", async () => {
    using fake = startFakeServer();
    const gate = Promise.withResolvers<void>();
    fake.script = () => ({ until: gate.promise });
    await using opened = await openPage(browser, fake.url);
    const { page } = opened;
    const asked: string[] = [];
    page.on("dialog", (dialog) => {
      asked.push(dialog.type());
      void dialog.dismiss();
    });
    // Browsers ask for confirmation only after the user has interacted with the page.
    await page.locator("#gauge").click();
    await opened.choose({ "a.bin": 1000 });
    await page.locator(".upload[data-state=saving]").waitFor();
    const question = page.waitForEvent("dialog");
    void page.evaluate("location.reload()").catch(() => {});
    await question;
    expect(asked).toEqual(["beforeunload"]);
    gate.resolve();
    await page.locator(".upload[data-state=saved]").waitFor();
  });

  test("10,000 files: three at a time, a few dozen rows, and the page stays responsive", async () => {
    using fake = startFakeServer();
    const gate = Promise.withResolvers<void>();
    fake.script = () => ({ until: gate.promise });
    await using opened = await openPage(browser, fake.url);
    const { page } = opened;
    const added = await page.evaluate<number>(`(() => {
      const transfer = new DataTransfer();
      for (let i = 0; i < 10000; i++) transfer.items.add(new File(["x"], "f" + i + ".txt"));
      const input = document.querySelector("#files-input");
      input.files = transfer.files;
      const start = performance.now();
      input.dispatchEvent(new Event("change"));
      return performance.now() - start;
    })()`);
    await page.locator(".upload[data-state=saving]").nth(2).waitFor();
    expect(await page.locator(".upload").count()).toBeLessThan(60);
    expect(await page.locator("#upload-more").textContent()).toMatch(/^and 9,9\d\d more files$/);
    expect(fake.mostAtOnce).toBe(3);
    // A generous limit: it takes about 50 ms, but seconds if every file had a row.
    expect(added).toBeLessThan(2000);
    await page.getByRole("button", { name: "Cancel all" }).click();
    await page.getByText("10,000 cancelled").waitFor();
    gate.resolve();
    expect(opened.complaints).toEqual([]);
  });

  test("when the server is unreachable, the queue pauses instead of failing", async () => {
    using fake = startFakeServer();
    fake.script = () => ({ answer: new Response("bad gateway", { status: 502 }) });
    await using opened = await openPage(browser, fake.url);
    const { page } = opened;
    const names = Array.from({ length: 40 }, (_, i) => [`f${i}.txt`, "x"]);
    await opened.choose(Object.fromEntries(names));
    await page.locator("#queue-paused").waitFor();
    for (const state of ["sending", "saving"])
      await page.locator(`.upload[data-state=${state}]`).first().waitFor({ state: "detached" });
    const failed = await page.locator(".upload[data-state=failed]").count();
    expect(failed).toBeLessThan(10);
    fake.script = () => ({});
    await page.getByRole("button", { name: "Resume uploads" }).click();
    await page
      .getByText(`${40 - failed} saved, ${failed} failed`)
      .first()
      .waitFor();
    await page.getByRole("button", { name: "Retry failed" }).click();
    await page.getByText("40 saved", { exact: true }).waitFor();
  });
});
