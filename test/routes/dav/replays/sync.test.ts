// The requests of programs that keep their data in WebDAV: Joplin, Zotero, and clients of Nextcloud.

import { describe, expect, test } from "bun:test";
import { mkdir, readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { startServer } from "../../../support/server.ts";
import { hrefsOf, Replay } from "./replay.ts";

describe("Joplin", () => {
  // Its tag makes no condition fail: it is not in quotes, and is sent with every method but GET and HEAD.
  const JOPLIN = ["Cache-Control: no-store", "User-Agent: Joplin/1.0", "Accept: */*"];
  const IGNORE = "If-None-Match: JoplinIgnore-42130";
  const find = (depth: 0 | 1, ...names: string[]) => ({
    headers: [`Depth: ${depth}`, "Content-Type: text/xml", IGNORE],
    body: `<?xml version="1.0" encoding="UTF-8"?>
			<d:propfind xmlns:d="DAV:">
				<d:prop xmlns:oc="http://owncloud.org/ns">
					${names.map((name) => `<d:${name}/>`).join("")}
				</d:prop>
			</d:propfind>`,
  });
  const put = (body: string) => ({ headers: ["Content-Type: application/octet-stream", IGNORE], body });

  test("checks its folder, makes what it needs, writes notes and lists them", async () => {
    await using server = await startServer();
    await mkdir(join(server.root, "joplin"));
    using client = new Replay(server.url, JOPLIN);
    await client.send(207, "PROPFIND", "/dav/joplin/", find(0, "getlastmodified", "resourcetype"));
    await client.send([201, 204], "PUT", "/dav/joplin/testing.txt", put("testing"));
    expect((await client.send(200, "GET", "/dav/joplin/testing.txt")).text).toBe("testing");
    await client.send(204, "DELETE", "/dav/joplin/testing.txt", { headers: [IGNORE] });
    await client.send(404, "GET", "/dav/joplin/info.json");
    for (const folder of [".resource", ".sync", ".lock", "locks", "temp"]) {
      await client.send(404, "PROPFIND", `/dav/joplin/${folder}`, find(0, "getlastmodified"));
      await client.send(201, "MKCOL", `/dav/joplin/${folder}`, { headers: [IGNORE] });
      // Made by another device at the same time: it takes this as an answer.
      await client.send(405, "MKCOL", `/dav/joplin/${folder}`, { headers: [IGNORE] });
    }
    await client.send([201, 204], "PUT", "/dav/joplin/info.json", put('{"version":3}'));
    const note = "/dav/joplin/ecd4027a5271483984b00317433e2c66.md";
    await client.send(201, "PUT", note, put("first"));
    await client.send(204, "PUT", note, put("second"));
    await client.send(404, "DELETE", "/dav/joplin/locks/1_1_1.json", { headers: [IGNORE] });
    const listed = await client.send(
      207,
      "PROPFIND",
      "/dav/joplin",
      find(1, "getlastmodified", "resourcetype"),
    );
    expect(hrefsOf(listed)).toContain(note);
    expect(await Bun.file(join(server.root, "joplin/ecd4027a5271483984b00317433e2c66.md")).text()).toBe(
      "second",
    );
  });
});

describe("Zotero", () => {
  const ZOTERO = [
    "User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Zotero/7.0.15",
    "Accept: */*",
  ];
  const find = (depth: 0 | 1, name: string) => ({
    headers: ["Content-Type: text/plain;charset=UTF-8", `Depth: ${depth}`],
    body: `<propfind xmlns='DAV:'><prop><${name}/></prop></propfind>`,
  });

  test("verifies the server, makes its folder, and stores, replaces and purges a file", async () => {
    await using server = await startServer();
    using client = new Replay(server.url, ZOTERO);
    // Its folder is always called zotero. It is not there at first: the header must be, nevertheless.
    expect((await client.send([200, 404], "OPTIONS", "/dav/zotero/")).headers.get("dav")).toMatch(/^1/);
    await client.send(404, "PROPFIND", "/dav/zotero/", find(0, "getcontentlength"));
    await client.send(207, "PROPFIND", "/dav/", find(0, "getcontentlength"));
    await client.send(201, "MKCOL", "/dav/zotero/");
    const folder = await client.send(207, "PROPFIND", "/dav/zotero/", find(0, "getcontentlength"));
    expect(hrefsOf(folder)).toEqual(["/dav/zotero/"]);
    await client.send(404, "GET", "/dav/zotero/nonexistent.prop");
    await client.send([200, 201, 204], "PUT", "/dav/zotero/zotero-test-file.prop", { body: " " });
    expect((await client.send(200, "GET", "/dav/zotero/zotero-test-file.prop")).text).toBe(" ");
    await client.send([200, 204], "DELETE", "/dav/zotero/zotero-test-file.prop");

    const [zip, prop] = ["/dav/zotero/ABCD2345.zip", "/dav/zotero/ABCD2345.prop"];
    const properties = (mtime: number) => ({
      headers: ["Content-Type: text/xml"],
      body: `<properties version="1"><mtime>${mtime}</mtime><hash>d41d8cd98f00b204e9800998ecf8427e</hash></properties>`,
    });
    const archive = (body: string) => ({ headers: ["Content-Type: application/zip"], body });
    await client.send(404, "GET", prop);
    await client.send(201, "PUT", zip, archive("PK first"));
    await client.send(201, "PUT", prop, properties(1_700_000_000_000));
    expect((await client.send(200, "GET", prop)).text).toContain("<mtime>1700000000000</mtime>");
    await client.send(204, "DELETE", prop);
    await client.send(204, "PUT", zip, archive("PK second"));
    await client.send(201, "PUT", prop, properties(1_700_000_001_000));
    const listed = await client.send(207, "PROPFIND", "/dav/zotero/", find(1, "getlastmodified"));
    // Each begins with the path that was asked for.
    expect(hrefsOf(listed).toSorted()).toEqual(["/dav/zotero/", prop, zip]);
    expect(await Bun.file(join(server.root, "zotero/ABCD2345.zip")).text()).toBe("PK second");
    for (const target of [prop, zip]) await client.send([200, 204], "DELETE", target);
    await client.send(404, "DELETE", prop);
    expect(await readdir(join(server.root, "zotero"))).toEqual([]);
  });
});

describe("a client of Nextcloud", () => {
  const NEXTCLOUD = [
    "User-Agent: Mozilla/5.0 (Linux) mirall/3.13.0",
    "Accept: */*",
    "Accept-Encoding: gzip, deflate, br",
  ];

  test("sends the time of a file, and is told that it was set", async () => {
    await using server = await startServer();
    using client = new Replay(server.url, NEXTCLOUD);
    for (const status of [201, 204]) {
      const headers = [
        "X-OC-Mtime: 981173106",
        "OC-Total-Length: 6",
        "Content-Type: application/octet-stream",
      ];
      const saved = await client.send(status, "PUT", "/dav/a.txt", { headers, body: "canary" });
      expect(saved.headers.get("x-oc-mtime")).toBe("accepted");
      expect((await stat(join(server.root, "a.txt"))).mtime).toEqual(new Date("2001-02-03T04:05:06Z"));
    }
    const moved = [`Destination: ${server.url}/dav/b.txt`, "Overwrite: F"];
    await client.send(201, "MOVE", "/dav/a.txt", { headers: moved });
    const body =
      '<?xml version="1.0"?><d:propfind xmlns:d="DAV:" xmlns:oc="http://owncloud.org/ns"><d:prop><d:getlastmodified/><d:getetag/><oc:permissions/><oc:size/></d:prop></d:propfind>';
    const found = await client.send(207, "PROPFIND", "/dav/b.txt", { headers: ["Depth: 0"], body });
    expect(found.text).toContain("<D:getlastmodified>Sat, 03 Feb 2001 04:05:06 GMT</D:getlastmodified>");
    expect(found.text).toMatch(/permissions[\s\S]*404 Not Found/);
  });
});
