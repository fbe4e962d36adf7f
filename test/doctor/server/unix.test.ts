// The Unix sockets that the server will use: free, left over, or taken.

import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { socketFinding } from "../../../src/doctor/server/unix.ts";
import { startServer, type TestServer } from "../../support/server.ts";

let folder: string;
let path: string;
let server: TestServer;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "sluice-doctor-"));
  path = join(folder, "a.sock");
  server = await startServer({ listen: [{ kind: "unix", path, mode: 0o600 }] });
});
afterAll(async () => {
  await server.stop();
  await rm(folder, { recursive: true });
});

test("one at which Sluice runs, and one at which another program does", async () => {
  const finding = await socketFinding(path);
  expect(finding.verdict).toBe("ok");
  expect(finding.value).toMatch(/a\.sock, where Sluice \d\S+ runs$/);
  const other = join(folder, "other.sock");
  const program = Bun.serve({ unix: other, fetch: () => new Response("no health") });
  expect(await socketFinding(other)).toMatchObject({
    verdict: "problem",
    value: `${other} cannot be used`,
    advice: expect.stringContaining("Another server listens on the Unix socket"),
  });
  await program.stop(true);
});

test("one that is free, one that is no socket, and one without its folder", async () => {
  const free = join(folder, "free.sock");
  expect(await socketFinding(free)).toMatchObject({ verdict: "ok", value: `${free} is free` });
  await Bun.write(join(folder, "file"), "x");
  expect(await socketFinding(join(folder, "file"))).toMatchObject({
    advice: expect.stringContaining("exists and is no Unix socket"),
  });
  expect(await socketFinding(join(folder, "missing/a.sock"))).toMatchObject({
    verdict: "problem",
    advice: expect.stringContaining("RuntimeDirectory="),
  });
});
