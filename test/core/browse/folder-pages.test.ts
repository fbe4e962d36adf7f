// Pages of a folder for answers: all entries once, shared by clients who read at the same time.

import { expect, test } from "bun:test";
import { folderPages } from "../../../src/core/browse/folder-pages.ts";
import { nameOf } from "../../../src/path.ts";
import { MemoryStorage } from "../../../src/storage/memory/memory.ts";
import { codeOf, folder, put } from "../../storage/driving.ts";

async function filled() {
  const storage = new MemoryStorage();
  for (let n = 1; n <= 5200; n += 1) await put(storage, `big/${n}`, "");
  let read = 0;
  const page = storage.page.bind(storage);
  storage.page = (...query) => {
    read += 1;
    return page(...query);
  };
  const pages = (signal = new AbortController().signal) =>
    folderPages(storage, folder("big"), undefined, signal);
  return { storage, pages, read: () => read };
}

test("has every entry once, in its order", async () => {
  const { pages } = await filled();
  const found = (await Array.fromAsync(pages())).map((entries) => entries.length);
  expect(found).toEqual([1000, 4000, 200]);
  const names = (await Array.fromAsync(pages())).flat().map(({ path }) => Number(nameOf(path)));
  expect(names).toEqual(Array.from({ length: 5200 }, (_, n) => n + 1));
});

test("a hundred clients share a page, and one that does not read on has nothing read for it", async () => {
  const { pages, read } = await filled();
  const clients = Array.from({ length: 100 }, () => pages());
  const first = await Promise.all(clients.map((client) => client.next()));
  expect(first.every(({ value }) => value?.length === 1000)).toBe(true);
  // One that runs when they come, and one for all of them.
  expect(read()).toBeLessThanOrEqual(2);
  const [client] = clients;
  await client?.next();
  expect(read()).toBeLessThanOrEqual(3);
});

test("a client that has gone away leaves the queue", async () => {
  const { storage, pages, read } = await filled();
  const gone = new AbortController();
  gone.abort(new Error("gone"));
  await expect(pages(gone.signal).next()).rejects.toThrow("gone");
  expect(read()).toBe(0);
  const missing = folderPages(storage, folder("none"), undefined, new AbortController().signal);
  expect(await codeOf(missing.next())).toBe("not_found");
});
