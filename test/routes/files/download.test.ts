// GET and HEAD /files/{path}: sandboxed files; folders as JSON or as the page.

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdir, symlink } from "node:fs/promises";
import { join } from "node:path";
import { Listing, SavedFile } from "../../../src/routes/openapi/shapes.ts";
import { bodyIn } from "../../support/answer.ts";
import { problemIn } from "../../support/problem.ts";
import { connect } from "../../support/raw.ts";
import { startServer, type TestServer } from "../../support/server.ts";

let server: TestServer;
beforeAll(async () => {
  server = await startServer();
  await mkdir(join(server.root, "d"));
  await Bun.write(join(server.root, "d/hello.txt"), "hello");
  await Bun.write(join(server.root, "empty"), "");
});
afterAll(() => server.stop());

const get = (path: string, headers: Record<string, string> = {}, method = "GET") =>
  server.fetch(`/files/${path}`, { method, headers });

describe("a file", () => {
  test("is sent completely, with its length, tag and date", async () => {
    const answer = await get("d/hello.txt");
    expect(answer.status).toBe(200);
    expect(await answer.text()).toBe("hello");
    expect(answer.headers.get("content-length")).toBe("5");
    expect(answer.headers.get("etag")).toMatch(/^"[^"]+"$/);
    expect(Date.parse(answer.headers.get("last-modified") ?? "")).toBeLessThanOrEqual(Date.now());
    expect(answer.headers.get("cache-control")).toBe("no-cache");
  });

  test("has the tag that its upload returned", async () => {
    const saved = await bodyIn(SavedFile, await server.fetch("/files/tag", { method: "PUT", body: "x" }));
    expect((await get("tag")).headers.get("etag")).toBe(saved.etag);
  });

  test("may be large, and is sent byte for byte", async () => {
    const bytes = crypto.getRandomValues(new Uint8Array(65_536));
    const large = Buffer.concat(Array.from({ length: 200 }, () => bytes));
    await Bun.write(join(server.root, "large.bin"), large);
    expect(Buffer.from(await (await get("large.bin")).bytes()).equals(large)).toBe(true);
  });

  test("may be empty", async () => {
    const answer = await get("empty");
    expect(answer.status).toBe(200);
    expect(await answer.text()).toBe("");
  });

  test.each([
    ["page.html", "text/html; charset=utf-8"],
    ["picture.svg", "image/svg+xml"],
    ["feed.xml", "application/xml"],
    ["notes.md", "text/markdown; charset=utf-8"],
  ])("%s is sent as %s, and is sandboxed in a browser", async (name, type) => {
    await Bun.write(join(server.root, name), "<script>alert(1)</script>");
    const { headers } = await get(name);
    expect(headers.get("content-type")).toBe(type);
    expect(headers.get("x-content-type-options")).toBe("nosniff");
    expect(headers.get("content-security-policy")).toMatch(/^sandbox; default-src 'none';/);
    expect(headers.get("content-security-policy")).not.toMatch(/allow-|script-src/);
    expect(headers.get("content-disposition")).toStartWith("inline;");
  });

  test.each([
    ["photo.JPG", "image/jpeg"],
    ["film.mkv", "video/x-matroska"],
    ["song.flac", "audio/flac"],
    ["a.pdf", "application/pdf"],
    ["main.rs", "text/plain; charset=utf-8"],
    ["unknown.qqq", "text/plain; charset=utf-8"],
    ["LICENSE", "text/plain; charset=utf-8"],
  ])("%s is sent as %s, which loads nothing from elsewhere", async (name, type) => {
    await Bun.write(join(server.root, name), "<script>alert(1)</script>");
    for (const method of ["GET", "HEAD"]) {
      const { headers } = await get(name, {}, method);
      expect(headers.get("content-type")).toBe(type);
      expect(headers.get("x-content-type-options")).toBe("nosniff");
      expect(headers.get("content-security-policy")).toMatch(/^default-src 'none';/);
      expect(headers.get("content-disposition")).toStartWith("inline;");
    }
  });

  test("is saved by the browser with ?download, under its own name", async () => {
    await Bun.write(join(server.root, `ü "q".txt`), "x");
    const path = encodeURIComponent(`ü "q".txt`);
    expect((await get(`${path}?download`)).headers.get("content-disposition")).toBe(
      `attachment; filename="_ _q_.txt"; filename*=UTF-8''%C3%BC%20%22q%22.txt`,
    );
    expect((await get(`${path}?download=1`)).headers.get("content-disposition")).toStartWith("attachment;");
  });

  test("%2F and / mean the same", async () => {
    expect(await (await get("d%2Fhello.txt")).text()).toBe("hello");
  });

  test("HEAD returns the same headers without a body", async () => {
    const [head, whole] = [await get("d/hello.txt", {}, "HEAD"), await get("d/hello.txt")];
    expect(head.status).toBe(200);
    expect(await head.text()).toBe("");
    const told = (answer: Response) =>
      ["content-length", "content-type", "etag", "last-modified", "content-disposition"].map((name) =>
        answer.headers.get(name),
      );
    expect(told(head)).toEqual(told(whole));
  });

  test("is found with a host of one letter", async () => {
    using connection = await connect(server.url);
    await connection.send("GET /files/d/hello.txt HTTP/1.1\r\nHost: localhost\r\n\r\n");
    expect((await connection.answer()).text).toBe("hello");
  });
});

