// OPTIONS, PROPFIND, GET and HEAD of WebDAV over a real socket.

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { basic, startAccessServer } from "../../support/access.ts";
import { davClient, hrefsIn } from "../../support/dav.ts";
import { problemIn } from "../../support/problem.ts";
import { startServer, type TestServer } from "../../support/server.ts";

let server: TestServer;
beforeAll(async () => {
  server = await startServer();
});
afterAll(() => server.stop());

const { at, write, send } = davClient(() => server);

describe("OPTIONS and PROPFIND of the root of the server, which Windows sends first", () => {
  test("tell that there is WebDAV, and where", async () => {
    for (const path of ["/", "/dav", "/dav/", "/dav/nothing/here"]) {
      const answer = await send("OPTIONS", path);
      expect([answer.status, answer.headers.get("ms-author-via")]).toEqual([200, "DAV"]);
      expect(answer.headers.get("dav")).toMatch(/^1/);
      expect(answer.headers.get("allow")).toContain("PROPFIND");
    }
    const answer = await send("PROPFIND", "/", { depth: "1" });
    expect(answer.status).toBe(207);
    expect(hrefsIn(await answer.text())).toEqual(["/", "/dav/"]);
    expect(hrefsIn(await (await send("PROPFIND", "/", { depth: "0" })).text())).toEqual(["/"]);
  });
});

describe("PROPFIND", () => {
  test("lists a folder with the properties of each entry, and encodes names", async () => {
    await write("listed/ü & <b>.txt", "12345");
    await mkdir(at("listed/in ner"), { recursive: true });
    const answer = await send("PROPFIND", "/dav/listed", { depth: "1" });
    expect([answer.status, answer.headers.get("content-type")]).toEqual([
      207,
      "application/xml; charset=utf-8",
    ]);
    const xml = await answer.text();
    expect(hrefsIn(xml).sort()).toEqual([
      "/dav/listed/",
      "/dav/listed/%C3%BC%20%26%20%3Cb%3E.txt",
      "/dav/listed/in%20ner/",
    ]);
    expect(xml).toContain("<D:displayname>ü &amp; &lt;b&gt;.txt</D:displayname>");
    expect(xml).toContain("<D:getcontentlength>5</D:getcontentlength>");
    expect(xml).toContain("<D:getcontenttype>text/plain</D:getcontenttype>");
    expect(xml.match(/<D:collection\/>/g)).toHaveLength(2);
  });

  test("tells which of the wanted properties an entry lacks", async () => {
    await write("wanted.txt");
    const body = '<propfind xmlns="DAV:"><prop><getetag/><x xmlns="urn:x"/></prop></propfind>';
    const xml = await (await send("PROPFIND", "/dav/wanted.txt", { depth: "0" }, body)).text();
    const { headers } = await server.fetch("/files/wanted.txt", { method: "HEAD" });
    const etag = (headers.get("etag") ?? "").replaceAll('"', "&quot;");
    expect(xml).toContain(`<D:getetag>${etag}</D:getetag></D:prop><D:status>HTTP/1.1 200 OK`);
    expect(xml).toContain('<x xmlns="urn:x"/></D:prop><D:status>HTTP/1.1 404 Not Found');
    const names = await send(
      "PROPFIND",
      "/dav/wanted.txt",
      {},
      '<propfind xmlns="DAV:"><propname/></propfind>',
    );
    expect(await names.text()).toContain("<D:getetag/>");
  });

  test("tells the space that is left, only when asked (RFC 4331)", async () => {
    const body = '<propfind xmlns="DAV:"><prop><quota-available-bytes/><quota-used-bytes/></prop></propfind>';
    const xml = await (await send("PROPFIND", "/dav/", { depth: "0" }, body)).text();
    const [, free = ""] = /"free":(\d+)/.exec(await (await server.fetch("/api/usage")).text()) ?? [];
    const [, available = ""] = /<D:quota-available-bytes>(\d+)</.exec(xml) ?? [];
    expect(Math.abs(Number(available) - Number(free))).toBeLessThan(Number(free) / 4);
    expect(await (await send("PROPFIND", "/dav/", { depth: "0" })).text()).not.toContain("quota");
  });

  test("refuses the whole tree with the element that says so", async () => {
    const answer = await send("PROPFIND", "/dav/", { depth: "infinity" });
    expect(answer.status).toBe(403);
    expect(await answer.text()).toContain("<D:propfind-finite-depth/>");
    await problemIn(await send("PROPFIND", "/dav/", { depth: "2" }), "invalid_request");
  });

  test("finds nothing under names that no entry can have, as macOS tries them", async () => {
    for (const name of ["._.", "missing", "a%0Ab", "%ff"])
      await problemIn(await send("PROPFIND", `/dav/${name}`), "not_found");
  });

  test.each([
    ["no XML", "no"],
    ["a document type", '<!DOCTYPE a [<!ENTITY a "b">]><propfind xmlns="DAV:"><allprop/></propfind>'],
    ["an entity (CVE-2003-1564)", '<propfind xmlns="DAV:"><allprop>&lol;</allprop></propfind>'],
    ["a prefix without a namespace", "<D:propfind><D:allprop/></D:propfind>"],
    ["20,000 elements inside each other", "<a>".repeat(20_000)],
    ["20,000 elements beside each other", `<a>${"<b/>".repeat(20_000)}</a>`],
    ["another element", '<lockinfo xmlns="DAV:"/>'],
    ["two wishes", '<propfind xmlns="DAV:"><allprop/><propname/></propfind>'],
  ])("refuses a body with %s at once", async (_, body) => {
    const before = process.cpuUsage();
    await problemIn(await send("PROPFIND", "/dav/", { depth: "0" }, body), "invalid_request");
    const { user } = process.cpuUsage(before);
    // Milliseconds of processor: 8,300 without a limit of the depth.
    expect(user / 1000).toBeLessThan(400);
  });

  test("refuses a body of 10 MB without reading it", async () => {
    const body = `<propfind xmlns="DAV:"><prop>${"<x/>".repeat(2_500_000)}</prop></propfind>`;
    await problemIn(await send("PROPFIND", "/dav/", { depth: "0" }, body), "body_too_large");
  });
});

