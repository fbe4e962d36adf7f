// Sluice below a path of another site: nginx that keeps the path, nginx and a small proxy that strip it, with clients and the page.

import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser } from "playwright-core";
import { launch, noBrowser, openPage, texts } from "../support/browser.ts";
import { hasNginx, startNginx } from "../support/nginx.ts";
import { patient } from "../support/patience.ts";
import { type ServerOptions, startServer, type TestServer } from "../support/server.ts";
import { runTusUpload } from "../support/tus-run.ts";

setDefaultTimeout(patient(60_000));

const BASE = "/team/sluice";
const LINES =
  "proxy_http_version 1.1; proxy_set_header Host $http_host; proxy_request_buffering off; client_max_body_size 0;";

type Proxy = AsyncDisposable & { url: string };

/** Strips the path as `handle_path` of Caddy does. */
async function strippingProxy(upstream: string): Promise<Proxy> {
  const proxy = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    maxRequestBodySize: Number.MAX_SAFE_INTEGER,
    async fetch(request) {
      const { pathname, search } = new URL(request.url);
      if (!pathname.startsWith(`${BASE}/`)) return new Response(null, { status: 404 });
      const { method, headers, body } = request;
      return await fetch(`${upstream}${pathname.slice(BASE.length)}${search}`, {
        method,
        headers,
        body,
        redirect: "manual",
        decompress: false,
      });
    },
  });
  return { url: `http://127.0.0.1:${proxy.port}`, [Symbol.asyncDispose]: () => proxy.stop(true) };
}

/** The server knows the path, or the proxy tells it. */
const PROXIES: [string, boolean, (server: TestServer) => Promise<Proxy>, ServerOptions?][] = [
  ["nginx that passes it on", hasNginx(), ({ url }) => startNginx(url, LINES, `${BASE}/`)],
  ["nginx that strips it", hasNginx(), ({ url }) => startNginx(`${url}/`, LINES, `${BASE}/`)],
  ["a proxy that strips it as Caddy does", true, ({ url }) => strippingProxy(url)],
  [
    "nginx that strips it and tells it",
    hasNginx(),
    ({ url }) => startNginx(`${url}/`, `${LINES} proxy_set_header X-Forwarded-Prefix ${BASE};`, `${BASE}/`),
    { trustedProxy: ["127.0.0.0/8"] },
  ],
];

let browser: Browser | undefined;
beforeAll(async () => {
  if (noBrowser === undefined) browser = await launch();
});
afterAll(() => browser?.close());

describe.each(PROXIES)("behind %s", (_, present, start, options = { basePath: BASE }) => {
  let server: TestServer;
  let proxy: Proxy;
  let site = "";
  let folder = "";

  beforeAll(async () => {
    if (!present) return;
    server = await startServer(options);
    proxy = await start(server);
    site = proxy.url + BASE;
    folder = await mkdtemp(join(tmpdir(), "sluice-base-"));
  });
  afterAll(async () => {
    if (!present) return;
    await proxy[Symbol.asyncDispose]();
    await server.stop();
    await rm(folder, { recursive: true, force: true });
  });

  test.skipIf(!present)("curl can follow the Location of a PUT and the type of a problem", async () => {
    const file = join(folder, "curl.txt");
    await Bun.write(file, "from curl");
    const put = Bun.spawn(["curl", "-sS", "-i", "-T", file, `${site}/files/in/a%20b.txt`], {
      stdout: "pipe",
    });
    const answer = await put.stdout.text();
    const location = /^location: (\S+)/im.exec(answer)?.[1] ?? "";
    expect(location).toBe(`${BASE}/files/in/a%20b.txt`);
    expect(await (await fetch(proxy.url + location)).text()).toBe("from curl");
    const problem: { type: string } = JSON.parse(await (await fetch(`${site}/files/none`)).text());
    expect((await fetch(new URL(problem.type, proxy.url))).status).toBe(200);
  });

  test.skipIf(!present)("tus-js-client uploads in chunks", async () => {
    const file = join(folder, "tus.bin");
    const bytes = crypto.getRandomValues(new Uint8Array(50_000));
    await Bun.write(file, bytes);
    const ended = await runTusUpload(file, {
      endpoint: `${site}/uploads`,
      metadata: { filename: "tus.bin" },
      chunkSize: 20_000,
    });
    expect(ended.end).toMatchObject({ done: "saved" });
    expect(ended.url).toStartWith(`${site}/uploads/`);
    expect(await Bun.file(join(server.root, "tus.bin")).bytes()).toEqual(bytes);
  });

  test.skipIf(!present || noBrowser !== undefined)(
    "the page uploads, lists, searches and reloads",
    async () => {
      if (!browser) throw new Error("Chromium was not started.");
      await Bun.write(join(server.root, "shelf/book.txt"), "x");
      await using opened = await openPage(browser, `${site}/`);
      const { page } = opened;
      await page.getByRole("link", { name: "shelf" }).click();
      await page.getByRole("link", { name: "book.txt" }).waitFor();
      expect(new URL(page.url()).pathname).toBe(`${BASE}/files/shelf/`);
      await opened.choose({ "small.txt": "small", "large.bin": 9_000_000 });
      await page.locator(".upload[data-state=saved]").nth(1).waitFor();
      expect(Bun.file(join(server.root, "shelf/large.bin")).size).toBe(9_000_000);
      const link = page.getByRole("link", { name: "small.txt" }).first();
      expect(await link.getAttribute("href")).toStartWith(`${BASE}/files/shelf/small.txt`);
      await page.reload();
      await page.getByRole("link", { name: "large.bin" }).waitFor();
      const archive = page.getByRole("link", { name: "Download folder" });
      expect(
        (
          await page.request.get(new URL((await archive.getAttribute("href")) ?? "", page.url()).href)
        ).status(),
      ).toBe(200);
      await page.getByRole("searchbox").fill("boo");
      await page.getByRole("link", { name: "book.txt" }).waitFor();
      await page.getByRole("link", { name: "Sluice" }).click();
      await page.getByRole("link", { name: "shelf" }).waitFor();
      expect(new URL(page.url()).pathname).toBe(`${BASE}/`);
      expect(await texts(page, "#curl")).toEqual([`curl -T FILE '${proxy.url}${BASE}/files/'`]);
      expect(opened.complaints).toEqual([]);
    },
  );
});