describe("a range", () => {
  test("is sent alone, with Content-Range", async () => {
    const answer = await get("d/hello.txt", { range: "bytes=1-3" });
    expect(answer.status).toBe(206);
    expect(answer.headers.get("content-range")).toBe("bytes 1-3/5");
    expect(await answer.text()).toBe("ell");
    const { headers } = await get("d/hello.txt");
    expect(answer.headers.get("etag")).toBe(headers.get("etag"));
  });

  test("after the end is a problem that states the length of the file", async () => {
    for (const range of ["bytes=5-", "bytes=-0"]) {
      const answer = await get("d/hello.txt", { range });
      expect(answer.headers.get("content-range")).toBe("bytes */5");
      await problemIn(answer, "range_not_satisfiable");
    }
    expect((await get("d/hello.txt", { range: "bytes=5-", "if-range": '"other"' })).status).toBe(200);
  });
});

describe("a missing file", () => {
  test.each(["nothing/here", "d/nothing", "d/hello.txt/below", "d/hello.txt/", ".sluice%2Flock"])(
    "%s",
    async (path) => {
      const code = path.startsWith(".sluice") ? "invalid_path" : "not_found";
      await problemIn(await get(path), code);
      expect((await get(path, {}, "HEAD")).status).toBe(code === "not_found" ? 404 : 400);
    },
  );

  test("a link that leads out of the root, is broken, or leads to itself", async () => {
    await using outside = await startServer();
    await Bun.write(join(outside.root, "secret"), "canary");
    await symlink(join(outside.root, "secret"), join(server.root, "leaf"));
    await symlink(outside.root, join(server.root, "branch"));
    await symlink("nowhere", join(server.root, "dangling"));
    await symlink("loop", join(server.root, "loop"));
    for (const path of ["leaf", "branch/secret", "branch/", "dangling", "loop"])
      await problemIn(await get(path), "not_found");
  });

  test("a link that stays inside is followed", async () => {
    await symlink("d", join(server.root, "inside"));
    expect(await (await get("inside/hello.txt")).text()).toBe("hello");
  });
});

describe("a folder", () => {
  test("is JSON for Accept: application/json", async () => {
    const answer = await get("d/", { accept: "application/json" });
    expect(answer.status).toBe(200);
    expect(answer.headers.get("content-type")).toBe("application/json");
    expect(answer.headers.get("vary")).toContain("Accept");
    const { folder, entries, next } = await bodyIn(Listing, answer);
    expect([folder, next]).toEqual(["d", null]);
    expect(entries.map(({ path, kind, size, url }) => [path, kind, size, url])).toEqual([
      ["d/hello.txt", "file", 5, "/files/d/hello.txt"],
    ]);
    const head = await get("d/", { accept: "application/json" }, "HEAD");
    expect(head.headers.get("content-length")).toBe(answer.headers.get("content-length"));
    expect(await head.text()).toBe("");
  });

  test("with or without trailing slash, also the root", async () => {
    for (const path of ["d", "", "d%2F"]) {
      const { folder } = await bodyIn(Listing, await get(path, { accept: "application/json" }));
      expect(folder).toBe(path === "" ? "" : "d");
    }
  });

  test("is JSON for the weights of Accept that prefer it", async () => {
    for (const accept of ["application/json, */*", "text/html;q=0.9, application/json", "text/html;q=0, */*"])
      expect((await get("d/", { accept })).headers.get("content-type")).toBe("application/json");
  });

  test("is the page for other values of Accept", async () => {
    for (const accept of [
      "text/html,application/xhtml+xml,*/*;q=0.8",
      "*/*",
      "application/json;q=0",
      "application/json;q=0.5, text/html",
    ]) {
      const answer = await get("d/", { accept });
      expect(answer.status).toBe(200);
      expect(answer.headers.get("content-type")).toBe("text/html; charset=utf-8");
      expect(answer.headers.get("vary")).toContain("Accept");
      expect(await answer.text()).toContain("<!doctype html>");
    }
  });
});
