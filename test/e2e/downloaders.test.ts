// curl, wget and aria2 download, resume after a cut, and detect a changed file; a browser plays from the middle.

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser } from "playwright-core";
import { launch, noBrowser, openPage } from "../support/browser.ts";
import { startServer, type TestServer, until } from "../support/server.ts";
import { isMissing } from "../support/switches.ts";

const SIZE = 20_000_000;

let server: TestServer;
let folder: string;
let bytes: Buffer;
beforeAll(async () => {
  server = await startServer();
  folder = await mkdtemp(join(tmpdir(), "sluice-downloaders-"));
  const piece = crypto.getRandomValues(new Uint8Array(50_000));
  bytes = Buffer.concat(
    Array.from({ length: SIZE / 50_000 }, (_, index) => Buffer.concat([piece, Buffer.from(`${index}`)])),
  );
  await Bun.write(join(server.root, "large file.bin"), bytes);
});
afterAll(async () => {
  await server.stop();
  await rm(folder, { recursive: true });
});

const url = (): string => `${server.url}/files/large%20file.bin`;

/** Runs a program in the folder. @returns its exit code */
async function run(...words: string[]): Promise<number> {
  const child = Bun.spawn(words, { cwd: folder, stdin: "ignore", stdout: "ignore", stderr: "pipe" });
  const [code, complaints] = await Promise.all([child.exited, child.stderr.text()]);
  if (code !== 0) console.warn(complaints.slice(-500));
  return code;
}

/** Creates the partial file of a download that was cut. */
const begin = (name: string, length = 7_654_321): Promise<number> =>
  Bun.write(join(folder, name), bytes.subarray(0, length));
const got = async (name: string): Promise<boolean> =>
  Buffer.from(await Bun.file(join(folder, name)).bytes()).equals(bytes);
/** The log lines about downloads since the last call. */
const sent = (): string[] => server.log.splice(0).filter((line) => / (?:sent|cut) large file/.test(line));

describe("curl -C -", () => {
  test.skipIf(isMissing("curl"))(
    "resumes where it stopped, and does not download a complete file again",
    async () => {
      await begin("curl");
      expect(await run("curl", "-sS", "--fail", "-C", "-", "-o", "curl", url())).toBe(0);
      expect(await got("curl")).toBe(true);
      await until("the rest is in the log", () =>
        server.log.some((line) => /bin · 12\.?\d* MB in /.test(line)),
      );
      expect(await run("curl", "-sS", "-C", "-", "-o", "curl", url())).toBe(0);
      expect(await got("curl")).toBe(true);
    },
  );

  test.skipIf(isMissing("curl"))("downloads a file again only if it is newer", async () => {
    const words = [
      "curl",
      "-sS",
      "--fail",
      "--etag-save",
      "tag",
      "--etag-compare",
      "tag",
      "-o",
      "etag",
      url(),
    ];
    expect(await run(...words)).toBe(0);
    await rm(join(folder, "etag"));
    expect(await run(...words)).toBe(0);
    expect(await Bun.file(join(folder, "etag")).exists()).toBe(false);
  });
});

describe("wget -c", () => {
  test.skipIf(isMissing("wget"))(
    "resumes where it stopped, and does not download a complete file again",
    async () => {
      await begin("wget");
      expect(await run("wget", "-q", "-c", "-O", "wget", url())).toBe(0);
      expect(await got("wget")).toBe(true);
      expect(await run("wget", "-q", "-c", "-O", "wget", url())).toBe(0);
      expect(await got("wget")).toBe(true);
    },
  );

  test.skipIf(isMissing("wget"))("-N downloads only newer files", async () => {
    // A new file, because log lines about earlier downloads may still be written.
    await Bun.write(join(server.root, "dated.bin"), bytes);
    const lines = () => server.log.filter((line) => line.includes(" sent dated.bin"));
    expect(await run("wget", "-q", "-N", `${server.url}/files/dated.bin`)).toBe(0);
    expect(await got("dated.bin")).toBe(true);
    await until("that is in the log", () => lines().length === 1);
    expect(await run("wget", "-q", "-N", `${server.url}/files/dated.bin`)).toBe(0);
    expect(await run("wget", "-q", "-O", "after", `${server.url}/files/dated.bin`)).toBe(0);
    await until("the download after it is in the log", () => lines().length > 1);
    expect(lines()).toHaveLength(2);
  });
});