describe("GET and HEAD", () => {
  test("answer files as /files does, with ranges and conditions", async () => {
    await write("got.txt", "0123456789");
    const whole = await send("GET", "/dav/got.txt");
    expect([whole.status, await whole.text()]).toEqual([200, "0123456789"]);
    const part = await send("GET", "/dav/got.txt", { range: "bytes=2-4" });
    expect([part.status, await part.text()]).toEqual([206, "234"]);
    const same = await send("GET", "/dav/got.txt", { "if-none-match": whole.headers.get("etag") ?? "" });
    expect(same.status).toBe(304);
    expect((await send("HEAD", "/dav/got.txt")).headers.get("content-length")).toBe("10");
  });

  test("show a folder by the page, and tell Office that it exists", async () => {
    await mkdir(at("shown"), { recursive: true });
    const answer = await send("GET", "/dav/shown");
    expect([answer.status, answer.headers.get("location")]).toEqual([303, "/files/shown/"]);
    expect((await send("HEAD", "/dav/shown")).status).toBe(200);
    expect((await send("HEAD", "/dav/missing")).status).toBe(404);
  });
});

test("with accounts, a login is demanded at the root, and OPTIONS needs none", async () => {
  await using closed = await startAccessServer((database) => {
    database.account("anna", { team: "all" });
    database.grant("anyone", { pub: "read" });
  });
  await mkdir(join(closed.root, "team"));
  await mkdir(join(closed.root, "pub"));
  const find = (path: string, headers = {}): Promise<Response> =>
    closed.fetch(path, { method: "PROPFIND", headers });
  const refused = await find("/dav/");
  expect(refused.headers.get("www-authenticate")).toContain("Basic");
  await problemIn(refused, "login_required");
  expect((await closed.fetch("/dav/", { method: "OPTIONS" })).status).toBe(200);
  expect(hrefsIn(await (await find("/dav/", basic("anna"))).text())).toEqual([
    "/dav/",
    "/dav/pub/",
    "/dav/team/",
  ]);
  expect((await find("/dav/pub/")).status).toBe(207);
});

test("--dav off leaves nothing", async () => {
  await using off = await startServer({ dav: false });
  for (const [method, path] of [
    ["OPTIONS", "/dav/"],
    ["PROPFIND", "/"],
    ["PUT", "/dav/x"],
  ] as const)
    expect((await off.fetch(path, { method })).headers.has("dav")).toBe(false);
  expect((await off.fetch("/dav/")).status).toBe(404);
});

test("a client that says that it is a browser, as KDE's do, is asked for a password", async () => {
  await using guarded = await startAccessServer((database) => database.account("anna", { "": "read" }));
  const accept = "text/html, text/*;q=0.9, image/*;q=0.9, */*;q=0.8";
  for (const [method, path] of [
    ["PROPFIND", "/dav/"],
    ["PROPFIND", "/dav"],
    ["GET", "/dav/a.txt"],
  ] as const) {
    const answer = await guarded.fetch(path, { method, headers: { accept } });
    expect([method, answer.status, answer.headers.get("www-authenticate")]).toEqual([
      method,
      401,
      'Basic realm="Sluice", charset="UTF-8"',
    ]);
  }
});
