// Certificates by ACME from end to end: the program, an authority, clients that trust it, restarts.

import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Authority, refusal, startAuthority, TERMS } from "../support/acme-authority.ts";
import { freePort, freePorts } from "../support/free-ports.ts";
import { Issuer } from "../support/issuer.ts";
import { until } from "../support/server.ts";
import { type Spawned, spawn } from "../support/spawn.ts";
import { isMissing } from "../support/switches.ts";

const HOST = "files.example.org";
let authority: Authority;
let root: string;
let port: number;

describe.skipIf(isMissing("openssl"))("with --acme", () => {
  beforeAll(() => {
    authority = startAuthority();
  });
  afterAll(() => authority[Symbol.asyncDispose]());
  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), "sluice-acme-"));
    [port = 0, authority.httpPort = 0] = freePorts(2);
    authority.instead = () => undefined;
    authority.orders.length = 0;
  });
  afterEach(async () => {
    await rm(root, { recursive: true });
    await rm(`${root}.pem`, { force: true });
  });

  /** Starts the program for a host. */
  const start = (...flags: string[]): Spawned =>
    spawn(
      ...[
        root,
        "--port",
        `${port}`,
        "--allow",
        "read",
        "--acme",
        HOST,
        "--acme-directory",
        authority.directory,
      ],
      ...["--redirect-port", `${authority.httpPort}`, ...flags],
    );
  const started = async (...flags: string[]): Promise<Spawned> => {
    const sluice = start("--acme-accept-terms", ...flags);
    await until(`listening, not ${sluice.stderr}`, () => sluice.stdout.includes("Sluice is listening on"));
    return sluice;
  };
  /** A request that trusts the authority and nothing else. */
  const get = (path: string): Promise<Response> =>
    fetch(`https://127.0.0.1:${port}${path}`, {
      tls: { ca: authority.root, serverName: HOST },
      headers: { host: HOST },
    });

  test("ports that wait for a certificate open with that of files, too, once these are good", async () => {
    authority.instead = () => refusal(503, "serverInternal", "down");
    const file = `${root}.pem`;
    await Bun.write(file, "damaged");
    await using sluice = start("--acme-accept-terms", "--tls-cert", file);
    await until(`waiting, not ${sluice.stderr}`, () => sluice.stdout.includes("No certificate yet"));
    await until("the order has failed", () => sluice.stderr.includes("The next try is in"));
    const { key, chain } = new Issuer().issue(HOST, 30);
    await Bun.write(file, key + chain);
    sluice.signal("SIGHUP");
    await until(`listening, not ${sluice.stderr}`, () => sluice.stdout.includes("Sluice is listening on"));
    const answer = await fetch(`https://127.0.0.1:${port}/health`, { tls: { rejectUnauthorized: false } });
    expect(answer.status).toBe(200);
  });

  test("a certificate is ordered, ports open with it, port 80 redirects, and a restart orders nothing, even while the authority is down", async () => {
    const held = Promise.withResolvers<undefined>();
    authority.instead = (step) => (step === "order" ? held.promise : undefined);
    await using first = start("--acme-accept-terms");
    await until("it waits", () => first.stderr.includes("Ordering a certificate"));
    expect(first.stdout).toBe(
      `No certificate yet: ${HOST} is ordered from ${new URL(authority.directory).host}. Ports open when it comes; the log says how it goes.\n`,
    );
    const http = `http://127.0.0.1:${authority.httpPort}`;
    await expect(fetch(`http://127.0.0.1:${port}/health`)).rejects.toThrow();
    expect((await fetch(`${http}/`, { headers: { host: HOST } })).status).toBe(503);

    held.resolve(undefined);
    await until("it listens", () =>
      first.stdout.includes(`Sluice is listening on https://127.0.0.1:${port} `),
    );
    expect((await get("/health")).status).toBe(200);
    expect(await (await get("/metrics")).text()).toContain(
      `sluice_certificate_expiry_seconds{host="${HOST}"} 1`,
    );
    const redirect = await fetch(`${http}/a?b`, { headers: { host: HOST }, redirect: "manual" });
    expect([redirect.status, redirect.headers.get("location")]).toEqual([308, `https://${HOST}:${port}/a?b`]);
    await expect(fetch(`http://127.0.0.1:${port}/health`)).rejects.toThrow();
    first.signal("SIGTERM");
    expect(await first.exited).toBe(0);

    authority.instead = () => new Response("", { status: 503 });
    await using second = await started();
    expect((await get("/health")).status).toBe(200);
    second.signal("SIGTERM");
    expect(await second.exited).toBe(0);
    expect(authority.orders).toEqual([HOST]);
  });

  test("a port that somebody has taken meanwhile does not keep later certificates from the other one", async () => {
    const taken = freePort();
    const held = Promise.withResolvers<undefined>();
    authority.instead = (step) => (step === "order" ? held.promise : undefined);
    const both = ["--listen", `127.0.0.1:${port}`, "--listen", `127.0.0.1:${taken}`];
    const acme = ["--acme", HOST, "--acme", "www.example.org", "--acme-directory", authority.directory];
    const flags = ["--acme-accept-terms", "--redirect-port", `${authority.httpPort}`];
    await using sluice = spawn(root, ...both, ...acme, ...flags);
    await until("it waits", () => sluice.stderr.includes("Ordering a certificate"));
    using _ = Bun.listen({ hostname: "127.0.0.1", port: taken, socket: { data() {} } });
    held.resolve(undefined);
    await until("the other port is open", () => sluice.stderr.includes("This is tried again."));
    await until("both certificates are there", () =>
      sluice.stderr.includes("The certificate for www.example.org"),
    );
    for (const serverName of [HOST, "www.example.org"]) {
      const tls = { ca: authority.root, serverName };
      const answer = await fetch(`https://127.0.0.1:${port}/health`, { tls, headers: { host: serverName } });
      expect([serverName, answer.status]).toEqual([serverName, 200]);
    }
  });

  test("without consent to the terms it says where they are, and ends", async () => {
    await using sluice = start();
    expect(await sluice.exited).toBe(1);
    expect(sluice.stderr).toContain(`start again with --acme-accept-terms. They are at ${TERMS}\n`);
  });

  test("a refusal is logged with the next try, which a restart keeps", async () => {
    authority.instead = (step) =>
      step === "order"
        ? refusal(429, "rateLimited", "too many certificates already issued", { "retry-after": "86400" })
        : undefined;
    const tomorrow = new Date(Date.now() + 86_400_000).toISOString().slice(0, 10);
    await using first = start("--acme-accept-terms", "--log", "json");
    await until("it is refused", () => first.stderr.includes(`The next try is on ${tomorrow}`));
    const lines = first.stderr.trim().split("\n");
    const { host } = new URL(authority.directory);
    expect(JSON.parse(lines.at(-1) ?? "").message).toStartWith(
      `No certificate for ${HOST} yet from ${host}: too many certificates already issued. The next try is on`,
    );
    first.signal("SIGTERM");
    expect(await first.exited).toBe(0);

    authority.instead = () => undefined;
    await using second = start("--acme-accept-terms");
    await until("it waits", () => second.stderr.includes("1 order was refused. The next try is on"));
    second.signal("SIGTERM");
    expect(await second.exited).toBe(0);
    expect(second.stderr).not.toContain("Ordering");
    expect(authority.orders).toEqual([]);
  });

  test("a port for challenges that is taken ends the start, unless a good certificate is stored", async () => {
    {
      using _ = Bun.listen({ hostname: "127.0.0.1", port: authority.httpPort, socket: { data() {} } });
      await using refused = start("--acme-accept-terms");
      expect(await refused.exited).toBe(1);
      expect(refused.stderr).toContain(
        `No certificate can be ordered: port ${authority.httpPort} of 127.0.0.1 is already in use. Free it,`,
      );
    }
    {
      await using first = await started();
      first.signal("SIGTERM");
      expect(await first.exited).toBe(0);
    }
    using _ = Bun.listen({ hostname: "127.0.0.1", port: authority.httpPort, socket: { data() {} } });
    await using again = await started();
    expect(again.stderr).toContain(`port ${authority.httpPort} of 127.0.0.1 is already in use`);
    expect(again.stderr).toMatch(/that of files\.example\.org is valid until \d{4}-\d\d-\d\d/);
    expect((await get("/health")).status).toBe(200);
  });

  test("a Unix socket serves before the first certificate, and alone it is refused", async () => {
    const socket = `unix:${root}/socket`;
    const held = Promise.withResolvers<undefined>();
    authority.instead = (step) => (step === "order" ? held.promise : undefined);
    const flags = ["--allow", "read", "--acme", HOST, "--acme-directory", authority.directory];
    await using alone = spawn(root, "--listen", socket, ...flags, "--acme-accept-terms");
    expect(await alone.exited).toBe(1);
    expect(alone.stderr).toContain("--acme is for ports, and --listen names Unix sockets only");

    const ports = ["--listen", `127.0.0.1:${port}`, "--redirect-port", `${authority.httpPort}`];
    await using both = spawn(root, "--listen", socket, ...ports, ...flags, "--acme-accept-terms");
    await until("the socket serves", () => both.stdout.includes(`Sluice is listening on ${socket}`));
    expect((await fetch("http://localhost/health", { unix: `${root}/socket` })).status).toBe(200);
    held.resolve(undefined);
    await until("the port opens", () => both.stdout.includes(`listening on https://127.0.0.1:${port}`));
    expect((await get("/health")).status).toBe(200);
  });
});
