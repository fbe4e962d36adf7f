// The compiled program orders a certificate: the thread that does it, and its packages, are in the binary.

import { expect, test } from "bun:test";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startAuthority } from "../support/acme-authority.ts";
import { buildBinary, serve } from "../support/binary.ts";
import { freePort } from "../support/free-ports.ts";
import { isMissing, skipped } from "../support/switches.ts";

const HOST = "files.example.org";
const noBinary =
  !process.env.TEST_BINARY &&
  skipped("the binary and ACME", "it needs a build of its own", "TEST_BINARY=dist/sluice runs it");

test.skipIf(noBinary || isMissing("openssl"))("a certificate is ordered and served", async () => {
  await using binary = await buildBinary();
  await using authority = startAuthority();
  const cwd = await mkdtemp(join(tmpdir(), "sluice-empty-"));
  try {
    authority.httpPort = freePort();
    const acme = ["--acme", HOST, "--acme-directory", authority.directory, "--acme-accept-terms"];
    const flags = [...acme, "--redirect-port", `${authority.httpPort}`, "--allow", "read"];
    await using server = await serve([binary.path, ...flags], { cwd });
    const tls = { ca: authority.root, serverName: HOST };
    expect((await fetch(`${server.url}/health`, { tls })).status).toBe(200);
    expect((await server.end("SIGTERM")).code).toBe(0);
  } finally {
    await rm(cwd, { recursive: true });
  }
});
