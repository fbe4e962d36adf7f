// The requests of file managers and players of phones and televisions: Android (DAVx5), iOS, Kodi and VLC.

import { describe, expect, test } from "bun:test";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { basic, startAccessServer } from "../../../support/access.ts";
import { startServer } from "../../../support/server.ts";
import { hrefsOf, Replay } from "./replay.ts";

describe("DAVx5 on Android", () => {
  const DAVX5 = [
    "Accept-Encoding: identity",
    "User-Agent: DAVx5/4.4.3-ose (dav4jvm; okhttp/4.12.0) Android/14",
    "Accept-Language: en-US, en;q=0.7, *;q=0.5",
    "Connection: Keep-Alive",
  ];
  const find = (depth: 0 | 1) => ({
    headers: [`Depth: ${depth}`, "Content-Type: application/xml; charset=utf-8"],
    body: `<?xml version='1.0' encoding='UTF-8' ?><propfind xmlns="DAV:" xmlns:CAL="urn:ietf:params:xml:ns:caldav" xmlns:CARD="urn:ietf:params:xml:ns:carddav"><prop><resourcetype /><displayname /><getetag /><getcontenttype /><getcontentlength /><getlastmodified /><quota-available-bytes /><quota-used-bytes /><current-user-privilege-set /></prop></propfind>`,
  });

  test("adds a mount, lists, creates without replacing, reads a part of one version, and removes", async () => {
    await using server = await startServer();
    using client = new Replay(server.url, DAVX5);
    expect((await client.send(200, "OPTIONS", "/dav/")).headers.get("dav")).toMatch(/^1/);
    const root = await client.send(207, "PROPFIND", "/dav/", find(0));
    expect(root.text).toMatch(/current-user-privilege-set[\s\S]*404 Not Found/);
    await client.send(201, "MKCOL", "/dav/Camera/");
    const create = { headers: ["If-None-Match: *", "Content-Type: image/jpeg"], body: "0123456789" };
    const saved = await client.send(201, "PUT", "/dav/Camera/IMG%20(1).jpg", create);
    await client.send(412, "PUT", "/dav/Camera/IMG%20(1).jpg", create);
    const etag = saved.headers.get("etag") ?? "";
    const listed = await client.send(207, "PROPFIND", "/dav/Camera/", find(1));
    expect(hrefsOf(listed)).toContain("/dav/Camera/IMG%20(1).jpg");
    expect(listed.text.replaceAll("&quot;", '"')).toContain(`<D:getetag>${etag}</D:getetag>`);
    const part = await client.send(206, "GET", "/dav/Camera/IMG%20(1).jpg", {
      headers: ["Range: bytes=4-6", `If-Match: ${etag}`],
    });
    expect(part.text).toBe("456");
    await client.send(204, "PUT", "/dav/Camera/IMG%20(1).jpg", {
      headers: [`If-Match: ${etag}`],
      body: "changed",
    });
    const stale = { headers: ["Range: bytes=4-6", `If-Match: ${etag}`] };
    await client.send(412, "GET", "/dav/Camera/IMG%20(1).jpg", stale);
    const moved = [`Destination: ${server.url}/dav/Camera/a.jpg`, "Overwrite: F"];
    await client.send(201, "MOVE", "/dav/Camera/IMG%20(1).jpg", { headers: moved });
    await client.send(204, "DELETE", "/dav/Camera/a.jpg");
    expect(await readdir(join(server.root, "Camera"))).toEqual([]);
  });
});

describe("an app on iOS", () => {
  const IOS = [
    "Accept: */*",
    "Accept-Language: en-GB,en;q=0.9",
    "Accept-Encoding: gzip, deflate",
    "User-Agent: Documents/8.9 CFNetwork/1494.0.7 Darwin/23.4.0",
    "Connection: keep-alive",
  ];

  test("asks without a password first, and uploads in chunks", async () => {
    await using server = await startAccessServer((database) => {
      database.account("anna", { "": "list,read,write,replace,delete" });
    });
    using client = new Replay(server.url, IOS);
    const refused = await client.send(401, "PROPFIND", "/dav/", { headers: ["Depth: 0"] });
    expect(refused.headers.get("www-authenticate")).toMatch(/^Basic realm=/);
    using known = new Replay(server.url, [...IOS, `Authorization: ${basic("anna").authorization}`]);
    await known.send(207, "PROPFIND", "/dav/", { headers: ["Depth: 1"] });
    await known.send(201, "PUT", "/dav/scan.pdf", { body: "%PDF".repeat(50_000), chunked: true });
    expect((await Bun.file(join(server.root, "scan.pdf")).bytes()).length).toBe(200_000);
    const found = await known.send(207, "PROPFIND", "/dav/scan.pdf", { headers: ["Depth: 0"] });
    expect(found.text).toContain("<D:getcontenttype>application/pdf</D:getcontenttype>");
  });
});

describe("Kodi and VLC", () => {
  test("browse with a token of an account that may only read, and play from the middle", async () => {
    let token = "";
    await using server = await startAccessServer((database) => {
      database.account("anna", { "": "all" });
      token = database.token("anna", { words: "read" });
    });
    await Bun.write(join(server.root, "films/a film.mkv"), "0123456789".repeat(1000));
    const login = basic("anything", token).authorization;
    using client = new Replay(server.url, [
      "User-Agent: Kodi/20.2 (Linux)",
      "Accept: */*",
      `Authorization: ${login}`,
    ]);
    const body =
      '<?xml version="1.0" encoding="utf-8" ?><D:propfind xmlns:D="DAV:"><D:prop><D:resourcetype/><D:getcontentlength/><D:getlastmodified/><D:creationdate/><D:displayname/></D:prop></D:propfind>';
    const listed = await client.send(207, "PROPFIND", "/dav/films/", {
      headers: ["Depth: 1", "Content-Type: text/xml"],
      body,
    });
    expect(hrefsOf(listed)).toEqual(["/dav/films/", "/dav/films/a%20film.mkv"]);
    const head = await client.send(200, "HEAD", "/dav/films/a%20film.mkv");
    expect([head.headers.get("accept-ranges"), head.headers.get("content-length")]).toEqual([
      "bytes",
      "10000",
    ]);
    const part = await client.send(206, "GET", "/dav/films/a%20film.mkv", {
      headers: ["Range: bytes=9995-"],
    });
    expect([part.text, part.headers.get("content-range")]).toEqual(["56789", "bytes 9995-9999/10000"]);
    await client.send(403, "DELETE", "/dav/films/a%20film.mkv");
  });
});
