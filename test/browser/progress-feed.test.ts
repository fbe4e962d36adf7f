// How the page receives the progress of uploads: by server-sent events, or by polling where events are unavailable.

import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import type { Browser } from "playwright-core";
import { type Grant, WORDS } from "../../src/config/config.ts";
import { launch, noBrowser, openPage } from "../support/browser.ts";
import { startFakeServer } from "../support/fake-server.ts";
import { patient } from "../support/patience.ts";
import { startServer, until } from "../support/server.ts";

// A test that times out loses the browser, and so do all later tests.
setDefaultTimeout(patient(60_000));

describe.skipIf(noBrowser !== undefined)("upload progress", () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await launch();
  });
  afterAll(() => browser.close());

  /** Uploads to a fake server until the progress is shown. @returns the requested paths */
  async function pathsRequested(events: "sent" | "refused" | "buffered"): Promise<string[]> {
    using fake = startFakeServer();
    const gate = Promise.withResolvers<void>();
    fake.events = events;
    fake.script = () => ({ read: 0.1, received: 0.5, saved: 0.25, bytesPerSecond: 5e6, until: gate.promise });
    await using opened = await openPage(browser, fake.url);
    await opened.choose({ "film.mkv": 40_000_000 });
    await opened.page.getByText("10 MB of 40 MB saved").waitFor();
    gate.resolve();
    await opened.page.locator(".upload[data-state=saved]").waitFor();
    expect(opened.complaints).toEqual([]);
    return [...fake.asked];
  }

  test("is received as events over one connection", async () => {
    expect(await pathsRequested("sent")).toEqual(["/api/uploads/events"]);
  });

  test.each(["refused", "buffered"] as const)("is polled where events are %s", async (events) => {
    const [first, ...others] = await pathsRequested(events);
    expect(first).toBe("/api/uploads/events");
    expect(others.length).toBeGreaterThan(0);
    for (const path of others) expect(path).toMatch(/^\/api\/uploads\/[0-9a-f]{32}$/);
  });

  test.each([
    ["all", WORDS, 1],
    ["write alone", ["write"], 0],
  ] as const)("is received from a real server that grants %s", async (_, grants, watching) => {
    await using server = await startServer({ allow: new Set<Grant>(grants) });
    await using opened = await openPage(browser, server.url);
    const { page } = opened;
    const session = await page.context().newCDPSession(page);
    await session.send("Network.enable");
    await session.send("Network.emulateNetworkConditions", {
      offline: false,
      latency: 0,
      downloadThroughput: -1,
      uploadThroughput: 2_000_000,
    });
    await opened.choose({ "film.mkv": 8_000_000 });
    await page.getByText(/ of 8 MB saved/).waitFor();
    const { events } = server.app.decorator.services;
    expect(events.size).toBe(watching);
    await page.locator(".upload[data-state=saved]").waitFor();
    // The page closes the event stream when none of its uploads is running.
    await until("the event stream is closed", () => events.size === 0);
    expect(opened.complaints).toEqual([]);
  });
});
