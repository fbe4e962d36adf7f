// Digests of whole files: correct, cached, few at a time, and aborted when no request waits for them.

import { describe, expect, test } from "bun:test";
import { createHash } from "node:crypto";
import { FileDigestCache } from "../../../src/core/digest/file-digests.ts";
import { checkFilePath } from "../../../src/path.ts";
import type { FileEntry } from "../../../src/storage/entry.ts";
import { MemoryStorage } from "../../../src/storage/memory/memory.ts";
import type { StoredFile } from "../../../src/storage/stored-file.ts";
import { until } from "../../support/server.ts";

const connected = new AbortController().signal;

/** A storage whose files are read when the test continues it. */
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

test("are the digests of the bytes", async () => {
  const { digests, entries, letRead } = await storageOf("hello", "");
  letRead();
  const [hello, empty] = entries as [FileEntry, FileEntry];
  expect(hex((await digests.of(hello, "sha-256", connected))?.value)).toBe(expected("sha256", "hello"));
  expect(hex((await digests.of(hello, "sha-512", connected))?.value)).toBe(expected("sha512", "hello"));
  expect(hex((await digests.of(empty, "sha-256", connected))?.value)).toBe(expected("sha256", ""));
});

describe("one file", () => {
  test("is read once for all concurrent requests, and then cached", async () => {
    const { digests, entries, opened, letRead } = await storageOf("x");
    const [entry] = entries as [FileEntry];
    const requests = Array.from({ length: 10 }, () => digests.of(entry, "sha-256", connected));
    letRead();
    const values = (await Promise.all(requests)).map((digest) => hex(digest?.value));
    expect(new Set(values)).toEqual(new Set([expected("sha256", "x")]));
    await digests.of(entry, "sha-256", connected);
    expect(opened).toEqual(["f0"]);
  });

  test("is read completely while one request still waits", async () => {
    const { digests, entries, opened, letRead } = await storageOf("x");
    const [entry] = entries as [FileEntry];
    const client = new AbortController();
    const gone = digests.of(entry, "sha-256", client.signal);
    const waits = digests.of(entry, "sha-256", connected);
    client.abort();
    expect(await gone).toBeNull();
    letRead();
    expect(hex((await waits)?.value)).toBe(expected("sha256", "x"));
    expect(opened).toEqual(["f0"]);
  });

  test("is closed when no request waits any more; the next request reads it again", async () => {
    const { digests, entries, letRead, open } = await storageOf("x");
    const [entry] = entries as [FileEntry];
    const client = new AbortController();
    const gone = digests.of(entry, "sha-256", client.signal);
    await until("the file is opened", () => open() === 1);
    client.abort();
    expect(await gone).toBeNull();
    expect(digests.pending).toBe(0);
    letRead();
    expect(hex((await digests.of(entry, "sha-256", connected))?.value)).toBe(expected("sha256", "x"));
    await until("all files are closed", () => open() === 0);
  });

  test("has no digest if it was replaced or cannot be opened", async () => {
    const { digests, entries, letRead, storage } = await storageOf("x");
    letRead();
    const [entry] = entries as [FileEntry];
    const upload = await storage.begin(entry.path);
    await upload.finish(entry.path, { replace: true });
    expect(await digests.of(entry, "sha-256", connected)).toBeNull();
    await storage.remove(entry.path);
    expect(digests.of(entry, "sha-256", connected)).rejects.toThrow("not_found");
    await until("no digest is pending", () => digests.pending === 0);
  });
});

test("two are computed at a time, 32 wait in order, further requests get none", async () => {
  const { digests, entries, opened, letRead } = await storageOf(
    ...Array.from({ length: 35 }, (_, n) => `${n}`),
  );
  const requests = entries.map((entry) => digests.of(entry, "sha-256", connected));
  expect(await requests[34]).toBeNull();
  await until("two files are opened", () => opened.length === 2);
  letRead();
  const made = await Promise.all(requests.slice(0, 34));
  expect(made.map((digest) => hex(digest?.value))).toEqual(
    Array.from({ length: 34 }, (_, n) => expected("sha256", `${n}`)),
  );
  expect(opened).toEqual(Array.from({ length: 34 }, (_, n) => `f${n}`));
});

test("a request that is aborted while it waits makes room", async () => {
  const { digests, entries, opened, letRead } = await storageOf(
    ...Array.from({ length: 36 }, (_, n) => `${n}`),
  );
  const client = new AbortController();
  const requests = entries
    .slice(0, 34)
    .map((entry, index) => digests.of(entry, "sha-256", index === 20 ? client.signal : connected));
  client.abort();
  await requests[20];
  const late = digests.of(entries[35] as FileEntry, "sha-256", connected);
  letRead();
  expect(await late).not.toBeNull();
  await Promise.all(requests);
  expect(opened).not.toContain("f20");
});
