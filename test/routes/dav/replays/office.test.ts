// The requests of Word and Excel, by URL and on a mounted drive, and of LibreOffice: documents are locked while they are open.

import { describe, expect, test } from "bun:test";
import { mkdir, readdir } from "node:fs/promises";
import { join } from "node:path";
import { basic, startAccessServer } from "../../../support/access.ts";
import { startServer, type TestServer } from "../../../support/server.ts";
import { Replay, tokenOf } from "./replay.ts";

const XML = 'Content-Type: text/xml; charset="utf-8"';
const lock = (owner: string, ...headers: string[]) => ({
  headers: [XML, ...headers],
  body: `<?xml version="1.0" encoding="utf-8" ?><D:lockinfo xmlns:D="DAV:"><D:lockscope><D:exclusive/></D:lockscope><D:locktype><D:write/></D:locktype><D:owner><D:href>${owner}</D:href></D:owner></D:lockinfo>`,
});
const DISCOVERY = {
  headers: [XML, "Depth: 0"],
  body: '<?xml version="1.0" encoding="utf-8"?><D:propfind xmlns:D="DAV:"><D:prop><D:lockdiscovery/></D:prop></D:propfind>',
};

async function withDocument(name: string): Promise<TestServer> {
  const server = await startServer();
  await mkdir(join(server.root, "docs"));
  await Bun.write(join(server.root, "docs", name), "before");
  return server;
}

