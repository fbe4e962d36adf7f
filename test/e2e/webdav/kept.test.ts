// The compiled program keeps WebDAV properties and locks, in a thread of its own, also when it is killed.

import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdtemp, realpath, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Binary, buildBinary, serve } from "../../support/binary.ts";
import { holding, lockAt, propfind, proppatch } from "../../support/dav.ts";

let binary: Binary;
let cwd: string;
beforeAll(async () => {
  binary = await buildBinary();
  cwd = await realpath(await mkdtemp(join(tmpdir(), "sluice-kept-")));
}, 120_000);
afterAll(async () => {
  await binary[Symbol.asyncDispose]();
  await rm(cwd, { recursive: true, force: true });
});

test.each(["SIGKILL", "SIGTERM"] as const)(
  "after %s, the lock still holds and the property is there",
  async (signal) => {
    const path = `${signal}.txt`;
    const start = () => serve([binary.path, "--allow", "all"], { cwd });
    const client = ({ url }: { url: string }) => ({
      fetch: (at: string, init?: BunFetchRequestInit) => fetch(url + at, init),
    });
    let token: string;
    {
      await using server = await start();
      token = await lockAt(client(server), path);
      const set = "<D:set><D:prop><x:p>kept</x:p></D:prop></D:set>";
      expect((await proppatch(client(server), path, set, holding(token))).status).toBe(207);
      await server.end(signal);
    }
    await using server = await start();
    const again = client(server);
    expect((await again.fetch(`/files/${path}`, { method: "PUT", body: "x" })).status).toBe(423);
    expect(await propfind(again, path, "<x:p/>")).toContain('<p xmlns="urn:x">kept</p>');
    const put = { method: "PUT", body: "x", headers: holding(token) };
    expect((await again.fetch(`/dav/${path}`, put)).status).toBe(204);
  },
);
