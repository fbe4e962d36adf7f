// Programs that mount a folder under the default grants: an empty file first, its content and its time later.

import { describe, expect, test } from "bun:test";
import { mkdir, stat } from "node:fs/promises";
import { join } from "node:path";
import type { Grant } from "../../../src/config/config.ts";
import { basic, startAccessServer } from "../../support/access.ts";
import { problemIn } from "../../support/problem.ts";
import { startServer, type TestServer } from "../../support/server.ts";

describe("without the grant to replace", () => {
  const limited = (): Promise<TestServer> => startServer({ allow: new Set<Grant>(["read", "write"]) });
  const time = (text: string): string =>
    `<?xml version="1.0" encoding="utf-8" ?><D:propertyupdate xmlns:D="DAV:" xmlns:Z="urn:schemas-microsoft-com:"><D:set><D:prop><Z:Win32LastModifiedTime>${text}</Z:Win32LastModifiedTime></D:prop></D:set></D:propertyupdate>`;

  test("an empty file gets its time and its content, as Explorer sends them, once", async () => {
    await using server = await limited();
    const ask = (method: string, body = ""): Promise<Response> =>
      server.fetch("/dav/new.docx", { method, body: body || null });
    expect((await ask("PUT")).status).toBe(201);
    expect((await ask("PROPPATCH", time("Sat, 01 Jan 2022 10:00:00 GMT"))).status).toBe(207);
    expect((await ask("PUT", "content")).status).toBe(204);
    const patched = await ask("PROPPATCH", time("Sun, 02 Jan 2022 10:00:00 GMT"));
    expect(await patched.text()).toContain("200 OK");
    const { mtime } = await stat(join(server.root, "new.docx"));
    expect(mtime.toISOString()).toBe("2022-01-02T10:00:00.000Z");
    await problemIn(await ask("PUT", "other"), "not_allowed");
    expect(await Bun.file(join(server.root, "new.docx")).text()).toBe("content");
  });

  test("a lock keeps nobody from what its maker may not change", async () => {
    await using server = await limited();
    await Bun.write(join(server.root, "others.txt"), "x");
    await mkdir(join(server.root, "others"));
    const body =
      '<lockinfo xmlns="DAV:"><lockscope><exclusive/></lockscope><locktype><write/></locktype></lockinfo>';
    const lock = (path: string): Promise<Response> => server.fetch(`/dav/${path}`, { method: "LOCK", body });
    for (const path of ["others.txt", "others"]) await problemIn(await lock(path), "not_allowed");
    expect((await lock("own.txt")).status).toBe(201);
    expect((await server.fetch("/files/own.txt", { method: "PUT", body: "x" })).status).toBe(423);
    expect((await server.fetch("/files/others/a.txt", { method: "PUT", body: "x" })).status).toBe(201);
  });

  test("an empty file of somebody else is not filled, and none that was there before", async () => {
    await using server = await limited();
    await Bun.write(join(server.root, "empty.txt"), "");
    await problemIn(await server.fetch("/dav/empty.txt", { method: "PUT", body: "x" }), "not_allowed");
    await using closed = await startAccessServer((database) => {
      for (const name of ["anna", "bert"]) database.account(name, { "": "read,write" });
    });
    const put = (name: string, body: string): Promise<Response> =>
      closed.fetch("/dav/mine.txt", { method: "PUT", body: body || null, headers: basic(name) });
    expect((await put("anna", "")).status).toBe(201);
    await problemIn(await put("bert", "x"), "not_allowed");
    expect((await put("anna", "y")).status).toBe(204);
  });
});
