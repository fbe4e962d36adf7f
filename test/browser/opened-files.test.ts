// Files opened at their URL in Chromium: media play, pictures, PDFs and texts are shown, and pages run no script.

import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { join } from "node:path";
import type { Browser, BrowserContext, Page } from "playwright-core";
import { launch, noBrowser } from "../support/browser.ts";
import { patient } from "../support/patience.ts";
import { startServer, type TestServer, until } from "../support/server.ts";
import { SAMPLES } from "./samples.ts";

setDefaultTimeout(patient(60_000));

/** Silence of a tenth of a second: 8-bit PCM at 8,000 Hz. */
function wav(): Uint8Array<ArrayBuffer> {
  const samples = 800;
  const bytes = Buffer.alloc(44 + samples, 0x80);
  bytes.write("RIFF", 0);
  bytes.writeUInt32LE(36 + samples, 4);
  bytes.write("WAVEfmt ", 8);
  bytes.writeUInt32LE(16, 16);
  for (const [index, value] of [1, 1].entries()) bytes.writeUInt16LE(value, 20 + 2 * index);
  for (const [index, value] of [8000, 8000].entries()) bytes.writeUInt32LE(value, 24 + 4 * index);
  for (const [index, value] of [1, 8].entries()) bytes.writeUInt16LE(value, 32 + 2 * index);
  bytes.write("data", 36);
  bytes.writeUInt32LE(samples, 40);
  return new Uint8Array(bytes);
}

const PNG =
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg==";

const PDF = `%PDF-1.4
1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj
2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj
3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 99 99]>>endobj
trailer<</Root 1 0 R>>
%%EOF`;

describe.skipIf(noBrowser !== undefined)("opened in Chromium", () => {
  let browser: Browser;
  // No test stores anything in it, and a new one for each would cost 0.7 s of a processor.
  let context: BrowserContext;
  let server: TestServer;
  beforeAll(async () => {
    [browser, server] = [await launch(), await startServer()];
    context = await browser.newContext();
    // Without an open page the processes of the context end.
    await context.newPage();
    for (const [extension, text] of Object.entries(SAMPLES))
      await Bun.write(join(server.root, `a.${extension}`), Uint8Array.fromBase64(text));
    await Bun.write(join(server.root, "a.wav"), wav());
    await Bun.write(join(server.root, "a.png"), Uint8Array.fromBase64(PNG));
    await Bun.write(join(server.root, "a.pdf"), PDF);
  });
  afterAll(async () => {
    await browser.close();
    await server.stop();
  });

  async function opened<T>(name: string, look: (page: Page) => Promise<T>): Promise<T> {
    const page = await context.newPage();
    try {
      await page.goto(`${server.url}/files/${name}`);
      return await look(page);
    } finally {
      await page.close();
    }
  }

  test.each(["mp4", "webm", "mp3", "wav", "ogg", "flac"])("%s plays", async (extension) => {
    const played = await opened(`a.${extension}`, (page) =>
      page.evaluate(`new Promise((resolve) => {
        const player = document.querySelector("video, audio");
        player.muted = true;
        const tell = () => resolve({ error: player.error?.message ?? null, seconds: player.currentTime > 0 });
        player.onended = player.onerror = tell;
        player.play().catch(tell);
        if (player.error || player.ended) tell();
      })`),
    );
    expect(played).toEqual({ error: null, seconds: true });
  });

  test("a picture is shown", async () => {
    const width = await opened("a.png", (page) => page.evaluate("document.images[0].naturalWidth"));
    expect(width).toBe(1);
  });

  test("a PDF is shown by the viewer", async () => {
    await opened("a.pdf", async (page) => {
      // The page, the viewer, and the document in it.
      await until("the viewer opens", () => page.frames().length === 3);
      expect(page.frames()[1]?.url()).toStartWith("chrome-extension://");
    });
  });

  test.each([
    ["a.txt", "<b>plain</b> ü"],
    ["README", "# Read me"],
    ["main.rs", "fn main() {}"],
    ["app.ts", "const a: number = 1;"],
    ["run.sh", "#!/bin/sh"],
  ])("%s is shown as text", async (name, text) => {
    await Bun.write(join(server.root, name), text);
    expect(await opened(name, (page) => page.evaluate("document.body.innerText"))).toBe(text);
  });

  test.each([
    ["page.html", "<title>still</title><script>document.title = 'ran'</script>"],
    [
      "page.xhtml",
      "<html xmlns='http://www.w3.org/1999/xhtml'><head><title>still</title><script>document.title = 'ran'</script></head></html>",
    ],
    [
      "page.svg",
      "<svg xmlns='http://www.w3.org/2000/svg'><title>still</title><script>document.title = 'ran'</script></svg>",
    ],
    [
      "page.xml",
      "<html xmlns='http://www.w3.org/1999/xhtml'><head><title>still</title><script>document.title = 'ran'</script></head></html>",
    ],
  ])("%s runs no script, and has an origin of its own", async (name, text) => {
    await Bun.write(join(server.root, name), text);
    expect(await opened(name, (page) => page.evaluate("[document.title, self.origin]"))).toEqual([
      "still",
      "null",
    ]);
  });

  test("a page that is called a text, a picture or a film is none", async () => {
    const page = "<!doctype html><title>ran</title><script>document.title = 'ran'</script>";
    for (const name of ["page.txt", "page", "page.png", "page.mp4", "page.ts", "html"]) {
      await Bun.write(join(server.root, name), page);
      expect(await opened(name, (page) => page.evaluate("document.title"))).not.toBe("ran");
    }
  });

  test.each(["js", "mjs", "ecma"])(
    "an uploaded .%s is neither a script nor a worker of the server's own page",
    async (extension) => {
      await Bun.write(
        join(server.root, `evil.${extension}`),
        "globalThis.document && (document.title = 'ran')",
      );
      const page = await context.newPage();
      await page.goto(`${server.url}/`);
      const outcomes = await page.evaluate(`(async (url) => {
      const failed = (promise) => promise.then(() => "ran", () => "refused");
      const script = new Promise((resolve, reject) => {
        const element = Object.assign(document.createElement("script"), { src: url, onload: resolve, onerror: reject });
        document.head.append(element);
      });
      return [await failed(script), await failed(import(url)), await failed(navigator.serviceWorker.register(url))];
    })("/files/evil.${extension}")`);
      await page.close();
      expect(outcomes).toEqual(["refused", "refused", "refused"]);
    },
  );
});
