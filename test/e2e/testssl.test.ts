// testssl.sh examines the TLS of the server: nothing that it finds is worse than LOW.

import { expect, test } from "bun:test";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { issue } from "../support/authority.ts";
import { run } from "../support/binary.ts";
import { spawnServing } from "../support/spawn.ts";
import { isMissing, skipped, whyOff } from "../support/switches.ts";

const off = whyOff("LARGE");
const none = off === null ? isMissing("testssl") : skipped("testssl.sh, which takes two minutes", off);
/** Severities that are not worse than LOW. */
const HARMLESS = ["OK", "INFO", "LOW"];

test.skipIf(none)(
  "testssl.sh finds nothing worse than LOW",
  async () => {
    const folder = await mkdtemp(join(tmpdir(), "sluice-testssl-"));
    try {
      const root = issue("Root", { isAuthority: true, days: 1000 });
      // As public certificates are: an authority that is known, and an address that tells of revoked ones.
      const extensions = ["authorityInfoAccess=OCSP;URI:http://ocsp.example/", "extendedKeyUsage=serverAuth"];
      const { cert, key } = issue("localhost", { by: root, days: 89, extensions });
      const [certFile, keyFile, authority] = ["cert.pem", "key.pem", "root.pem"].map((name) =>
        join(folder, name),
      );
      for (const [file = "", text] of [
        [certFile, cert],
        [keyFile, key],
        [authority, root.cert],
      ] as const)
        await writeFile(file, text, { mode: 0o600 });
      const flags = ["--tls-cert", certFile ?? "", "--tls-key", keyFile ?? "", "--hsts", "365d"];
      await using server = await spawnServing(join(folder, "root"), ...flags);
      const words = [
        "--quiet",
        "--color",
        "0",
        "--warnings",
        "off",
        "--nodns",
        "none",
        "--add-ca",
        "root.pem",
      ];
      const target = `localhost:${new URL(server.url).port}`;
      const ended = await run(["testssl", ...words, "--jsonfile", "found.json", target], { cwd: folder });
      const found: { id: string; severity: string; finding: string }[] = await Bun.file(
        join(folder, "found.json"),
      ).json();
      expect(found.length, ended.stdout).toBeGreaterThan(100);
      expect(found.filter(({ severity }) => !HARMLESS.includes(severity))).toEqual([]);
    } finally {
      await rm(folder, { recursive: true });
    }
  },
  600_000,
);
