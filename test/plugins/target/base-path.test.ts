// --base-path: requests with and without the path, and the URLs in answers.

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { join } from "node:path";
import { toConfig } from "../../../src/config/options.ts";
import { connect } from "../../support/raw.ts";
import { startServer, type TestServer } from "../../support/server.ts";

let server: TestServer;
beforeAll(async () => {
  server = await startServer({ basePath: "/sluice", trash: 60, maxFileSize: 1_000_000 });
});
afterAll(() => server.stop());

const json = async (path: string, init?: RequestInit) => {
  const answer = await server.fetch(path, init);
  return { status: answer.status, headers: answer.headers, text: await answer.text() };
};

describe.each(["/sluice", ""])("a request below %j", (base) => {
  test("is answered with URLs below the base path", async () => {
    const name = `a ${base.length}&.txt`;
    const url = `/sluice/files/dir/${encodeURIComponent(name)}`;
    const saved = await json(`${base}/files/dir/${encodeURIComponent(name)}`, { method: "PUT", body: "one" });
    expect(saved.status).toBe(201);
    expect(saved.headers.get("location")).toBe(url);
    expect(JSON.parse(saved.text).url).toBe(url);
    expect(await Bun.file(join(server.root, "dir", name)).text()).toBe("one");
    expect(await (await server.fetch(url)).text()).toBe("one");
    const urls = async (path: string, accept = "application/json") => {
      const { text } = await json(base + path, { headers: { accept } });
      return [...text.matchAll(/"url":"([^"]*)"/g)].map(([, one]) => one);
    };
    expect(await urls("/api/entries?folder=dir")).toContain(url);
    expect(await urls("/api/entries")).toContain("/sluice/files/dir/");
    expect(await urls("/files/dir/")).toContain(url);
    expect(await urls(`/api/search?query=${encodeURIComponent(name)}`)).toEqual([url]);
    expect(await urls(`/api/search?query=${encodeURIComponent(name)}`, "application/x-ndjson")).toEqual([
      url,
    ]);
  });

  test("that changes entries is answered with URLs below the base path", async () => {
    const call = (path: string, value: unknown) =>
      json(`${base}${path}`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify(value),
      });
    const name = `folder${base.length}`;
    const made = await call("/api/folders", { path: name });
    expect([made.status, made.headers.get("location")]).toEqual([201, `/sluice/files/${name}/`]);
    const moved = await call("/api/move", { from: name, to: `${name}-moved` });
    expect(JSON.parse(moved.text).url).toBe(`/sluice/files/${name}-moved/`);
    const batch = await call("/api/batch", { operations: [{ op: "folder", path: `${name}/in` }] });
    expect(JSON.parse(batch.text).done[0].url).toBe(`/sluice/files/${name}/in/`);
    const copied = await json(`${base}/api/copy`, {
      method: "POST",
      headers: { "content-type": "application/json", prefer: "respond-async" },
      body: JSON.stringify({ from: name, to: `${name}-copy` }),
    });
    expect(copied.headers.get("location")).toMatch(/^\/sluice\/api\/jobs\//);
    expect((await server.fetch(copied.headers.get("location") ?? "")).status).toBe(200);
  });

  test("that fails is answered with a problem type below the base path, also while the body is still being sent", async () => {
    const { text } = await json(`${base}/files/missing`);
    expect(JSON.parse(text).type).toBe("/sluice/problems#/not_found");
    using connection = await connect(server.url);
    await connection.send(
      `PUT ${base}/files/large HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2000000\r\n\r\n`,
    );
    const early = await connection.answer();
    expect(JSON.parse(early.text)).toMatchObject({ status: 413, type: "/sluice/problems#/file_too_large" });
    expect(await (await server.fetch(`${base}/problems`)).text()).toContain('href="/sluice/base.css"');
  });

  test.each([
    ["GET", "/no/such/url", {}, "not_found"],
    ["PUT", "/api/move", {}, "method_not_allowed"],
    ["GET", "/health", { host: "files.example.com" }, "misdirected"],
    ["PUT", "/files/a", { origin: "http://other.example" }, "cross_origin"],
  ])(
    "that no route answers (%s %s %j) has a problem type below the base path",
    async (method, path, headers, code) => {
      const { text } = await json(base + path, { method, headers });
      expect(JSON.parse(text)).toMatchObject({ code, type: `/sluice/problems#/${code}` });
    },
  );

  test("has the document with the server's URL, and a page that loads from below it", async () => {
    const document = await json(`${base}/swagger/json`);
    expect(JSON.parse(document.text).servers).toEqual([expect.objectContaining({ url: "/sluice" })]);
    expect((await json(`${base}/swagger/start.js`)).text).toContain('"url":"/sluice/swagger/json"');
    for (const path of ["/", "/swagger", "/files/dir/", "/problems"]) {
      const { text } = await json(base + path, { headers: { accept: "text/html" } });
      const links = [...text.matchAll(/(?:href|src)="(\/[^"]*)"/g)].map(([, link = ""]) => link);
      expect(links.length).toBeGreaterThan(1);
      for (const link of links) {
        expect(link).toStartWith("/sluice/");
        if (!link.includes("/files/") && !link.includes("/api/"))
          expect([link, (await server.fetch(link)).status]).toEqual([link, 200]);
      }
    }
  });

  test("uploads resumably: tus and Resumable Uploads", async () => {
    const tus = { "tus-resumable": "1.0.0" };
    const made = await server.fetch(`${base}/uploads`, {
      method: "POST",
      headers: { ...tus, "upload-length": "3", "upload-metadata": `filename ${btoa(`tus${base.length}`)}` },
    });
    const location = made.headers.get("location") ?? "";
    expect(location).toMatch(/^\/sluice\/uploads\//);
    const sent = await server.fetch(location, {
      method: "PATCH",
      headers: { ...tus, "upload-offset": "0", "content-type": "application/offset+octet-stream" },
      body: "abc",
    });
    expect(sent.headers.get("content-location")).toBe(`/sluice/files/tus${base.length}`);
    const whole = await server.fetch(`${base}/uploads?path=rufh${base.length}`, {
      method: "POST",
      headers: { "upload-complete": "?1", "upload-draft-interop-version": "6" },
      body: "abc",
    });
    expect(whole.status).toBeLessThan(300);
    expect(await whole.text()).toContain(`"url":"/sluice/files/rufh${base.length}"`);
  });
});

test("the path itself is redirected to the page, with its query", async () => {
  const answer = await server.fetch("/sluice?a=b", { redirect: "manual" });
  expect([answer.status, answer.headers.get("location")]).toEqual([308, "/sluice/?a=b"]);
  expect((await server.fetch("/sluicex/health")).status).toBe(404);
  expect((await server.fetch("/sluice/sluice/health")).status).toBe(404);
});

test("text of a client that looks like a URL is not changed", async () => {
  const path = '"url":"/files/x"';
  const encoded = path.split("/").map(encodeURIComponent).join("/");
  const { text } = await json(`/sluice/files/${encoded}`, { method: "PUT", body: "" });
  expect(JSON.parse(text)).toMatchObject({ path, url: `/sluice/files/${encoded}` });
});

test("HTML and JSON files in the root are sent unchanged", async () => {
  const html = '<a href="/x">"url":"/files/x"</a>';
  await Bun.write(join(server.root, "page.html"), html);
  await Bun.write(join(server.root, "data.json"), '{"url":"/files/x"}');
  expect(await (await server.fetch("/sluice/files/page.html")).text()).toBe(html);
  expect(await (await server.fetch("/sluice/files/data.json")).text()).toBe('{"url":"/files/x"}');
});

test.each([
  ["/", ""],
  ["/sluice", "/sluice"],
  ["/a/b-c_d.e~f/", "/a/b-c_d.e~f"],
])("--base-path %s", (text, value) => {
  expect(toConfig(new Map([["base-path", text]])).basePath).toBe(value);
});

test.each(["sluice", "//", "/a//b", "/a b", "/a?b", "/ä", "/..", "/a/.", "/files", "/api/x", '/"'])(
  "--base-path %s is refused",
  (text) => {
    expect(() => toConfig(new Map([["base-path", text]]))).toThrow(RangeError);
  },
);
