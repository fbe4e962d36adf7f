// Digests of whole files: right, made once, few at a time, given up when nobody waits.

import { describe, expect, test } from "bun:test";
import { createHash } from "node:crypto";
import { FileDigestCache } from "../../../src/core/digest/file-digests.ts";
import { checkFilePath } from "../../../src/path.ts";
import type { FileEntry } from "../../../src/storage/entry.ts";
import { MemoryStorage } from "../../../src/storage/memory/memory.ts";
import type { StoredFile } from "../../../src/storage/storage.ts";
import { until } from "../../support/server.ts";

const stays = new AbortController().signal;

/** A storage whose files are read when the test lets them be. */
async function storageOf(...texts: string[]) {
  const storage = new MemoryStorage();
  const gate = Promise.withResolvers<void>();
  const opened: string[] = [];
  let open = 0;
  const entries: FileEntry[] = [];
  for (const [index, text] of texts.entries()) {
    const path = checkFilePath(`f${index}`);
    const upload = await storage.begin(path);
    await upload.append(new TextEncoder().encode(text));
    entries.push((await upload.finish(path, { replace: true })).entry);
  }
  const digests = new FileDigestCache({
    async open(path): Promise<StoredFile> {
      opened.push(path);
      open += 1;
      const file = await storage.open(path);
      await gate.promise;
      return {
        ...file,
        close: async () => {
          open -= 1;
        },
      };
    },
  });
  return { storage, digests, entries, opened, letRead: gate.resolve, open: () => open };
}

const hex = (value: Uint8Array | undefined): string => Buffer.from(value ?? []).toString("hex");
const expected = (algorithm: string, text: string): string =>
  createHash(algorithm).update(text).digest("hex");

test("are those of the bytes", async () => {
  const { digests, entries, letRead } = await storageOf("hello", "");
  letRead();
  const [hello, empty] = entries as [FileEntry, FileEntry];
  expect(hex((await digests.of(hello, "sha-256", stays))?.value)).toBe(expected("sha256", "hello"));
  expect(hex((await digests.of(hello, "sha-512", stays))?.value)).toBe(expected("sha512", "hello"));
  expect(hex((await digests.of(empty, "sha-256", stays))?.value)).toBe(expected("sha256", ""));
});

describe("one file", () => {
  test("is read once for all who ask, and then not again", async () => {
    const { digests, entries, opened, letRead } = await storageOf("x");
    const [entry] = entries as [FileEntry];
    const asked = Array.from({ length: 10 }, () => digests.of(entry, "sha-256", stays));
    letRead();
    const values = (await Promise.all(asked)).map((digest) => hex(digest?.value));
    expect(new Set(values)).toEqual(new Set([expected("sha256", "x")]));
    await digests.of(entry, "sha-256", stays);
    expect(opened).toEqual(["f0"]);
  });

  test("is read to its end while one who asked is still there", async () => {
    const { digests, entries, opened, letRead } = await storageOf("x");
    const [entry] = entries as [FileEntry];
    const goes = new AbortController();
    const gone = digests.of(entry, "sha-256", goes.signal);
    const waits = digests.of(entry, "sha-256", stays);
    goes.abort();
    expect(await gone).toBeNull();
    letRead();
    expect(hex((await waits)?.value)).toBe(expected("sha256", "x"));
    expect(opened).toEqual(["f0"]);
  });

  test("is given up, and closed, when nobody waits; who comes then begins anew", async () => {
    const { digests, entries, letRead, open } = await storageOf("x");
    const [entry] = entries as [FileEntry];
    const goes = new AbortController();
    const gone = digests.of(entry, "sha-256", goes.signal);
    await until("it is opened", () => open() === 1);
    goes.abort();
    expect(await gone).toBeNull();
    expect(digests.pending).toBe(0);
    letRead();
    expect(hex((await digests.of(entry, "sha-256", stays))?.value)).toBe(expected("sha256", "x"));
    await until("all are closed", () => open() === 0);
  });

  test("has none when it is another one by now, or cannot be opened", async () => {
    const { digests, entries, letRead, storage } = await storageOf("x");
    letRead();
    const [entry] = entries as [FileEntry];
    const upload = await storage.begin(entry.path);
    await upload.finish(entry.path, { replace: true });
    expect(await digests.of(entry, "sha-256", stays)).toBeNull();
    await storage.remove(entry.path);
    expect(digests.of(entry, "sha-256", stays)).rejects.toThrow("not_found");
    await until("nothing is left", () => digests.pending === 0);
  });
});

test("two are made at once, 32 wait in the order they came, the next is none", async () => {
  const { digests, entries, opened, letRead } = await storageOf(
    ...Array.from({ length: 35 }, (_, n) => `${n}`),
  );
  const asked = entries.map((entry) => digests.of(entry, "sha-256", stays));
  expect(await asked[34]).toBeNull();
  await until("two are begun", () => opened.length === 2);
  letRead();
  const made = await Promise.all(asked.slice(0, 34));
  expect(made.map((digest) => hex(digest?.value))).toEqual(
    Array.from({ length: 34 }, (_, n) => expected("sha256", `${n}`)),
  );
  expect(opened).toEqual(Array.from({ length: 34 }, (_, n) => `f${n}`));
});

test("who waits and goes makes room", async () => {
  const { digests, entries, opened, letRead } = await storageOf(
    ...Array.from({ length: 36 }, (_, n) => `${n}`),
  );
  const goes = new AbortController();
  const asked = entries
    .slice(0, 34)
    .map((entry, index) => digests.of(entry, "sha-256", index === 20 ? goes.signal : stays));
  goes.abort();
  await asked[20];
  const late = digests.of(entries[35] as FileEntry, "sha-256", stays);
  letRead();
  expect(await late).not.toBeNull();
  await Promise.all(asked);
  expect(opened).not.toContain("f20");
});
