// Uppy's tus plugin in a page of another website that --cors allows: interrupted uploads are resumed.

import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { mkdtemp, realpath, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { launch, noBrowser, openPage } from "../support/browser.ts";
import { noClients } from "../support/clients.ts";
import { type Line, openLine } from "../support/line.ts";
import { patient } from "../support/patience.ts";
import { until } from "../support/server.ts";
import { type Serving, spawnServing } from "../support/spawn.ts";
import { startWebsite, type Website } from "../support/uppy.ts";

setDefaultTimeout(patient(60_000));

const SIZE = 5_500_000;
const CHUNKED = { chunkSize: 1_000_000 };

describe.skipIf(noBrowser !== undefined || (await noClients("Uppy")))("Uppy", () => {
  let browser: Browser;
  let website: Website;
  let address: string;
  let folder: string;
  let root: string;
  let server: Serving;
  const serve = (...flags: string[]) =>
    spawnServing(root, "--keep-free", "0B", "--allow", "all", "--cors", website.url, ...flags);

  beforeAll(async () => {
    [browser, website, folder] = await Promise.all([
      launch(),
      startWebsite(),
      mkdtemp(join(tmpdir(), "sluice-uppy-")).then((made) => realpath(made)),
    ]);
    root = join(folder, "root");
    [server, address] = await Promise.all([serve(), website.serve()]);
  });
  afterAll(async () => {
    await browser.close();
    await website[Symbol.asyncDispose]();
    await server[Symbol.asyncDispose]();
    await rm(folder, { recursive: true });
  });

  interface Opened extends AsyncDisposable {
    page: Page;
    line: Line;
    /** `POST 201`, …, without CORS preflights. */
    requests: string[];
    /** Selects a new file of random bytes. @param name by default a new one each time */
    choose: (size: number, name?: string) => Promise<{ name: string; path: string; bytes: Buffer }>;
    /** Adds the selected files and starts the upload without waiting. */
    begin: (options?: object, meta?: object) => Promise<void>;
    /** Waits for the upload. @returns the number of failed files */
    failed: () => Promise<number>;
  }

  async function open(): Promise<Opened> {
    const line = await openLine(server.url);
    const opened = await openPage(browser, address);
    const { page } = opened;
    const requests: string[] = [];
    page.on("response", (answer) => {
      const request = answer.request();
      if (request.url().startsWith(line.url) && request.method() !== "OPTIONS")
        requests.push(`${request.method()} ${answer.status()}`);
    });
    return {
      page,
      line,
      requests,
      async choose(size, name = `${crypto.randomUUID()}.bin`) {
        const bytes = Buffer.alloc(size);
        for (let at = 0; at < size; at += 65_536) crypto.getRandomValues(bytes.subarray(at, at + 65_536));
        const path = join(folder, name);
        await Bun.write(path, bytes);
        await page.setInputFiles("input", path);
        return { name, path, bytes };
      },
      async begin(options = CHUNKED, meta = {}) {
        const words = [`${line.url}/uploads`, options, meta].map((word) => JSON.stringify(word));
        await page.evaluate(`upload(${words})`);
        await page.evaluate("void (globalThis.ended = uppy.upload())");
      },
      failed: () => page.evaluate<number>("ended.then(({ failed }) => failed.length)"),
      async [Symbol.asyncDispose]() {
        await opened[Symbol.asyncDispose]();
        await line[Symbol.asyncDispose]();
        // Requests to Sluice go to another origin by design, and Uppy counts its own errors as failed files.
        const others = opened.complaints.filter(
          (said) => !said.startsWith(line.url) && !said.startsWith("[Uppy]"),
        );
        expect(others).toEqual([]);
      },
    };
  }

  /** The received bytes of each running upload. */
  async function arriving(): Promise<number[]> {
    const { uploads } = Object(await (await fetch(`${server.url}/api/uploads`)).json());
    return uploads.map(({ received }: { received: number }) => received);
  }

  async function saved(path: string, bytes: Buffer): Promise<void> {
    const digest = (content: Uint8Array) => new Bun.CryptoHasher("sha256").update(content).digest("hex");
    expect(digest(await Bun.file(join(root, path)).bytes())).toBe(digest(bytes));
  }

  test.each<[string, number, object]>([
    ["in one piece", SIZE, {}],
    ["in chunks", SIZE, CHUNKED],
    [
      "in chunks, the first of them in the request that creates the upload",
      SIZE,
      { ...CHUNKED, uploadDataDuringCreation: true },
    ],
    ["in parallel streams", SIZE, { parallelUploads: 4 }],
    ["with PATCH sent as POST", SIZE, { ...CHUNKED, overridePatchMethod: true }],
    ["that is empty", 0, {}],
  ])("saves a file %s", async (_, size, options) => {
    await using opened = await open();
    const { name, bytes } = await opened.choose(size);
    await opened.begin(options);
    expect(await opened.failed()).toBe(0);
    await saved(name, bytes);
  });

  test("resumes after a pause", async () => {
    await using opened = await open();
    const { page, line } = opened;
    const { name, bytes } = await opened.choose(SIZE);
    const held = line.hold(2_500_000);
    await opened.begin();
    await held;
    await page.evaluate("uppy.pauseAll()");
    line.release();
    expect(await Bun.file(join(root, name)).exists()).toBe(false);
    await page.evaluate("uppy.resumeAll()");
    expect(await opened.failed()).toBe(0);
    expect(opened.requests.join()).toMatch(/^POST 201(,PATCH 204){1,2},HEAD 200(,PATCH 204){3,5}$/);
    await saved(name, bytes);
  });

  test("resumes after the connection was cut", async () => {
    await using opened = await open();
    const { name, bytes } = await opened.choose(SIZE);
    const held = opened.line.hold(2_500_000);
    await opened.begin({});
    await held;
    await until("it has arrived", async () => (await arriving()).some((bytes) => bytes > 2_400_000));
    opened.line.cut();
    expect(await opened.failed()).toBe(0);
    // A browser repeats a request by itself if a reused connection was closed.
    expect(opened.requests.join()).toMatch(/^POST 201,(PATCH 409,)?HEAD 200,PATCH 204$/);
    await saved(name, bytes);
  });

  test("waits while the browser is offline", async () => {
    await using opened = await open();
    const { page, line } = opened;
    const { name, bytes } = await opened.choose(SIZE);
    const held = line.hold(2_500_000);
    // Long retry delays, so that only the browser's `online` event can make Uppy resume.
    await opened.begin({ ...CHUNKED, retryDelays: [100, 100, 600_000] });
    await held;
    await page.context().setOffline(true);
    line.cut();
    await until("Uppy has paused", () => page.evaluate<boolean>("uppy.getPlugin('Tus').requests.isPaused"));
    await page.context().setOffline(false);
    expect(await opened.failed()).toBe(0);
    expect(opened.requests.filter((request) => request === "POST 201")).toHaveLength(1);
    await saved(name, bytes);
  });

  test("resumes after the server was killed and restarted", async () => {
    await using opened = await open();
    const { name, bytes } = await opened.choose(SIZE);
    const held = opened.line.hold(2_500_000);
    await opened.begin();
    await held;
    server.signal("SIGKILL");
    await server.exited;
    opened.line.cut();
    server = await serve("--port", new URL(server.url).port);
    expect(await opened.failed()).toBe(0);
    expect(opened.requests.filter((request) => request === "POST 201")).toHaveLength(1);
    await saved(name, bytes);
  });

  test("resumes after the page was left and opened again", async () => {
    await using opened = await open();
    const { page, line, requests } = opened;
    const { name, path, bytes } = await opened.choose(SIZE);
    const held = line.hold(2_500_000);
    await opened.begin();
    await held;
    await page.goto(address);
    line.release();
    await page.setInputFiles("input", path);
    await opened.begin();
    expect(await opened.failed()).toBe(0);
    expect(requests.filter((request) => request === "POST 201")).toHaveLength(1);
    expect(requests).toContain("HEAD 200");
    await saved(name, bytes);
  });

  test("uploads a file again after it was removed on the server", async () => {
    await using opened = await open();
    const { name, bytes } = await opened.choose(1000);
    for (const _ of ["first", "again"]) {
      await opened.begin({});
      expect(await opened.failed()).toBe(0);
      await saved(name, bytes);
      await rm(join(root, name));
    }
    expect(opened.requests).toEqual(["POST 201", "PATCH 204", "HEAD 410", "POST 201", "PATCH 204"]);
  });

  test("saves files with any name in folders", async () => {
    await using opened = await open();
    const { bytes } = await opened.choose(1000);
    const relativePath = "фото/2026 🌊/größe “1”.bin";
    await opened.begin({}, { relativePath });
    expect(await opened.failed()).toBe(0);
    await saved(relativePath, bytes);
    // The value that Uppy's dashboard sends for a file without a folder.
    const other = await opened.choose(1000, "日本 %2e.bin");
    await opened.begin({}, { folder: "films/ñ", relativePath: null });
    expect(await opened.failed()).toBe(0);
    await saved("films/ñ/日本 %2e.bin", other.bytes);
  });

  test("uploads many files", async () => {
    await using opened = await open();
    const names = Array.from({ length: 30 }, () => `${crypto.randomUUID()}.txt`);
    await opened.page.setInputFiles(
      "input",
      names.map((name) => ({ name, mimeType: "text/plain", buffer: Buffer.from(name) })),
    );
    await opened.begin({}, { folder: "many" });
    expect(await opened.failed()).toBe(0);
    for (const name of names) await saved(`many/${name}`, Buffer.from(name));
  });

  test("runs the example of docs/resumable.md", async () => {
    const guide = await Bun.file(join(import.meta.dir, "../../docs/resumable.md")).text();
    const [, text = ""] = /^```js\n(import Uppy .*?)^```/ms.exec(guide) ?? [];
    const [imports, rest] = [/^import .*$/gm, /^(?!import ).*$/gm].map((lines) =>
      text.match(lines)?.join("\n"),
    );
    const script = `${imports}\nglobalThis.run = async ([file]) => {${rest}};`;
    await using opened = await openPage(
      browser,
      await website.serve(script.replace("http://localhost:3000", server.url)),
    );
    const buffer = Buffer.from("a film");
    await opened.page.setInputFiles("input", { name: "uppy.mkv", mimeType: "video/matroska", buffer });
    await opened.page.evaluate("run(document.querySelector('input').files)");
    await saved("films/uppy.mkv", buffer);
  });

  test("cancels an upload", async () => {
    await using opened = await open();
    const { name } = await opened.choose(SIZE);
    const held = opened.line.hold(2_500_000);
    await opened.begin();
    await held;
    opened.line.release();
    await opened.page.evaluate("uppy.cancelAll()");
    await until("DELETE", () => opened.requests.includes("DELETE 204"));
    expect(await Bun.file(join(root, name)).exists()).toBe(false);
  });

  test("shows why a name is refused", async () => {
    await using opened = await open();
    await opened.choose(1000);
    await opened.begin({}, { relativePath: "../canary" });
    expect(await opened.failed()).toBe(1);
    expect(opened.requests).toEqual(["POST 400"]);
    expect(await opened.page.evaluate<string>("uppy.getFiles()[0].error")).toContain("invalid_path");
    expect(await Bun.file(join(folder, "canary")).exists()).toBe(false);
  });

  test("is blocked on a website that --cors does not allow", async () => {
    await using other = await startWebsite();
    await using opened = await openPage(browser, await other.serve());
    const { page } = opened;
    await page.setInputFiles("input", {
      name: "foreign.txt",
      mimeType: "text/plain",
      buffer: Buffer.from("x"),
    });
    await page.evaluate(`upload("${server.url}/uploads", { retryDelays: [] })`);
    expect(await page.evaluate<number>("uppy.upload().then(({ failed }) => failed.length)")).toBe(1);
    expect(await Bun.file(join(root, "foreign.txt")).exists()).toBe(false);
    expect(opened.complaints.join()).toContain("CORS");
  });
});
