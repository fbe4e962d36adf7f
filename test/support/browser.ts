// A headless Chromium, with pages that record script errors, policy violations and requests to other hosts.

import { mkdir, mkdtemp, rm, truncate } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import {
  type Browser,
  type BrowserContext,
  type BrowserContextOptions,
  chromium,
  type Page,
} from "playwright-core";
import { patient } from "./patience.ts";
import { skipped } from "./switches.ts";

/** The path of Chromium, or undefined. */
export const chromiumPath =
  Bun.which("chromium") ?? Bun.which("chromium-browser") ?? Bun.which("google-chrome") ?? undefined;

/** Why browser tests cannot run here, or undefined. Printed once, because a silent skip looks like a pass. */
export const noBrowser =
  chromiumPath === undefined && skipped("browser tests", "no chromium on PATH", "install it")
    ? "no chromium on PATH"
    : undefined;

/** Starts Chromium with a fresh profile. The caller closes it. */
export function launch(): Promise<Browser> {
  return chromium.launch({
    // Chromium formats numbers and dates by the language of the environment.
    env: { ...process.env, LANG: "C.UTF-8", LC_ALL: "C.UTF-8", LANGUAGE: "en" },
    timeout: patient(30_000),
    ...(chromiumPath !== undefined && { executablePath: chromiumPath }),
    args: [
      "--no-sandbox",
      "--disable-gpu",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
    ],
  });
}

/** A page and the errors that occurred on it. Closed by `await using`. */
export interface WatchedPage extends AsyncDisposable {
  page: Page;
  /** Errors of the page. Responses with an error status are not recorded, because tests provoke them. */
  complaints: string[];
  /** Writes files into a temporary folder of this page and returns the folder. A number is the size of a file of zeros. */
  write: (files: Record<string, string | number>) => Promise<string>;
  /** Creates files and selects them with the button for files. */
  choose: (files: Record<string, string | number>) => Promise<void>;
}

const LANGUAGE: BrowserContextOptions = { locale: "en-GB" };

/** A browser context for one test. */
interface Visit {
  context: BrowserContext;
  /** Closes the pages of the test, and forgets what these origins have stored. */
  end: (origins: ReadonlySet<string>) => Promise<void>;
}

/** The context that the tests of a browser use in turn; `null` while one of them does. */
const shared = new WeakMap<Browser, Visit | null>();

/**
 * A context for one test. Tests share one in turn, because a new one costs 0.7 s of a processor: a page that stays open
 * keeps its processes. Pages with options, and those beside another, get a context of their own.
 */
async function visit(browser: Browser, options: BrowserContextOptions): Promise<Visit> {
  const isPlain = Object.keys(options).length === 0;
  const waiting = shared.get(browser);
  if (isPlain && waiting !== null) {
    shared.set(browser, null);
    return waiting ?? makeShared(browser);
  }
  const context = await browser.newContext({ ...LANGUAGE, ...options });
  return { context, end: () => context.close() };
}

async function makeShared(browser: Browser): Promise<Visit> {
  const context = await browser.newContext(LANGUAGE);
  const empty = await context.newPage();
  const devtools = await context.newCDPSession(empty);
  const visit: Visit = {
    context,
    async end(origins) {
      for (const page of context.pages()) if (page !== empty) await page.close();
      for (const origin of origins)
        await devtools.send("Storage.clearDataForOrigin", { origin, storageTypes: "all" });
      await context.clearCookies();
      await context.setOffline(false);
      shared.set(browser, visit);
    },
  };
  return visit;
}

/** Opens `url` in a page that shares no state with other open ones, nor with those before it. */
export async function openPage(
  browser: Browser,
  url: string,
  options: BrowserContextOptions = {},
): Promise<WatchedPage> {
  const { context, end } = await visit(browser, options);
  const page = await context.newPage();
  const complaints: string[] = [];
  page.setDefaultTimeout(patient(10_000));
  page.on("pageerror", (error) => complaints.push(`script error: ${error.message}`));
  page.on("console", (message) => {
    const text = message.text();
    if (message.type() === "error" && !text.startsWith("Failed to load resource")) complaints.push(text);
  });
  const origins = new Set<string>();
  page.on("request", (request) => {
    const target = new URL(request.url());
    if (target.protocol.startsWith("http")) origins.add(target.origin);
    if (target.protocol.startsWith("http") && target.origin !== new URL(url).origin)
      complaints.push(request.url());
  });
  await page.addInitScript(
    `addEventListener("securitypolicyviolation", (e) => console.error("policy: " + e.violatedDirective + " " + e.blockedURI));`,
  );
  await page.goto(url);
  // Until its script has started, the page has the links of the server only; until it knows who asks, it has no buttons.
  await page.locator("body:not([data-access])").waitFor({ state: "attached" });
  const folder = await mkdtemp(join(tmpdir(), "sluice-page-"));
  const write: WatchedPage["write"] = async (files) => {
    for (const [name, content] of Object.entries(files)) await writeOne(join(folder, name), content);
    return folder;
  };
  return {
    page,
    complaints,
    write,
    async choose(files) {
      await write(files);
      await page.setInputFiles(
        "#files-input",
        Object.keys(files).map((name) => join(folder, name)),
      );
    },
    async [Symbol.asyncDispose]() {
      await end(origins);
      await rm(folder, { recursive: true });
    },
  };
}

async function writeOne(path: string, content: string | number): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await Bun.write(path, typeof content === "string" ? content : "");
  if (typeof content === "number") await truncate(path, content);
}

/** The text of every matching element. */
export function texts(page: Page, selector: string): Promise<string[]> {
  return page.locator(selector).allTextContents();
}
