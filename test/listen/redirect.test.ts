// --redirect-port beside certificates of files, and ports that this user may not open.

import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { chmod, chown, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { distinctHosts } from "../../src/listen/certificate-set.ts";
import { freePort } from "../support/free-ports.ts";
import { Issuer } from "../support/issuer.ts";
import { until } from "../support/server.ts";
import { NOBODY, type Spawned, spawn, spawnAs, whyNotNobody } from "../support/spawn.ts";
import { isMissing, skipped } from "../support/switches.ts";

const HOST = "files.example.org";
const notNobody = await whyNotNobody();
if (notNobody) skipped("ports that another user may not open", notNobody);

test.each([
  [
    ["127.0.0.1", "::1", "127.0.0.1"],
    ["127.0.0.1", "::1"],
  ],
  [
    ["0.0.0.0", "192.0.2.1", "::1"],
    ["0.0.0.0", "::1"],
  ],
  [["0.0.0.0", "::", "192.0.2.1"], ["::"]],
])("the plain port of %j is opened at %j", (hosts, opened) => {
  expect(distinctHosts(hosts)).toEqual(opened);
});

describe.skipIf(isMissing("openssl"))("--redirect-port", () => {
  let folder: string;
  let httpPort: number;
  let flags: string[];
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "sluice-redirect-"));
    httpPort = freePort();
    const { key, chain } = new Issuer().issue(HOST, 30);
    await Bun.write(join(folder, "both.pem"), key + chain);
    flags = ["--port", "0", "--allow", "read", "--tls-cert", join(folder, "both.pem")];
  });
  afterEach(() => rm(folder, { recursive: true }));

  const listening = (sluice: Spawned): Promise<void> =>
    until("it listens", () => sluice.stdout.includes("Sluice is listening on https:"));

  test("sends clients to the name of the certificate, and other options than TLS are told", async () => {
    const root = join(folder, "root");
    await using sluice = spawn(root, ...flags, "--redirect-port", `${httpPort}`);
    await listening(sluice);
    const port = /https:\/\/127\.0\.0\.1:(\d+)/.exec(sluice.stdout)?.[1];
    const ask = (path: string, host: string): Promise<Response> =>
      fetch(`http://127.0.0.1:${httpPort}${path}`, { headers: { host }, redirect: "manual" });
    for (const host of [HOST, "evil.example"])
      expect((await ask("/s/x?y", host)).headers.get("location")).toBe(`https://${HOST}:${port}/s/x?y`);
    expect((await ask("/.well-known/acme-challenge/x", HOST)).status).toBe(404);
    await using wrong = spawn(root, "--redirect-port", `${httpPort}`);
    expect(await wrong.exited).toBe(1);
    expect(wrong.stderr).toContain("--redirect-port sends clients to https, which is not served");
  });

  test("sends clients to the port of --url, to which something in front forwards", async () => {
    const url = ["--url", "https://www.example.org"];
    await using sluice = spawn(join(folder, "root"), ...flags, ...url, "--redirect-port", `${httpPort}`);
    await listening(sluice);
    for (const [host, location] of [
      ["www.example.org", "https://www.example.org/"],
      [HOST, `https://${HOST}/`],
      ["evil.example", "https://www.example.org/"],
    ] as const) {
      const answer = await fetch(`http://127.0.0.1:${httpPort}/`, { headers: { host }, redirect: "manual" });
      expect(answer.headers.get("location")).toBe(location);
    }
  });

  test("that is taken does not end the start, which says so", async () => {
    using _ = Bun.listen({ hostname: "127.0.0.1", port: httpPort, socket: { data() {} } });
    await using sluice = spawn(join(folder, "root"), ...flags, "--redirect-port", `${httpPort}`);
    await listening(sluice);
    expect(sluice.stderr).toContain(
      `Nobody is redirected to https until the next start: port ${httpPort} of 127.0.0.1 is already in use.`,
    );
  });

  test.skipIf(notNobody !== null)(
    "that this user may not open ends a start with --acme, with the reason",
    async () => {
      await chmod(folder, 0o755);
      await chown(folder, NOBODY, NOBODY);
      const directory = "http://127.0.0.1:1/directory";
      const acme = [
        "--acme",
        HOST,
        "--acme-directory",
        directory,
        "--acme-accept-terms",
        "--redirect-port",
        "81",
      ];
      await using sluice = spawnAs(NOBODY, join(folder, "root"), "--port", "0", "--allow", "read", ...acme);
      expect(await sluice.exited).toBe(1);
      expect(sluice.stderr).toContain(
        "No certificate can be ordered: port 81 needs a privilege that this user lacks. Free it, grant the privilege",
      );
    },
  );
});
