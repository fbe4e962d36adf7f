// The appearance of the page: contrast, narrow screens, reduced motion, number formats, security policy; types of its scripts.

import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { launch, noBrowser, openPage } from "../support/browser.ts";
import { type FakeServer, startFakeServer } from "../support/fake-server.ts";
import { patient } from "../support/patience.ts";

// A test that times out loses the browser, and so do all later tests.
setDefaultTimeout(patient(60_000));

/** Contrast of text: 4.5 to 1. Contrast of shapes that carry meaning: 3 to 1 (WCAG 2.2, 1.4.3 and 1.4.11). */
const TEXT = [
  "ink ground",
  "ink surface",
  "ink raised",
  "ink bad-ground",
  "ink water-near",
  "ink water-deep",
  "soft ground",
  "soft surface",
  "soft raised",
  "soft water-near",
  "on-main main",
  "on-main main-hover",
  "water surface",
  "good surface",
  "bad surface",
  "bad bad-ground",
];
const SHAPES = ["edge surface", "water raised", "focus ground", "focus surface", "focus water-deep"];

describe.skipIf(noBrowser !== undefined)("appearance", () => {
  let browser: Browser;
  let fake: FakeServer;
  beforeAll(async () => {
    browser = await launch();
    fake = startFakeServer();
    fake.entries = [
      { path: "a-name-without-any-place-to-break-it-".repeat(6), kind: "file", size: 123456789 },
      { path: "Photos", kind: "folder" },
    ];
  });
  afterAll(async () => {
    fake[Symbol.dispose]();
    await browser.close();
  });

  for (const colorScheme of ["light", "dark"] as const) {
    test(`the ${colorScheme} colours have enough contrast`, async () => {
      await using opened = await openPage(browser, fake.url);
      const { page } = opened;
      await page.emulateMedia({ colorScheme });
      const names = [...new Set([...TEXT, ...SHAPES].flatMap((pair) => pair.split(" ")))];
      const luminance = new Map<string, number>();
      for (const name of names) luminance.set(name, await luminanceOf(page, name));
      const ratio = (pair: string) => {
        const [a = 0, b = 0] = pair.split(" ").map((name) => luminance.get(name) ?? 0);
        return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
      };
      expect(TEXT.filter((pair) => ratio(pair) < 4.5)).toEqual([]);
      expect(SHAPES.filter((pair) => ratio(pair) < 3)).toEqual([]);
      const isDark = (luminance.get("ground") ?? 0) < 0.1;
      expect(isDark).toBe(colorScheme === "dark");
    });
  }

  test("a phone of 360 px needs no horizontal scrolling, and buttons are large enough to tap", async () => {
    await using opened = await openPage(browser, fake.url, {
      viewport: { width: 360, height: 740 },
      hasTouch: true,
    });
    const { page } = opened;
    const gate = Promise.withResolvers<void>();
    fake.script = (path) => (path === "ok" ? {} : { saved: 0.5, until: gate.promise });
    await opened.choose({ ok: "x", [`${"long-".repeat(20)}.bin`]: 100_000 });
    await page.locator("[data-state=saving]").waitFor();
    await page.locator("[data-state=saved]").waitFor();
    await page.locator(".entry").nth(1).waitFor();
    expect(await page.evaluate<number>("document.documentElement.scrollWidth")).toBe(360);
    const small = await page.evaluate<string[]>(`[...document.querySelectorAll("button, .entry-link")]
      .filter((b) => b.checkVisibility() && b.getBoundingClientRect().height < 44).map((b) => b.textContent)`);
    expect(small).toEqual([]);
    gate.resolve();
    await page.locator("[data-state=saved]").nth(1).waitFor();
    expect(opened.complaints).toEqual([]);
  });

  test("nothing is animated with prefers-reduced-motion", async () => {
    const gate = Promise.withResolvers<void>();
    fake.script = () => ({ until: gate.promise });
    for (const reducedMotion of ["reduce", "no-preference"] as const) {
      await using opened = await openPage(browser, fake.url);
      await opened.page.emulateMedia({ reducedMotion });
      await opened.choose({ a: "x" });
      await opened.page.locator("[data-flow=running]").waitFor();
      const animations = await opened.page.evaluate<number>("document.getAnimations().length");
      expect(animations > 0).toBe(reducedMotion === "no-preference");
    }
    gate.resolve();
  });

  test("inline scripts, inline styles and requests to other hosts are recorded as errors", async () => {
    await using opened = await openPage(browser, fake.url);
    await opened.page.evaluate(`(() => {
      const script = document.createElement("script");
      script.textContent = "1";
      const paragraph = document.createElement("p");
      paragraph.setAttribute("style", "color: red");
      document.body.append(script, paragraph);
      return fetch("http://other.invalid/").catch(() => {});
    })()`);
    const complaints = opened.complaints.join("\n");
    for (const directive of ["script-src", "style-src", "connect-src"])
      expect(complaints).toContain(directive);
  });

  test("numbers follow the browser's locale", async () => {
    const seen = async (locale: string) => {
      await using opened = await openPage(browser, fake.url, { locale });
      return await opened.page.evaluate<string[]>(`import("/ui/format.js").then((f) => [
        f.size(0), f.size(999), f.size(1000), f.size(999_499), f.size(999_500), f.size(1.6e9), f.rate(7005253),
        f.duration(0.02), f.duration(228.4), f.duration(7300), f.timeLeft(90), f.percent(0.9999, false), f.percent(1, false), f.percent(1, true),
      ].map((value) => String(value).replaceAll("\u00a0", " ")))`);
    };
    const times = ["20 ms", "3 min 48 s", "2 h 1 min", "about 2 min left", "99", "99", "100"];
    const english = ["0 B", "999 B", "1 kB", "999 kB", "1 MB", "1.6 GB", "7.01 MB/s"];
    const german = ["0 B", "999 B", "1 kB", "999 kB", "1 MB", "1,6 GB", "7,01 MB/s"];
    expect(await seen("en-GB")).toEqual([...english, ...times]);
    expect(await seen("de-DE")).toEqual([...german, ...times]);
  });
});

test("the modules of the page type-check", async () => {
  const root = join(import.meta.dir, "../..");
  const check = Bun.spawn([process.execPath, "x", "tsc", "-p", "test/browser/tsconfig.json"], {
    cwd: root,
    stdout: "pipe",
  });
  expect(await check.stdout.text()).toBe("");
  expect(await check.exited).toBe(0);
});

/** Relative luminance of a colour of the page (WCAG 2.2). */
async function luminanceOf(page: Page, name: string): Promise<number> {
  const value = await page.evaluate<string>(
    `getComputedStyle(document.documentElement).getPropertyValue("--${name}")`,
  );
  const hex = value.trim().slice(1);
  const pairs = hex.length === 3 ? [...hex].map((digit) => digit + digit) : (hex.match(/../g) ?? []);
  const [r = 0, g = 0, b = 0] = pairs.map((pair) => {
    const share = Number.parseInt(pair, 16) / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}
