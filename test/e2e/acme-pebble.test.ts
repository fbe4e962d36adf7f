// Certificates by ACME at Pebble, the test server of Let's Encrypt, which refuses some nonces and validates by DNS and HTTP.

import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { mkdtemp, readdir, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect } from "node:tls";
import { freePort, freePorts } from "../support/free-ports.ts";
import { noPebble, type Pebble, startPebble } from "../support/pebble.ts";
import { until } from "../support/server.ts";
import { type Spawned, spawn } from "../support/spawn.ts";
import { skipped, whyOff } from "../support/switches.ts";

const HOST = "files.example.org";
/** Seconds. */
const VALIDITY = 12;
const off = whyOff("LARGE");
const skip = off ? skipped("Pebble", off) : await noPebble("Pebble");

let pebble: Pebble;
let httpPort: number;
let port: number;
let root: string;

describe.skipIf(skip)("at Pebble", () => {
  beforeAll(async () => {
    httpPort = freePort();
    pebble = await startPebble({ httpPort, validity: VALIDITY });
    // For the program that is started.
    process.env["NODE_EXTRA_CA_CERTS"] = pebble.trusted;
  });
  afterAll(async () => {
    delete process.env["NODE_EXTRA_CA_CERTS"];
    await pebble[Symbol.asyncDispose]();
  });
  beforeEach(async () => {
    port = freePort();
    root = await mkdtemp(join(tmpdir(), "sluice-pebble-root-"));
  });
  afterEach(() => rm(root, { recursive: true }));

  const start = (hosts: string[], ...flags: string[]): Spawned =>
    spawn(
      ...[root, "--port", `${port}`, "--redirect-port", `${httpPort}`, "--allow", "read"],
      ...hosts.flatMap((host) => ["--acme", host]),
      ...["--acme-directory", pebble.directory, ...flags],
    );

  /** The serial number of the certificate for a host, which a client accepts that trusts the authority. */
  const serialFor = async (host: string): Promise<string> => {
    const ca = await pebble.root();
    return await new Promise((resolve, reject) => {
      const socket = connect({ host: "127.0.0.1", port, servername: host, ca }, () => {
        resolve(socket.getPeerCertificate().serialNumber);
        socket.end();
      });
      socket.on("error", reject);
    });
  };

  test("certificates are issued for each host, renewed after two thirds of their time, and stored for the server only", async () => {
    await using sluice = start(
      [HOST, "www.example.org"],
      "--acme-accept-terms",
      "--acme-email",
      "me@example.org",
    );
    await until(
      `listening, not ${sluice.stderr}`,
      () => sluice.stdout.includes("Sluice is listening on https:"),
      20,
    );
    await until("both are issued", () => (sluice.stderr.match(/is valid until/g)?.length ?? 0) >= 2, 20);
    const first = await serialFor(HOST);
    expect(await serialFor("www.example.org")).not.toBe(first);
    // A handshake that runs while the certificate is replaced may be reset.
    const served = (): Promise<string> => serialFor(HOST).catch(() => first);
    await until("it is renewed", async () => (await served()) !== first, 2 * VALIDITY);

    const tls = join(root, ".sluice/tls");
    const [authority = ""] = await readdir(tls);
    const names = (await readdir(join(tls, authority))).filter((name) => !name.endsWith(".new"));
    expect(names.toSorted()).toEqual(["account.pem", `${HOST}.pem`, "www.example.org.pem"]);
    for (const name of names) expect((await stat(join(tls, authority, name))).mode & 0o777).toBe(0o600);
  }, 120_000);

  test("a host that does not lead here is refused, with the reason, and does not hold up the other one", async () => {
    await pebble.hide("gone.example.org");
    await using sluice = start(["gone.example.org", HOST], "--acme-accept-terms");
    await until("the other one is issued", () => sluice.stdout.includes("Sluice is listening on https:"), 30);
    expect(sluice.stderr).toMatch(
      /No certificate for gone\.example\.org yet from localhost:\d+: .*could not resolve.* The next try is in 2 min/,
    );
    expect(await serialFor(HOST)).not.toBe("");
  }, 120_000);

  test("without consent to the terms it says where they are, and ends", async () => {
    await using sluice = start([HOST]);
    expect(await sluice.exited).toBe(1);
    expect(sluice.stderr).toContain("They are at data:text/plain,Do%20what%20thou%20wilt");
  });
});

describe.skipIf(skip)("at Pebble that ties accounts to others", () => {
  test("the id and the key of a file open the account, and without them the answer is logged", async () => {
    [httpPort = 0, port = 0] = freePorts(2);
    const key = Buffer.alloc(32, 7).toString("base64url");
    await using tied = await startPebble({
      httpPort,
      validity: 600,
      binding: { kid: "kid-1", hmacKey: key },
    });
    process.env["NODE_EXTRA_CA_CERTS"] = tied.trusted;
    root = await mkdtemp(join(tmpdir(), "sluice-pebble-root-"));
    const file = `${root}.eab`;
    try {
      await Bun.write(file, `kid-1 ${key}\n`);
      const flags = [root, "--port", `${port}`, "--redirect-port", `${httpPort}`, "--allow", "read"];
      flags.push("--acme", HOST, "--acme-directory", tied.directory, "--acme-accept-terms");
      await using without = spawn(...flags);
      await until(
        `it is refused: ${without.stderr}`,
        () => /No certificate .*externalAccountBinding/.test(without.stderr),
        3,
      );
      without.signal("SIGTERM");
      expect(await without.exited).toBe(0);
      await using sluice = spawn(...flags, "--acme-eab-file", file);
      await until(
        `listening, not ${sluice.stderr}`,
        () => sluice.stdout.includes("Sluice is listening on https:"),
        20,
      );
    } finally {
      delete process.env["NODE_EXTRA_CA_CERTS"];
      await rm(root, { recursive: true });
      await rm(file, { force: true });
    }
  }, 120_000);
});