describe("aria2c -x4 -s4", () => {
  const words = ["aria2c", "-q", "-x4", "-s4", "-k1M", "--allow-overwrite=true", "--no-conf", "-o", "aria"];

  test.skipIf(isMissing("aria2c"))("downloads on several connections", async () => {
    sent();
    expect(await run(...words, url())).toBe(0);
    expect(await got("aria")).toBe(true);
    // aria2 requests the whole file on the first connection, and cuts it where the second one began.
    let lines = 0;
    await until("four are in the log", () => {
      lines += sent().length;
      return lines >= 4;
    });
  });

  test.skipIf(isMissing("aria2c"))("resumes a download of another program", async () => {
    await begin("aria");
    expect(await run(...words, "-c", url())).toBe(0);
    expect(await got("aria")).toBe(true);
  });
});

describe("a browser", () => {
  let browser: Browser | undefined;
  beforeAll(async () => {
    if (noBrowser === undefined) browser = await launch();
  });
  afterAll(() => browser?.close());

  /** Two minutes of sound: more than a browser buffers. */
  function wave(seconds: number): Buffer {
    const rate = 44_100;
    const data = Buffer.alloc(rate * seconds * 4);
    for (let at = 0; at < data.length; at += 2) data.writeInt16LE(((at * 7919) % 2001) - 1000, at);
    const head = Buffer.alloc(44);
    head.write("RIFF", 0);
    head.writeUInt32LE(36 + data.length, 4);
    head.write("WAVEfmt ", 8);
    head.writeUInt32LE(16, 16);
    head.writeUInt16LE(1, 20);
    head.writeUInt16LE(2, 22);
    head.writeUInt32LE(rate, 24);
    head.writeUInt32LE(rate * 4, 28);
    head.writeUInt16LE(4, 32);
    head.writeUInt16LE(16, 34);
    head.write("data", 36);
    head.writeUInt32LE(data.length, 40);
    return Buffer.concat([head, data]);
  }

  test.skipIf(noBrowser !== undefined)(
    "plays a recording from the middle without downloading its beginning",
    async () => {
      if (!browser) throw new Error("There is no browser.");
      await Bun.write(join(server.root, "song.wav"), wave(240));
      await using opened = await openPage(browser, "about:blank");
      const { page } = opened;
      const answers: [status: number, range: string][] = [];
      page.on("response", (answer) => {
        if (answer.url().endsWith("song.wav"))
          answers.push([answer.status(), answer.headers()["content-range"] ?? ""]);
      });
      // Scripts run on another page of this origin, because a file's own page is sandboxed.
      await page.route("**/player", (route) =>
        route.fulfill({
          contentType: "text/html",
          body: '<video muted preload="metadata" src="/files/song.wav">',
        }),
      );
      await page.goto(`${server.url}/player`);
      const arrived = await page.evaluate<number>(`new Promise((resolve, reject) => {
      const media = document.querySelector("video");
      media.onerror = () => reject(new Error(media.error.message));
      media.onseeked = () => resolve(media.currentTime);
      const seek = () => { media.currentTime = 200; };
      if (media.readyState > 0) seek(); else media.onloadedmetadata = seek;
    })`);
      expect(arrived).toBeCloseTo(200, 0);
      const partial = answers.filter(([status]) => status === 206);
      expect(partial.length).toBeGreaterThan(0);
      const first = Number(/bytes (\d+)-/.exec(partial.at(-1)?.[1] ?? "")?.[1]);
      expect(first).toBeGreaterThan(30_000_000);
    },
  );

  test.skipIf(noBrowser !== undefined)("shows a sandboxed PDF in its own viewer", async () => {
    if (!browser) throw new Error("There is no browser.");
    await Bun.write(
      join(server.root, "paper.pdf"),
      "%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n" +
        "3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 300 200]>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n",
    );
    await using opened = await openPage(browser, `${server.url}/files/paper.pdf`);
    await until("the viewer opens", () =>
      opened.page.frames().some((frame) => frame.url().startsWith("chrome-extension:")),
    );
  });
});
