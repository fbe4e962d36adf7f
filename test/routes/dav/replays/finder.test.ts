// The requests of the Finder of macOS (webdavfs) in its order: mounting, copying with its companion files, reading, renaming.

import { describe, expect, test } from "bun:test";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { startServer } from "../../../support/server.ts";
import { hrefsOf, Replay, tokenOf } from "./replay.ts";

const FINDER = ["User-Agent: WebDAVFS/3.0.0 (03008000) Darwin/23.5.0 (arm64)", "Accept: */*"];
const XML = 'Content-Type: text/xml; charset="utf-8"';

/** The body of its PROPFIND. */
function properties(depth: 0 | 1, ...names: string[]) {
  const wanted = names.map((name) => `<D:${name}/>`).join("\n");
  return {
    headers: [XML, `Depth: ${depth}`],
    body: `<?xml version="1.0" encoding="utf-8"?>\n<D:propfind xmlns:D="DAV:">\n<D:prop>\n${wanted}\n</D:prop>\n</D:propfind>\n`,
  };
}
const STAT = properties(0, "getlastmodified", "getcontentlength", "creationdate", "resourcetype");
const LOCK = {
  headers: ["Depth: 0", "Timeout: Second-600", XML],
  body: '<?xml version="1.0" encoding="utf-8"?>\n<D:lockinfo xmlns:D="DAV:">\n<D:lockscope><D:exclusive/></D:lockscope>\n<D:locktype><D:write/></D:locktype>\n<D:owner>\n<D:href>http://www.apple.com/webdav_fs/</D:href>\n</D:owner>\n</D:lockinfo>\n',
};

/** Writes a file: empty, locked, with content in chunks, unlocked. */
async function copyIn(client: Replay, target: string, content: string): Promise<void> {
  await client.send(404, "PROPFIND", target, STAT);
  await client.send(201, "PUT", target);
  await client.send(207, "PROPFIND", target, STAT);
  const token = tokenOf(await client.send(200, "LOCK", target, LOCK));
  await client.send(204, "PUT", target, {
    headers: [`If: (<${token}>)`, `X-Expected-Entity-Length: ${Buffer.byteLength(content)}`],
    body: content,
    chunked: true,
  });
  const read = await client.send(200, "GET", target);
  expect(read.text).toBe(content);
  expect((await client.send(207, "PROPFIND", target, STAT)).text).toContain(
    `<D:getcontentlength>${Buffer.byteLength(content)}</D:getcontentlength>`,
  );
  await client.send(204, "UNLOCK", target, { headers: [`Lock-Token: <${token}>`] });
}

describe("Finder", () => {
  test("mounts a folder to write, asks for the space, and for files that are not there", async () => {
    await using server = await startServer();
    using client = new Replay(server.url, FINDER);
    // Class 2, without which the volume is read-only.
    expect((await client.send(200, "OPTIONS", "/dav/")).headers.get("dav")).toMatch(/\b2\b/);
    await client.send(207, "PROPFIND", "/dav/", STAT);
    const space = await client.send(
      207,
      "PROPFIND",
      "/dav/",
      properties(0, "quota-available-bytes", "quota-used-bytes", "quota", "quotaused"),
    );
    expect(space.text).toMatch(/<D:quota-available-bytes>\d+<\/D:quota-available-bytes>/);
    expect(space.text).toContain("<D:quotaused/></D:prop><D:status>HTTP/1.1 404 Not Found</D:status>");
    for (const name of [
      "._.",
      ".DS_Store",
      "._.DS_Store",
      ".Spotlight-V100",
      ".metadata_never_index",
      "Icon%0D",
      "mach_kernel",
    ])
      await client.send(404, "PROPFIND", `/dav/${name}`, STAT);
  });

  test("copies a file in, with the file that holds its attributes, under a name in NFD", async () => {
    await using server = await startServer({ allow: new Set(["list", "read", "write"]) });
    using client = new Replay(server.url, FINDER);
    await copyIn(client, "/dav/cafe%CC%81.txt", "canary ☕".repeat(20_000));
    await copyIn(client, "/dav/._cafe%CC%81.txt", "\0\x05\x16\x07 attributes");
    const listed = await client.send(
      207,
      "PROPFIND",
      "/dav/",
      properties(1, "getcontentlength", "resourcetype"),
    );
    const hrefs = hrefsOf(listed).map((href) => decodeURIComponent(href).normalize("NFC"));
    expect(hrefs.toSorted()).toEqual(["/dav/", "/dav/._café.txt", "/dav/café.txt"]);
    // It finds by any form what it has written.
    expect(hrefsOf(await client.send(207, "PROPFIND", hrefsOf(listed).at(1) ?? "", STAT)).length).toBe(1);
  });

  test("makes .DS_Store by locking it, and others read while it is locked", async () => {
    await using server = await startServer();
    using client = new Replay(server.url, FINDER);
    const token = tokenOf(await client.send(201, "LOCK", "/dav/.DS_Store", LOCK));
    using other = new Replay(server.url, ["User-Agent: Mozilla/5.0"]);
    await other.send(200, "GET", "/dav/.DS_Store");
    await other.send(207, "PROPFIND", "/dav/.DS_Store", STAT);
    await other.send(423, "PUT", "/dav/.DS_Store", { body: "stolen" });
    await other.send(423, "PUT", "/files/.DS_Store", { body: "stolen" });
    await client.send([201, 204], "PUT", "/dav/.DS_Store", {
      headers: [`If: (<${token}>)`, "X-Expected-Entity-Length: 8"],
      body: "Bud1 own",
      chunked: true,
    });
    await client.send(204, "UNLOCK", "/dav/.DS_Store", { headers: [`Lock-Token: <${token}>`] });
    expect(await Bun.file(join(server.root, ".DS_Store")).text()).toBe("Bud1 own");
  });

  test("a body that is shorter than announced is not saved", async () => {
    await using server = await startServer();
    using client = new Replay(server.url, FINDER);
    const headers = ["X-Expected-Entity-Length: 1000"];
    const answer = await client.send([400, 413, 422], "PUT", "/dav/a.txt", {
      headers,
      body: "short",
      chunked: true,
    });
    expect(answer.status).toBe(400);
    expect(await Bun.file(join(server.root, "a.txt")).exists()).toBe(false);
  });

  test("makes a folder, renames it, moves a file with its companion, and removes both", async () => {
    await using server = await startServer();
    using client = new Replay(server.url, FINDER);
    await client.send(404, "PROPFIND", "/dav/untitled%20folder", STAT);
    await client.send(201, "MKCOL", "/dav/untitled%20folder/");
    const folder = [`Destination: ${server.url}/dav/photos/`];
    await client.send(201, "MOVE", "/dav/untitled%20folder/", { headers: folder });
    await copyIn(client, "/dav/a.txt", "canary");
    await copyIn(client, "/dav/._a.txt", "attributes");
    for (const name of ["a.txt", "._a.txt"]) {
      await client.send(404, "PROPFIND", `/dav/photos/${name}`, STAT);
      const headers = [`Destination: ${server.url}/dav/photos/${name}`];
      await client.send(201, "MOVE", `/dav/${name}`, { headers });
    }
    expect((await readdir(join(server.root, "photos"))).toSorted()).toEqual(["._a.txt", "a.txt"]);
    for (const name of ["a.txt", "._a.txt"]) await client.send(204, "DELETE", `/dav/photos/${name}`);
    await client.send(207, "PROPFIND", "/dav/photos/", properties(1, "resourcetype"));
    await client.send(204, "DELETE", "/dav/photos/");
    await client.send(404, "PROPFIND", "/dav/photos/", STAT);
  });
});
