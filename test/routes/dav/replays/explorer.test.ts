// The requests of Windows Explorer (WebClient, "MiniRedir") in its order: mounting, new files, folders, copies, deletion.

import { describe, expect, test } from "bun:test";
import { mkdir, readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { basic, startAccessServer } from "../../../support/access.ts";
import { startServer, type TestServer } from "../../../support/server.ts";
import { hrefsOf, Replay, tokenOf } from "./replay.ts";

const EXPLORER = [
  "Cache-Control: no-cache",
  "Connection: Keep-Alive",
  "Pragma: no-cache",
  "User-Agent: Microsoft-WebDAV-MiniRedir/10.0.19045",
  "translate: f",
];
const XML = 'Content-Type: text/xml; charset="utf-8"';
const CREATED = "Thu, 09 Oct 2025 17:54:43 GMT";
const MODIFIED = "Wed, 04 Nov 2020 13:25:51 GMT";
/** Without `Depth`, as Windows sends it. */
const LOCK = {
  headers: [XML, "Timeout: Second-3600"],
  body: '<?xml version="1.0" encoding="utf-8" ?><D:lockinfo xmlns:D="DAV:"><D:lockscope><D:exclusive/></D:lockscope><D:locktype><D:write/></D:locktype><D:owner><D:href>DESKTOP-1\\anna</D:href></D:owner></D:lockinfo>',
};

/** PROPPATCH with the properties of Windows. */
function times(names: Record<string, string>, token?: string) {
  const set = Object.entries(names).map(([name, value]) => `<Z:Win32${name}>${value}</Z:Win32${name}>`);
  return {
    headers: [XML, ...(token === undefined ? [] : [`If: (<${token}>)`])],
    body: `<?xml version="1.0" encoding="utf-8" ?><D:propertyupdate xmlns:D="DAV:" xmlns:Z="urn:schemas-microsoft-com:"><D:set><D:prop>${set.join("")}</D:prop></D:set></D:propertyupdate>`,
  };
}
const ALL_TIMES = { CreationTime: CREATED, LastAccessTime: CREATED, LastModifiedTime: MODIFIED };

/** Copies a file into the mounted folder, as Explorer does: empty, locked, dated, with content, dated, unlocked. */
async function copyIn(client: Replay, target: string, content: string): Promise<void> {
  await client.send(404, "PROPFIND", target, { headers: ["Depth: 0"] });
  await client.send(201, "PUT", target);
  const token = tokenOf(await client.send(200, "LOCK", target, LOCK));
  const first = { ...ALL_TIMES, FileAttributes: "00000000" };
  const set = await client.send(207, "PROPPATCH", target, times(first, token));
  expect(set.text).not.toContain("HTTP/1.1 4");
  await client.send(200, "HEAD", target);
  await client.send(204, "PUT", target, { headers: [`If: (<${token}>)`], body: content });
  const last = { LastModifiedTime: MODIFIED, FileAttributes: "00000020" };
  expect((await client.send(207, "PROPPATCH", target, times(last, token))).text).not.toContain("HTTP/1.1 4");
  await client.send(204, "UNLOCK", target, { headers: [`Lock-Token: <${token}>`] });
}

/** Makes a folder, which Explorer names first and renames then. */
async function newFolder(client: Replay, url: string, folder: string, name: string): Promise<void> {
  await client.send(404, "PROPFIND", `${folder}/New%20folder`, { headers: ["Depth: 0"] });
  await client.send(201, "MKCOL", `${folder}/New%20folder`);
  await client.send(207, "PROPPATCH", `${folder}/New%20folder`, times({ FileAttributes: "00000010" }));
  await client.send(207, "PROPFIND", `${folder}/New%20folder`, { headers: ["Depth: 0"] });
  await client.send(404, "PROPFIND", `${folder}/${name}`, { headers: ["Depth: 0"] });
  const headers = [`Destination: ${url}${folder}/${name}`, "Overwrite: F"];
  await client.send(201, "MOVE", `${folder}/New%20folder`, { headers });
}

const namesIn = async (server: TestServer, folder = ""): Promise<string[]> =>
  (await readdir(join(server.root, folder))).filter((name) => name !== ".sluice").toSorted();

describe("Explorer", () => {
  test("finds WebDAV at the root of the server, and opens the folder", async () => {
    await using server = await startServer();
    await mkdir(join(server.root, "photos"));
    await Bun.write(join(server.root, "zwei Wörter.txt"), "canary");
    // The first request is that of the program that asks whether there is any need for the WebClient.
    using first = new Replay(server.url, ["Connection: Keep-Alive", "User-Agent: DavClnt", "translate: f"]);
    const found = await first.send(200, "OPTIONS", "/");
    expect(found.headers.get("dav")).toMatch(/^1, *2/);
    expect(found.headers.get("ms-author-via")).toBe("DAV");
    using client = new Replay(server.url, EXPLORER);
    expect((await client.send(200, "OPTIONS", "/dav")).headers.get("allow")).toContain("LOCK");
    await client.send(207, "PROPFIND", "/", { headers: ["Depth: 0"] });
    // A folder without a slash at its end: a redirect would end it.
    const root = await client.send(207, "PROPFIND", "/dav", { headers: ["Depth: 0"] });
    expect(hrefsOf(root)).toEqual(["/dav/"]);
    // Windows reads no other prefix.
    expect(root.text).toContain('<D:multistatus xmlns:D="DAV:">');
    expect(root.text).toContain("<D:resourcetype><D:collection/></D:resourcetype>");
    const listed = await client.send(207, "PROPFIND", "/dav", { headers: ["Depth: 1"] });
    expect(hrefsOf(listed).toSorted()).toEqual(["/dav/", "/dav/photos/", "/dav/zwei%20W%C3%B6rter.txt"]);
    for (const name of ["desktop.ini", "AutoRun.inf", "folder.jpg", "Thumbs.db"])
      await client.send(404, "PROPFIND", `/dav/${name}`, { headers: ["Depth: 0"] });
    const content = await client.send(200, "GET", "/dav/zwei%20W%C3%B6rter.txt");
    expect(content.text).toBe("canary");
  });

  test.each([["all"], ["list, read and write"]])(
    "copies a file in, with its times, where %s is granted",
    async (words) => {
      await using server = await startServer(
        words === "all" ? {} : { allow: new Set(["list", "read", "write"]) },
      );
      using client = new Replay(server.url, EXPLORER);
      await copyIn(client, "/dav/%C3%84%20%5Bcopy%5D.txt", "canary");
      expect(await Bun.file(join(server.root, "Ä [copy].txt")).text()).toBe("canary");
      expect((await stat(join(server.root, "Ä [copy].txt"))).mtime).toEqual(new Date(MODIFIED));
      const listed = await client.send(207, "PROPFIND", "/dav/", { headers: ["Depth: 1"] });
      expect(listed.text).toContain(`<D:getlastmodified>${MODIFIED}</D:getlastmodified>`);
      for (const [name, value] of [
        ["CreationTime", CREATED],
        ["FileAttributes", "00000020"],
      ])
        expect(listed.text).toMatch(new RegExp(`<(\\S+:)?Win32${name}[^>]*>${value}</`));
    },
  );

  test("copies a tree in: parents first", async () => {
    await using server = await startServer();
    using client = new Replay(server.url, EXPLORER);
    for (const folder of ["/dav/tree", "/dav/tree/below"]) {
      await client.send(404, "PROPFIND", folder, { headers: ["Depth: 0"] });
      await client.send(201, "MKCOL", folder);
      await client.send(207, "PROPPATCH", folder, times({ ...ALL_TIMES, FileAttributes: "00000010" }));
      await copyIn(client, `${folder}/a.txt`, folder);
    }
    expect(await Bun.file(join(server.root, "tree/below/a.txt")).text()).toBe("/dav/tree/below");
    expect(await namesIn(server, "tree")).toEqual(["a.txt", "below"]);
  });

  test("makes folders, renames files, overwrites one when told to, and deletes a tree", async () => {
    await using server = await startServer();
    using client = new Replay(server.url, EXPLORER);
    await newFolder(client, server.url, "/dav", "photos");
    await copyIn(client, "/dav/photos/a.txt", "first");
    await copyIn(client, "/dav/photos/b.txt", "second");
    const to = [`Destination: ${server.url}/dav/photos/a.txt`];
    await client.send(412, "MOVE", "/dav/photos/b.txt", { headers: [...to, "Overwrite: F"] });
    await client.send(204, "MOVE", "/dav/photos/b.txt", { headers: [...to, "Overwrite: T"] });
    expect(await Bun.file(join(server.root, "photos/a.txt")).text()).toBe("second");
    const moved = [`Destination: ${server.url}/dav/a.txt`, "Overwrite: F"];
    await client.send(201, "MOVE", "/dav/photos/a.txt", { headers: moved });
    await copyIn(client, "/dav/photos/c.txt", "third");
    const listed = await client.send(207, "PROPFIND", "/dav/photos", { headers: ["Depth: 1"] });
    expect(hrefsOf(listed).length).toBe(2);
    await client.send(204, "DELETE", "/dav/photos/c.txt");
    await client.send(204, "DELETE", "/dav/photos");
    await client.send(404, "PROPFIND", "/dav/photos", { headers: ["Depth: 0"] });
    expect(await namesIn(server)).toEqual(["a.txt"]);
  });

  test("with accounts, sends each request again with its password", async () => {
    await using server = await startAccessServer((database) =>
      database.account("anna", { "": "list,read,write" }),
    );
    using client = new Replay(server.url, EXPLORER);
    expect((await client.send([200, 401], "OPTIONS", "/")).headers.get("dav")).toMatch(/^1, *2/);
    const login = `Authorization: ${basic("anna").authorization}`;
    const refused = await client.send(401, "PROPFIND", "/dav", { headers: ["Depth: 0"] });
    expect(refused.headers.get("www-authenticate")).toMatch(/^Basic /);
    await client.send(207, "PROPFIND", "/dav", { headers: ["Depth: 0", login] });
    await client.send(401, "PROPFIND", "/dav/a.txt", { headers: ["Depth: 0"] });
    using known = new Replay(server.url, [...EXPLORER, login]);
    await copyIn(known, "/dav/a.txt", "canary");
    expect(await Bun.file(join(server.root, "a.txt")).text()).toBe("canary");
    // The file has content now: to replace it is another permission.
    await known.send(403, "PUT", "/dav/a.txt", { body: "changed" });
    expect(await Bun.file(join(server.root, "a.txt")).text()).toBe("canary");
  });
});
