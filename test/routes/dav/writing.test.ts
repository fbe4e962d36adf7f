// PUT, MKCOL, DELETE, MOVE and COPY of WebDAV over a real socket.

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdir, readdir, stat } from "node:fs/promises";
import { davClient } from "../../support/dav.ts";
import { problemIn } from "../../support/problem.ts";
import { connect } from "../../support/raw.ts";
import { startServer, type TestServer } from "../../support/server.ts";

let server: TestServer;
beforeAll(async () => {
  server = await startServer();
});
afterAll(() => server.stop());

const { at, write, textOf, send } = davClient(() => server);

describe("PUT", () => {
  test("saves a new file and replaces one, and sets the time that X-OC-Mtime tells", async () => {
    const made = await send("PUT", "/dav/put.txt", { "x-oc-mtime": "1600000000" }, "one");
    expect([made.status, made.headers.get("x-oc-mtime")]).toEqual([201, "accepted"]);
    expect((await stat(at("put.txt"))).mtimeMs).toBe(1600000000000);
    const replaced = await send("PUT", "/dav/put.txt", {}, "two");
    expect([replaced.status, await textOf("put.txt")]).toEqual([204, "two"]);
    expect(replaced.headers.get("etag")).toBe((await send("HEAD", "/dav/put.txt")).headers.get("etag"));
    expect(replaced.headers.get("server-timing")).toContain("net");
  });

  test("makes no folders, and replaces none", async () => {
    await problemIn(await send("PUT", "/dav/none/put.txt", {}, "x"), "no_parent");
    await mkdir(at("folder"), { recursive: true });
    await problemIn(await send("PUT", "/dav/folder", {}, "x"), "is_folder");
    await problemIn(await send("PUT", "/dav/", {}, "x"), "not_allowed");
  });

  test("refuses parts of a file, which would replace the whole", async () => {
    await write("parts.txt", "whole");
    for (const header of ["range", "content-range"])
      await problemIn(
        await send("PUT", "/dav/parts.txt", { [header]: "bytes 0-1/5" }, "xx"),
        "content_range",
      );
    expect(await textOf("parts.txt")).toBe("whole");
  });

  test("takes conditions that are no entity tags for ones that hold, as Joplin sends them", async () => {
    const headers = { "if-none-match": "JoplinIgnore-1234" };
    expect((await send("PUT", "/dav/joplin.md", headers, "1")).status).toBe(201);
    expect((await send("PUT", "/dav/joplin.md", headers, "2")).status).toBe(204);
    await problemIn(
      await send("PUT", "/dav/joplin.md", { "if-none-match": "*" }, "3"),
      "precondition_failed",
    );
  });
});

describe("MKCOL and DELETE", () => {
  test("make one folder, and remove it with everything in it", async () => {
    expect((await send("MKCOL", "/dav/made")).status).toBe(201);
    await problemIn(await send("MKCOL", "/dav/made"), "method_not_allowed");
    await problemIn(await send("MKCOL", "/dav/no/made"), "no_parent");
    await problemIn(await send("MKCOL", "/dav/other", {}, "<mkcol/>"), "unsupported_type");
    await write("made/a/b.txt");
    expect((await send("DELETE", "/dav/made")).status).toBe(204);
    expect(await readdir(server.root)).not.toContain("made");
    await problemIn(await send("DELETE", "/dav/made"), "not_found");
    await problemIn(await send("DELETE", "/dav/"), "not_allowed");
  });

  test("a fragment that a client forgot to encode does not remove the folder before it", async () => {
    await write("kept/1.txt", "kept/1.txt");
    // fetch() would cut it.
    using client = await connect(server.url);
    await client.send("DELETE /dav/kept/#1.txt HTTP/1.1\r\nHost: localhost\r\n\r\n");
    expect((await client.answer()).status).toBe(400);
    expect(await textOf("kept/1.txt")).toBe("kept/1.txt");
  });
});

describe("MOVE and COPY", () => {
  const to = (path: string, more: Record<string, string> = {}) => ({ destination: `/dav/${path}`, ...more });

  test("take any host in Destination, because a proxy may have another one", async () => {
    await write("hosted.txt", "1");
    const destination = "https://files.example.org/dav/hosted%202.txt";
    expect((await send("MOVE", "/dav/hosted.txt", { destination })).status).toBe(201);
    expect(await textOf("hosted 2.txt")).toBe("1");
    for (const wrong of ["/files/x", "/dav/a#b", "/dav/../x", "/dav/.sluice/x"])
      expect((await send("MOVE", "/dav/hosted%202.txt", { destination: wrong })).status).toBe(400);
    await problemIn(await send("MOVE", "/dav/hosted%202.txt"), "invalid_request");
  });

  test.each(["MOVE", "COPY"])("%s replaces a file, unless Overwrite forbids it", async (method) => {
    await write("source.txt", "new");
    await write("target.txt", "old");
    await problemIn(
      await send(method, "/dav/source.txt", to("target.txt", { overwrite: "F" })),
      "precondition_failed",
    );
    expect(await textOf("target.txt")).toBe("old");
    expect((await send(method, "/dav/source.txt", to("target.txt"))).status).toBe(204);
    expect(await textOf("target.txt")).toBe("new");
    await problemIn(await send(method, "/dav/target.txt", to("none/x.txt")), "no_parent");
    await problemIn(await send(method, "/dav/target.txt", to("target.txt")), "not_allowed");
    await problemIn(await send(method, "/dav/missing.txt", to("x.txt")), "not_found");
  });

  test.each(["MOVE", "COPY"])(
    "%s replaces a folder by another one, nothing of the old stays",
    async (method) => {
      await write(`${method}/new/1.txt`, "1");
      await write(`${method}/old/2.txt`, "2");
      expect((await send(method, `/dav/${method}/new/`, to(`${method}/old/`))).status).toBe(204);
      expect(await readdir(at(`${method}/old`))).toEqual(["1.txt"]);
      // The next start finds nothing to clean up, and no trash shows it.
      expect(await readdir(at(".sluice/trash")).catch(() => [])).toEqual([]);
    },
  );

  test("COPY with depth 0 makes an empty folder", async () => {
    await write("deep/1.txt");
    expect((await send("COPY", "/dav/deep", to("flat", { depth: "0" }))).status).toBe(201);
    expect(await readdir(at("flat"))).toEqual([]);
  });

  test.each(["MOVE", "COPY"])("%s into itself fails and loses nothing", async (method) => {
    await write("ring/in/1.txt", "1");
    await problemIn(await send(method, "/dav/ring", to("ring/in/new")), "into_itself");
    await problemIn(await send(method, "/dav/ring", to("ring/in")), "into_itself");
    await problemIn(await send(method, "/dav/ring/in", to("ring")), "into_itself");
    expect(await textOf("ring/in/1.txt")).toBe("1");
  });
});