describe("Word, by URL", () => {
  // Without a login it sends a token that is empty.
  const WORD = [
    "Authorization: Bearer",
    "X-Office-Major-Version: 16",
    "X-MS-CookieUri-Requested: t",
    "X-FeatureVersion: 1",
    "X-IDCRL_ACCEPTED: t",
  ];
  const DOCUMENT = "/dav/docs/test%20hallo.docx";

  test("discovers, locks, reads, saves twice, refreshes its lock, and unlocks", async () => {
    await using server = await withDocument("test hallo.docx");
    using discovery = new Replay(server.url, [...WORD, "User-Agent: Microsoft Office Protocol Discovery"]);
    const options = await discovery.send(200, "OPTIONS", "/dav/docs/");
    expect(options.headers.get("ms-author-via")).toBe("DAV");
    expect(options.headers.get("dav")).toMatch(/\b2\b/);
    expect(options.headers.get("allow")).toContain("UNLOCK");
    using existence = new Replay(server.url, [...WORD, "User-Agent: Microsoft Office Existence Discovery"]);
    await existence.send(200, "HEAD", DOCUMENT);
    await existence.send(200, "HEAD", "/dav/docs");
    await existence.send(200, "HEAD", "/dav/docs/");
    await existence.send(404, "HEAD", "/dav/docs/missing.docx");

    using word = new Replay(server.url, [...WORD, "User-Agent: Microsoft Office Word 2014", "Translate: f"]);
    const token = tokenOf(
      await word.send(200, "LOCK", DOCUMENT, lock("DESKTOP\\anna", "Timeout: Second-3600", "Depth: 0")),
    );
    expect((await word.send(200, "GET", DOCUMENT)).text).toBe("before");
    const found = await word.send(207, "PROPFIND", DOCUMENT, {
      headers: [XML, "Depth: 0"],
      body: '<?xml version="1.0" ?><D:propfind xmlns:D="DAV:" xmlns:Office="urn:schemas-microsoft-com:office:office"><D:prop><D:creationdate/><D:getlastmodified/><D:getcontentlength/><Office:modifiedby/></D:prop></D:propfind>',
    });
    expect(found.text).toContain("<D:getcontentlength>6</D:getcontentlength>");
    await word.send(204, "PUT", DOCUMENT, { headers: [`If: (<${token}>)`], body: "first save" });
    const renewed = await word.send(200, "LOCK", DOCUMENT, {
      headers: [`If: (<${token}>)`, "Timeout: Second-3600"],
    });
    expect(renewed.text).toContain(token);
    await word.send(204, "PUT", DOCUMENT, { headers: [`If: (<${token}>)`], body: "second save" });
    await word.send(204, "UNLOCK", DOCUMENT, { headers: [`Lock-Token: <${token}>`] });
    expect(await Bun.file(join(server.root, "docs/test hallo.docx")).text()).toBe("second save");
    expect((await word.send(207, "PROPFIND", DOCUMENT, DISCOVERY)).text).not.toContain("activelock");
  });

  test("Word 2016 names its lock in Lock-Token alone when it saves", async () => {
    await using server = await withDocument("test hallo.docx");
    using word = new Replay(server.url, [...WORD, "User-Agent: Microsoft Office Word 2014", "Translate: f"]);
    const token = tokenOf(
      await word.send(200, "LOCK", DOCUMENT, lock("DESKTOP\\anna", "Timeout: Second-3600")),
    );
    await word.send(204, "PUT", DOCUMENT, { headers: [`Lock-Token: <${token}>`], body: "saved" });
    await word.send(204, "UNLOCK", DOCUMENT, { headers: [`Lock-Token: <${token}>`] });
    expect(await Bun.file(join(server.root, "docs/test hallo.docx")).text()).toBe("saved");
  });

  test("tells a second person who has the document open", async () => {
    await using server = await withDocument("test hallo.docx");
    using first = new Replay(server.url, [...WORD, "User-Agent: Microsoft Office Word 2014"]);
    await first.send(200, "LOCK", DOCUMENT, lock("DESKTOP\\anna", "Timeout: Second-3600"));
    using second = new Replay(server.url, [...WORD, "User-Agent: Microsoft Office Excel 2014"]);
    await second.send(423, "LOCK", DOCUMENT, lock("LAPTOP\\bob", "Timeout: Second-3600"));
    expect((await second.send(207, "PROPFIND", DOCUMENT, DISCOVERY)).text).toContain("DESKTOP\\anna");
    expect((await second.send(200, "GET", DOCUMENT)).text).toBe("before");
    await second.send(423, "PUT", DOCUMENT, { body: "stolen" });
    await second.send(423, "DELETE", DOCUMENT);
    expect(await Bun.file(join(server.root, "docs/test hallo.docx")).text()).toBe("before");
  });

  test("with accounts, an empty token is no failed login: it is asked for a name and a password", async () => {
    await using server = await startAccessServer((database) => {
      database.account("anna", { "": "read,write,replace" });
    });
    await Bun.write(join(server.root, "docs/test hallo.docx"), "before");
    using word = new Replay(server.url, [...WORD, "User-Agent: Microsoft Office Word 2014", "Translate: f"]);
    await word.send(200, "OPTIONS", "/dav/docs/");
    // More often than a wrong password may be tried.
    for (let attempt = 0; attempt < 30; attempt += 1) {
      const refused = await word.send(401, "LOCK", DOCUMENT, lock("DESKTOP\\anna", "Timeout: Second-3600"));
      expect(refused.headers.get("www-authenticate")).toMatch(/^Basic /);
    }
    const login = `Authorization: ${basic("anna").authorization}`;
    using known = new Replay(server.url, [login, "User-Agent: Microsoft Office Word 2014", "Translate: f"]);
    const token = tokenOf(
      await known.send(200, "LOCK", DOCUMENT, lock("DESKTOP\\anna", "Timeout: Second-3600")),
    );
    await known.send(204, "PUT", DOCUMENT, { headers: [`If: (<${token}>)`], body: "after" });
    await known.send(204, "UNLOCK", DOCUMENT, { headers: [`Lock-Token: <${token}>`] });
    expect(await Bun.file(join(server.root, "docs/test hallo.docx")).text()).toBe("after");
  });
});

