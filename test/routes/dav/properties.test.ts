// PROPPATCH over a real socket: properties that clients keep with entries, where they go, and how many there may be.

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { rename, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import type { Grant } from "../../../src/config/config.ts";
import { davClient, holding, lockAt, propfind, proppatch, unlock } from "../../support/dav.ts";
import { problemIn } from "../../support/problem.ts";
import { startServer, type TestServer } from "../../support/server.ts";

let server: TestServer;
beforeAll(async () => {
  server = await startServer({ trash: 3600 });
});
afterAll(() => server.stop());

const { at, write, send, json } = davClient(() => server);

const set = (inside: string) => `<D:set><D:prop>${inside}</D:prop></D:set>`;
const remove = (inside: string) => `<D:remove><D:prop>${inside}</D:prop></D:remove>`;
async function give(path: string, value: string): Promise<void> {
  const answer = await proppatch(server, path, set(`<x:p>${value}</x:p>`));
  expect([answer.status, await answer.text()]).toEqual([207, expect.stringContaining("200 OK")]);
}
/** The value of `x:p`; null when there is none. */
async function valueOfP(path: string): Promise<string | null> {
  const xml = await propfind(server, path, "<x:p/>");
  return /<p xmlns="urn:x">(.*?)<\/p>/.exec(xml)?.[1] ?? null;
}

describe("PROPPATCH", () => {
  test("keeps XML with its namespaces, attributes and any characters, and PROPFIND returns it in every form", async () => {
    await write("a.txt");
    const value = '<x:b c="1 &lt;" x:d="2" xml:lang="de">ä𝄞&amp;<y xmlns="urn:y"/><![CDATA[<z>]]></x:b> tail';
    await give("a.txt", value);
    const kept =
      '<p xmlns="urn:x"><b xmlns="urn:x" c="1 &lt;" xmlns:a="urn:x" a:d="2" xml:lang="de">ä𝄞&amp;<y xmlns="urn:y"></y>&lt;z&gt;</b> tail</p>';
    for (const xml of [await propfind(server, "a.txt", "<x:p/>"), await propfind(server, "a.txt")])
      expect(xml).toContain(kept);
    const names = await server.fetch("/dav/a.txt", {
      method: "PROPFIND",
      headers: { depth: "0" },
      body: '<D:propfind xmlns:D="DAV:"><D:propname/></D:propfind>',
    });
    expect(await names.text()).toContain('<p xmlns="urn:x"/>');
    const listed = await server.fetch("/dav/", { method: "PROPFIND", headers: { depth: "1" } });
    expect(await listed.text()).toContain(kept);
    expect(await propfind(server, "a.txt", "<x:q/><x:p/>")).toMatch(/<p .*200 OK.*<q .*404 Not Found/s);
  });

  test("changes all or nothing, and the last change of a property counts", async () => {
    await write("atomic.txt");
    await give("atomic.txt", "1");
    const refused = await proppatch(
      server,
      "atomic.txt",
      set("<x:p>2</x:p>") + set("<D:getetag>e</D:getetag>") + remove("<x:p/>"),
    );
    const text = await refused.text();
    expect(text).toMatch(
      /getetag.*403 Forbidden.*cannot-modify-protected-property.*<p .*424 Failed Dependency/s,
    );
    expect(await valueOfP("atomic.txt")).toBe("1");
    await proppatch(server, "atomic.txt", remove("<x:p/>") + set("<x:p>3</x:p>"));
    expect(await valueOfP("atomic.txt")).toBe("3");
    await proppatch(server, "atomic.txt", set("<x:p>4</x:p>") + remove("<x:p/><x:none/>"));
    expect(await valueOfP("atomic.txt")).toBeNull();
    expect((await proppatch(server, "none.txt", set("<x:p>1</x:p>"))).status).toBe(404);
  });

  test.each([
    [
      "<Z:Win32LastModifiedTime xmlns:Z='urn:schemas-microsoft-com:'>Sat, 01 Jan 2022 10:00:00 GMT</Z:Win32LastModifiedTime>",
    ],
    ["<D:getlastmodified>Sat, 01 Jan 2022 10:00:00 GMT</D:getlastmodified>"],
    ["<D:lastmodified>1641031200</D:lastmodified>"],
  ])("%s sets the modification time, with other properties", async (time) => {
    await write("time.txt");
    const others =
      "<Z:Win32FileAttributes xmlns:Z='urn:schemas-microsoft-com:'>00000020</Z:Win32FileAttributes>";
    expect(await (await proppatch(server, "time.txt", set(time + others))).text()).not.toContain("40");
    expect((await stat(at("time.txt"))).mtime.toISOString()).toBe("2022-01-01T10:00:00.000Z");
    const xml = await propfind(server, "time.txt");
    expect(xml).toContain("00000020");
    expect(xml).toContain("<D:getlastmodified>Sat, 01 Jan 2022 10:00:00 GMT</D:getlastmodified>");
    // Explorer reads it back, also when the time was set in another way.
    const named = "<Z:Win32LastModifiedTime xmlns:Z='urn:schemas-microsoft-com:'/>";
    expect(await propfind(server, "time.txt", named)).toMatch(
      /Win32LastModifiedTime[^>]*>Sat, 01 Jan 2022 10:00:00 GMT</,
    );
    const wrong = await proppatch(server, "time.txt", set(time.replace(/>[^<]+</, ">tomorrow<")));
    expect(await wrong.text()).toContain("403 Forbidden");
  });
});

describe("properties", () => {
  test("follow moves of every protocol, with everything in a folder", async () => {
    await write("moved/in/a.txt");
    await give("moved/in/a.txt", "file");
    await give("moved/in", "folder");
    expect((await json("/api/move", { from: "moved", to: "there/moved" })).status).toBe(201);
    expect([await valueOfP("there/moved/in/a.txt"), await valueOfP("there/moved/in")]).toEqual([
      "file",
      "folder",
    ]);
    expect((await send("MOVE", "/dav/there/moved/in", { destination: "/dav/in" })).status).toBe(201);
    expect([await valueOfP("in/a.txt"), await valueOfP("in")]).toEqual(["file", "folder"]);
    const operations = [{ op: "move", from: "in/a.txt", to: "b.txt" }];
    expect((await json("/api/batch", { operations })).status).toBe(200);
    expect(await valueOfP("b.txt")).toBe("file");
    await write("in/a.txt");
    expect(await valueOfP("in/a.txt")).toBeNull();
  });

  test("are copied with their entry, and those of a replaced entry are forgotten", async () => {
    await write("original.txt");
    await write("replaced.txt");
    await give("original.txt", "original");
    await proppatch(server, "replaced.txt", set("<x:other>1</x:other>"));
    expect((await send("COPY", "/dav/original.txt", { destination: "/dav/replaced.txt" })).status).toBe(204);
    expect((await json("/api/copy", { from: "original.txt", to: "copy.txt" })).status).toBe(201);
    for (const path of ["original.txt", "replaced.txt", "copy.txt"])
      expect(await valueOfP(path)).toBe("original");
    expect(await propfind(server, "replaced.txt")).not.toContain("other");
    await write("shallow/a.txt");
    await give("shallow", "folder");
    await give("shallow/a.txt", "file");
    const shallow = { destination: "/dav/shallow-copy", depth: "0" };
    expect((await send("COPY", "/dav/shallow", shallow)).status).toBe(201);
    await write("shallow-copy/a.txt");
    expect([await valueOfP("shallow-copy"), await valueOfP("shallow-copy/a.txt")]).toEqual(["folder", null]);
    await write("plain.txt");
    expect((await send("MOVE", "/dav/plain.txt", { destination: "/dav/replaced.txt" })).status).toBe(204);
    expect(await valueOfP("replaced.txt")).toBeNull();
  });

  test("of a folder that MOVE replaces are forgotten, and come back with it from the trash", async () => {
    await write("old-folder/a.txt");
    await give("old-folder/a.txt", "old");
    await write("new-folder/a.txt");
    await give("new-folder", "new");
    expect((await send("MOVE", "/dav/new-folder", { destination: "/dav/old-folder" })).status).toBe(204);
    expect([await valueOfP("old-folder"), await valueOfP("old-folder/a.txt")]).toEqual(["new", null]);
    const id = await trashed("old-folder");
    expect((await json("/api/trash/restore", { id, conflict: "rename" })).status).toBe(201);
    expect(await valueOfP("old-folder%20(1)/a.txt")).toBe("old");
  });

  test("go into the trash and come back, or end there", async () => {
    await write("trashed/a.txt");
    await give("trashed/a.txt", "a");
    for (const ends of [false, true]) {
      expect((await send("DELETE", "/files/trashed?recursive=true")).status).toBe(204);
      const id = await trashed("trashed");
      await write("trashed/a.txt", "another");
      expect(await valueOfP("trashed/a.txt")).toBeNull();
      await rm(at("trashed"), { recursive: true });
      if (ends) expect((await send("DELETE", `/api/trash/${id}`)).status).toBe(204);
      else expect((await json("/api/trash/restore", { id })).status).toBe(201);
      if (!ends) expect(await valueOfP("trashed/a.txt")).toBe("a");
    }
    await write("trashed/a.txt");
    expect(await valueOfP("trashed/a.txt")).toBeNull();
  });

  test("stay when an upload replaces the file, and are forgotten when a new one takes the path of one that is gone", async () => {
    await send("PUT", "/files/put.txt", {}, "1");
    await give("put.txt", "kept");
    expect((await send("PUT", "/files/put.txt", {}, "2")).status).toBe(200);
    // The same bytes again, which are answered without being saved.
    const digest = {
      "repr-digest": `sha-256=:${new Bun.CryptoHasher("sha256").update("2").digest("base64")}:`,
    };
    expect((await send("PUT", "/files/put.txt?conflict=rename", digest, "2")).status).toBe(200);
    expect(await valueOfP("put.txt")).toBe("kept");
    await rename(at("put.txt"), at("away-by-another-program.txt"));
    expect((await send("PUT", "/files/put.txt", {}, "3")).status).toBe(201);
    expect(await valueOfP("put.txt")).toBeNull();
    await write("made/a.txt");
    await give("made", "folder");
    await rm(at("made"), { recursive: true });
    expect((await json("/api/folders", { path: "made" })).status).toBe(201);
    expect(await valueOfP("made")).toBeNull();
  });

  async function trashed(path: string): Promise<string | undefined> {
    const answer = (await (await server.fetch("/api/trash")).json()) as {
      entries: { id: string; path: string }[];
    };
    return answer.entries.find((entry) => entry.path === path)?.id;
  }
});

describe("bounds", () => {
  test("64 KiB at one path; what exceeds them is 507 and changes nothing", async () => {
    await write("full.txt");
    await give("full.txt", "x".repeat(60_000));
    const answer = await proppatch(
      server,
      "full.txt",
      set(`<x:q>${"x".repeat(6000)}</x:q>`) + remove("<x:p/>") + set(`<x:p>${"y".repeat(60_000)}</x:p>`),
    );
    expect(await answer.text()).toContain("507 Insufficient Storage");
    expect(await valueOfP("full.txt")).toBe("x".repeat(60_000));
  });

  test("10 MB of properties in one folder are sent in pieces, within a bounded memory", async () => {
    const names = Array.from({ length: 160 }, (_, index) => `many/${index}.txt`);
    await Promise.all(names.map((name) => write(name)));
    for (const name of names) await give(name, "x".repeat(65_000));
    const before = process.memoryUsage.rss();
    const answer = await server.fetch("/dav/many/", { method: "PROPFIND", headers: { depth: "1" } });
    let bytes = 0;
    let most = 0;
    for await (const chunk of answer.body ?? []) {
      bytes += chunk.byteLength;
      most = Math.max(most, process.memoryUsage.rss() - before);
    }
    expect(bytes).toBeGreaterThan(160 * 65_000);
    expect(most).toBeLessThan(100 * 1024 * 1024);
  });

  test("a body of more than 256 KiB is refused before it is read", async () => {
    await write("body.txt");
    const answer = await proppatch(server, "body.txt", set(`<x:p>${"x".repeat(10_000_000)}</x:p>`));
    await problemIn(answer, "body_too_large");
    expect(await valueOfP("body.txt")).toBeNull();
  });
});

test("Explorer saves a file under read,write: an empty one by LOCK, its times, its content, its times", async () => {
  await using limited = await startServer({ allow: new Set<Grant>(["read", "write"]) });
  const times = ["Win32CreationTime", "Win32LastAccessTime", "Win32LastModifiedTime"]
    .map((name) => `<${name} xmlns="urn:schemas-microsoft-com:">Sat, 01 Jan 2022 10:00:00 GMT</${name}>`)
    .join("");
  const token = await lockAt(limited, "new.docx", { depth: "infinity", headers: { timeout: "Second-3600" } });
  const headers = holding(token);
  const patch = async () => (await proppatch(limited, "new.docx", set(times), headers)).text();
  expect(await patch()).toContain("200 OK");
  expect((await limited.fetch("/dav/new.docx", { method: "HEAD" })).status).toBe(200);
  const put = (body: string) => limited.fetch("/dav/new.docx", { method: "PUT", body, headers });
  expect((await put("content")).status).toBe(204);
  expect(await patch()).toContain("200 OK");
  expect((await unlock(limited, "new.docx", token)).status).toBe(204);
  const saved = join(limited.root, "new.docx");
  expect(await Bun.file(saved).text()).toBe("content");
  expect((await stat(saved)).mtime.toISOString()).toBe("2022-01-01T10:00:00.000Z");
  await problemIn(await put("other"), "precondition_failed");
  await problemIn(await limited.fetch("/dav/new.docx", { method: "PUT", body: "x" }), "not_allowed");
  expect((await proppatch(limited, "new.docx", set("<x:p>1</x:p>"))).status).toBe(207);
});
