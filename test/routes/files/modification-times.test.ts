// A file has the modification time that its client sends, in every way in which clients send one.

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { lstatSync, statSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { FormResult, Listing, SavedFile } from "../../../src/routes/openapi/shapes.ts";
import { fileEntry } from "../../../src/storage/disk/os/entry.ts";
import { file } from "../../storage/driving.ts";
import { bodyIn } from "../../support/answer.ts";
import { Watch } from "../../support/inotify.ts";
import { startServer, type TestServer } from "../../support/server.ts";
import { skipped } from "../../support/switches.ts";
import { base64, tusClient } from "../../support/tus-client.ts";

const THEN = new Date("2019-05-04T03:02:01.000Z");
const EXACT = new Date("2019-05-04T03:02:01.234Z");
const SECONDS = `${THEN.getTime() / 1000}`;

let server: TestServer;
beforeAll(async () => {
  server = await startServer();
});
afterAll(() => server.stop());

const put = (path: string, headers: Record<string, string>, body = "a") =>
  server.fetch(`/files/${path}`, { method: "PUT", body, headers });
const timeOf = (path: string, at = server) => statSync(join(at.root, path)).mtime.toISOString();

describe("PUT", () => {
  const LAST_MODIFIED = { "last-modified": THEN.toUTCString() };
  const SENT: [what: string, headers: Record<string, string>, time: Date, accepted: string | null][] = [
    ["X-OC-Mtime in seconds", { "x-oc-mtime": SECONDS }, THEN, "accepted"],
    ["X-OC-Mtime with a fraction", { "x-oc-mtime": `${EXACT.getTime() / 1000}` }, EXACT, "accepted"],
    ["Last-Modified", LAST_MODIFIED, THEN, null],
    ["both", { "x-oc-mtime": SECONDS, "last-modified": new Date().toUTCString() }, THEN, "accepted"],
    ["a broken X-OC-Mtime and Last-Modified", { "x-oc-mtime": "x", ...LAST_MODIFIED }, THEN, null],
  ];
  test.each(SENT)(
    "takes the time of %s: answer, listing and file say so",
    async (_, headers, time, accepted) => {
      const saved = await put("put/a", headers);
      const answer = await bodyIn(SavedFile, saved);
      expect(answer.modified).toBe(time.toISOString());
      expect(saved.headers.get("x-oc-mtime")).toBe(accepted);
      expect(timeOf("put/a")).toBe(time.toISOString());
      const read = await server.fetch("/files/put/a");
      expect(read.headers.get("last-modified")).toBe(time.toUTCString());
      expect(read.headers.get("etag")).toBe(answer.etag);
      const { entries } = await bodyIn(Listing, await server.fetch("/api/entries?folder=put"));
      expect(entries[0]).toMatchObject({ modified: time.toISOString(), etag: answer.etag });
    },
  );

  test.each([
    ["text", "yesterday"],
    ["a negative number", "-1"],
    ["zero, as programs send that do not know the time", "0"],
    ["hexadecimal", "0x5ccd"],
    ["an exponent", "1e9"],
    ["the future", `${Math.ceil(Date.now() / 1000) + 3600}`],
    ["more than a date can be", "999999999999"],
    ["a number without end", "1".repeat(400)],
  ])("saves the file and ignores a time that is %s", async (_, value) => {
    const before = Date.now() - 2000;
    const saved = await put("ignored", { "x-oc-mtime": value });
    expect([200, 201]).toContain(saved.status);
    expect(saved.headers.get("x-oc-mtime")).toBeNull();
    expect(Date.parse((await bodyIn(SavedFile, saved)).modified)).toBeGreaterThan(before);
  });

  test("of the same size and time has another ETag, and an old one matches no more", async () => {
    const first = (await put("same", { "x-oc-mtime": SECONDS }, "one")).headers.get("etag") ?? "";
    const second = (await put("same", { "x-oc-mtime": SECONDS }, "two")).headers.get("etag") ?? "";
    expect(second).not.toBe(first);
    expect((await put("same", { "if-match": first }, "new")).status).toBe(412);
    const again = await server.fetch("/files/same", { headers: { "if-none-match": second } });
    expect(again.status).toBe(304);
    expect((await server.fetch("/files/same", { headers: { "if-none-match": first } })).status).toBe(200);
  });

  test("with a time sorts the listing by it", async () => {
    for (const [name, year] of [
      ["b", 2001],
      ["c", 2003],
      ["a", 2002],
    ] as const)
      await put(`sorted/${name}`, { "last-modified": new Date(Date.UTC(year, 0)).toUTCString() });
    const { entries } = await bodyIn(Listing, await server.fetch("/api/entries?folder=sorted&sort=modified"));
    expect(entries.map(({ name }) => name)).toEqual(["b", "a", "c"]);
  });
});

test("POST of one file takes the time of its headers", async () => {
  const headers = { "x-oc-mtime": SECONDS };
  const saved = await server.fetch("/files/post/?name=a", { method: "POST", body: "a", headers });
  expect(saved.headers.get("x-oc-mtime")).toBe("accepted");
  expect(timeOf("post/a")).toBe(THEN.toISOString());
});

test("a form takes the time of the field lastModified before each file, else that of the header", async () => {
  const form = new FormData();
  form.append("lastModified", `${EXACT.getTime()}`);
  form.append("file", new Blob(["a"]), "first");
  form.append("file", new Blob(["b"]), "second");
  form.append("lastModified", "no time");
  form.append("file", new Blob(["c"]), "third");
  const headers = { "last-modified": THEN.toUTCString() };
  const { files } = await bodyIn(
    FormResult,
    await server.fetch("/files/form/", { method: "POST", body: form, headers }),
  );
  const times = files.map(({ modified }) => modified);
  expect(times).toEqual([EXACT, THEN, THEN].map((time) => time.toISOString()));
  for (const [index, name] of ["first", "second", "third"].entries())
    expect(timeOf(`form/${name}`)).toBe(times[index] ?? "");
});

describe("/uploads", () => {
  test.each([
    ["lastModified in milliseconds", `lastModified ${base64(`${EXACT.getTime()}`)}`, EXACT],
    ["mtime in seconds", `mtime ${base64(SECONDS)}`, THEN],
    ["a time that is none", `lastModified ${base64("soon")}`, null],
  ])("tus metadata: %s", async (_, metadata, time) => {
    const tus = tusClient(server);
    const before = Date.now() - 2000;
    const headers = { "upload-length": "2", "upload-metadata": metadata };
    const made = await tus.post(headers, null, "?path=tus/a&conflict=replace");
    const url = made.headers.get("location") ?? "";
    await tus.patch(url, 0, "a");
    expect((await tus.patch(url, 1, "b")).status).toBe(204);
    if (time) expect(timeOf("tus/a")).toBe(time.toISOString());
    else expect(Date.parse(timeOf("tus/a"))).toBeGreaterThan(before);
  });

  test("a time survives a restart between two requests", async () => {
    const root = await mkdtemp(join(tmpdir(), "sluice-times-"));
    try {
      const first = await startServer({ root });
      const headers = { "upload-length": "2", "x-oc-mtime": SECONDS };
      const made = await tusClient(first).post(headers, null, "?path=a");
      const url = made.headers.get("location") ?? "";
      await tusClient(first).patch(url, 0, "a");
      await first.stop();
      await using second = await startServer({ root });
      expect((await tusClient(second).patch(url, 1, "b")).status).toBe(204);
      expect(timeOf("a", second)).toBe(THEN.toISOString());
    } finally {
      await rm(root, { recursive: true, force: true });
    }
  });

  test("Resumable Uploads for HTTP takes the header, as the page sends it", async () => {
    const headers = {
      "upload-draft-interop-version": "8",
      "upload-complete": "?1",
      "x-oc-mtime": `${EXACT.getTime() / 1000}`,
    };
    const made = await server.fetch("/uploads?path=rufh", { method: "POST", body: "a", headers });
    expect(made.status).toBe(201);
    expect(timeOf("rufh")).toBe(EXACT.toISOString());
  });
});

const elsewhere = process.platform !== "linux";
if (elsewhere) skipped("the time that a watcher sees", "this is not Linux", "run it on Linux");

test.skipIf(elsewhere)(
  "the file has its time when its name arrives: nothing touches it afterwards",
  async () => {
    using watch = new Watch(server.root);
    expect((await put("watched", { "x-oc-mtime": SECONDS })).status).toBe(201);
    expect(watch.seen[0]).toBe("MOVED_TO watched");
    expect(watch.seen.filter((event) => event.startsWith("ATTRIB"))).toEqual([]);
    expect(timeOf("watched")).toBe(THEN.toISOString());
  },
);

test("an inode whose number is used again has another ETag, though size and given time are the same", () => {
  const stat = lstatSync(import.meta.path, { bigint: true });
  const born = (birthtimeNs: bigint, mtimeNs: bigint) =>
    fileEntry(file("a"), Object.assign(Object.create(stat), { birthtimeNs, mtimeNs })).etag;
  expect(born(2000n, 1000n)).not.toBe(born(3000n, 1000n));
  // Written after its birth, the time itself tells versions apart; without a birth there is only the time.
  expect(born(2000n, 4000n)).toBe(born(0n, 4000n));
});