describe("Word, on a mounted drive", () => {
  const DRIVE = [
    "Cache-Control: no-cache",
    "Connection: Keep-Alive",
    "Pragma: no-cache",
    "User-Agent: Microsoft-WebDAV-MiniRedir/10.0.22000",
    "translate: f",
  ];

  /** Writes a file as the drive does. */
  async function write(client: Replay, target: string, content: string): Promise<void> {
    await client.send(201, "PUT", target);
    const token = tokenOf(
      await client.send(200, "LOCK", target, lock("DESKTOP\\anna", "Timeout: Second-3600")),
    );
    await client.send(200, "HEAD", target);
    await client.send(204, "PUT", target, { headers: [`If: (<${token}>)`], body: content });
    await client.send(207, "PROPPATCH", target, {
      headers: [XML, `If: (<${token}>)`],
      body: '<?xml version="1.0" encoding="utf-8" ?><D:propertyupdate xmlns:D="DAV:" xmlns:Z="urn:schemas-microsoft-com:"><D:set><D:prop><Z:Win32LastModifiedTime>Wed, 04 Nov 2020 13:25:51 GMT</Z:Win32LastModifiedTime><Z:Win32FileAttributes>00000022</Z:Win32FileAttributes></D:prop></D:set></D:propertyupdate>',
    });
    await client.send(204, "UNLOCK", target, { headers: [`Lock-Token: <${token}>`] });
  }

  test("saves by a new file that takes the name, and leaves nothing else", async () => {
    await using server = await withDocument("test.docx");
    using client = new Replay(server.url, DRIVE);
    const at = (name: string) => `/dav/docs/${encodeURIComponent(name)}`;
    const move = (from: string, to: string) =>
      client.send(201, "MOVE", at(from), {
        headers: [`Destination: ${server.url}${at(to)}`, "Overwrite: F"],
      });
    await client.send(404, "PROPFIND", at("~$test.docx"), { headers: ["Depth: 0"] });
    await write(client, at("~$test.docx"), "anna");
    const token = tokenOf(
      await client.send(200, "LOCK", at("test.docx"), lock("DESKTOP\\anna", "Timeout: Second-3600")),
    );
    await client.send(200, "GET", at("test.docx"));
    await client.send(204, "UNLOCK", at("test.docx"), { headers: [`Lock-Token: <${token}>`] });
    await write(client, at("~WRD0000.tmp"), "after");
    await move("test.docx", "~WRL0001.tmp");
    await move("~WRD0000.tmp", "test.docx");
    await client.send(204, "DELETE", at("~WRL0001.tmp"));
    await client.send(204, "DELETE", at("~$test.docx"));
    expect(await readdir(join(server.root, "docs"))).toEqual(["test.docx"]);
    expect(await Bun.file(join(server.root, "docs/test.docx")).text()).toBe("after");
  });
});

describe("LibreOffice", () => {
  const OFFICE = [
    "User-Agent: LibreOffice 7.4.7.2 denylistedbackend/7.88.1 OpenSSL/3.0.9",
    "Accept-Encoding: deflate, gzip, br",
  ];

  test("locks a document while it edits it, and keeps a file beside it whose name ends with #", async () => {
    await using server = await withDocument("test.odt");
    using client = new Replay(server.url, OFFICE);
    const document = "/dav/docs/test.odt";
    await client.send(207, "PROPFIND", document, {
      headers: ["Depth: 0", "Content-Type: application/xml"],
      body: '<?xml version="1.0" encoding="UTF-8"?><propfind xmlns="DAV:"><prop><resourcetype/><IsReadOnly xmlns="http://ucb.openoffice.org/dav/props/"/><getcontenttype/><IsDocument xmlns="http://ucb.openoffice.org/dav/props/"/><supportedlock/><lockdiscovery/></prop></propfind>',
    });
    const token = tokenOf(
      await client.send(200, "LOCK", document, {
        headers: ["Depth: 0", "Timeout: Second-180", "Content-Type: application/xml"],
        body: '<?xml version="1.0" encoding="UTF-8"?><lockinfo xmlns="DAV:"><lockscope><exclusive/></lockscope><locktype><write/></locktype><owner xmlns:a="DAV:">http://libreoffice.example/</owner></lockinfo>',
      }),
    );
    expect((await client.send(200, "GET", document)).text).toBe("before");
    await client.send(404, "PROPFIND", "/dav/docs/.~lock.test.odt%23", { headers: ["Depth: 0"] });
    await client.send(201, "PUT", "/dav/docs/.~lock.test.odt%23", { body: "anna" });
    await client.send(204, "PUT", document, { headers: [`If: (<${token}>)`], body: "after" });
    await client.send(200, "LOCK", document, { headers: [`If: (<${token}>)`, "Timeout: Second-180"] });
    await client.send(204, "DELETE", "/dav/docs/.~lock.test.odt%23");
    await client.send(204, "UNLOCK", document, { headers: [`Lock-Token: <${token}>`] });
    expect(await readdir(join(server.root, "docs"))).toEqual(["test.odt"]);
    expect(await Bun.file(join(server.root, "docs/test.odt")).text()).toBe("after");
  });
});
