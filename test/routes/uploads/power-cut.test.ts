// After a power cut only synced bytes count: an upload resumes there, whatever the file system contains after them.

import { expect, test } from "bun:test";
import { appendFile, cp, mkdtemp, rm, truncate } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type DiskStorage, openDisk } from "../../../src/storage/disk/disk.ts";
import { startServer, type TestServer, until } from "../../support/server.ts";
import { named, OFFSET_TYPE, TUS, tusClient } from "../../support/tus-client.ts";

const MIB = 1024 * 1024;

/** Starts a server on this folder with this boot id. */
async function booted(root: string, boot: string): Promise<TestServer & { storage: DiskStorage }> {
  const storage = await openDisk(root, { boot });
  const server = await startServer({ root, storage });
  return Object.assign(server, { storage });
}

/** Two folders: the bytes that the server wrote, and those left after the power cut. */
async function folders() {
  const outside = await mkdtemp(join(tmpdir(), "sluice-power-"));
  return {
    before: join(outside, "before"),
    after: join(outside, "after"),
    [Symbol.asyncDispose]: () => rm(outside, { recursive: true }),
  };
}

const dataOf = (root: string, url: string) =>
  join(root, ".sluice/kept", `${url.slice("/uploads/".length)}.data`);

const marked = async (root: string, url: string): Promise<number> =>
  (await Bun.file(dataOf(root, url).replace(/data$/, "note")).json()).mark.length;

const letters = (letter: string, count: number) => letter.repeat(count);

test("bytes after the durable length are discarded, and sent again", async () => {
  await using roots = await folders();
  await Bun.write(join(roots.before, "x"), "");
  const server = await booted(roots.before, "first");
  const client = tusClient(server);
  const url = await client.create({ "upload-length": "9", ...named("a.txt") });
  const cut = new AbortController();
  const body = new ReadableStream<Uint8Array>({ start: (to) => to.enqueue(Buffer.from("abc")) });
  const sent = server.fetch(url, {
    method: "PATCH",
    headers: { ...TUS, ...OFFSET_TYPE, "upload-offset": "0" },
    body,
    signal: cut.signal,
  });
  const { uploader, uploads } = server.app.decorator.services;
  await until("the bytes arrived", () =>
    uploader.activeUploads.reports().some(({ received }) => received === 3),
  );
  cut.abort();
  await sent.catch(() => {});
  await until("the request ended", () => uploader.slots.taken === 0);
  uploads.sweep();
  await until("the durable length is recorded", async () => (await marked(roots.before, url)) === 3);
  // Later bytes were neither synced nor recorded as durable.
  await cp(roots.before, roots.after, { recursive: true });
  await appendFile(dataOf(roots.after, url), "\0\0\0\0");
  await server.stop();
  await server.storage.close();

  const same = await booted(roots.after, "first");
  // Without a power cut, the bytes of a killed server exist.
  expect(await tusClient(same).offsetOf(url)).toBe("7");
  await same.stop();
  await same.storage.close();
  await truncate(dataOf(roots.after, url), 3);
  await appendFile(dataOf(roots.after, url), "\0\0");

  const other = await booted(roots.after, "second");
  const next = tusClient(other);
  expect(await next.offsetOf(url)).toBe("3");
  expect((await next.patch(url, 3, "def")).headers.get("upload-offset")).toBe("6");
  expect((await next.patch(url, 6, "ghi")).status).toBe(204);
  expect(await next.text("a.txt")).toBe("abcdefghi");
  await other.stop();
  await other.storage.close();
});

test("the durable length is recorded during a long request, and on shutdown", async () => {
  await using roots = await folders();
  await Bun.write(join(roots.before, "x"), "");
  const server = await booted(roots.before, "first");
  const client = tusClient(server);
  const size = 100 * MIB;
  const url = await client.create({ "upload-defer-length": "1", ...named("a.bin") });
  let [left, ended] = [size / MIB, false];
  const body = new ReadableStream<Uint8Array>({
    async pull(to) {
      if (left-- > 0) return to.enqueue(new Uint8Array(MIB).fill(97));
      // The length is checked when bytes arrive, and a slow disk may sync the first of them after the last have arrived.
      await Bun.sleep(20);
      if (ended) to.close();
      else to.enqueue(Buffer.from("a"));
    },
  });
  const sent = client.patch(url, 0, body);
  await until("a durable length was recorded", async () => (await marked(roots.before, url)) >= 32 * MIB, 60);
  let written: number;
  // A copy is not atomic like a power cut, so repeat it if metadata was written during the copy.
  do {
    written = await marked(roots.before, url);
    await cp(roots.before, roots.after, { recursive: true });
  } while ((await marked(roots.before, url)) !== written);
  const mark = Math.min(size, written);
  // The file system has stored the new length, but none of the bytes after the durable length.
  await truncate(dataOf(roots.after, url), mark);
  await truncate(dataOf(roots.after, url), size);
  ended = true;
  const answer = await sent;
  expect(answer.status).toBe(204);
  await server.stop();
  expect(`${await marked(roots.before, url)}`).toBe(answer.headers.get("upload-offset") ?? "");
  await server.storage.close();

  const other = await booted(roots.after, "second");
  const next = tusClient(other);
  const offset = Number(await next.offsetOf(url));
  expect(offset).toBeGreaterThanOrEqual(mark);
  expect(offset).toBeLessThanOrEqual(size);
  expect((await next.patch(url, offset, letters("a", size - offset))).status).toBe(204);
  expect((await next.patch(url, size, "bbbbb", { "upload-length": `${size + 5}` })).status).toBe(204);
  const hash = Bun.SHA256.hash(Buffer.concat([Buffer.alloc(size, 97), Buffer.from("bbbbb")]), "hex");
  expect(Bun.SHA256.hash(await Bun.file(join(roots.after, "a.bin")).arrayBuffer(), "hex")).toBe(hash);
  await other.stop();
  await other.storage.close();
}, 120_000);
