// The addresses that a started server prints, and the errors if it cannot listen.

import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { exists, mkdtemp, rm } from "node:fs/promises";
import { networkInterfaces, tmpdir } from "node:os";
import { join } from "node:path";
import { addressesBehind, sshForward } from "../src/system/addresses.ts";
import { run } from "./support/binary.ts";
import { until } from "./support/server.ts";
import { listening, spawn, spawnServing } from "./support/spawn.ts";
import { skipped } from "./support/switches.ts";

const MAIN = join(import.meta.dir, "../src/main.ts");

let root: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "sluice-listening-"));
});
afterEach(() => rm(root, { recursive: true }));

describe("the second line of output explains how other machines can reach the server", () => {
  test("on loopback: with ssh, or by restarting on another address", async () => {
    await using server = await spawnServing(root);
    const { port } = new URL(server.url);
    await until("the second line", () => server.stdout.split("\n").length === 3);
    const [, line = ""] = server.stdout.split("\n");
    expect(line).toStartWith(
      `Only this machine can reach it. From another one, run ssh -L ${port}:localhost:${port} `,
    );
    expect(line).toEndWith(" there, or restart with --host 0.0.0.0 --allow GRANTS.");
  });

  test.each(["0.0.0.0", "::"])(
    "on %s: at each address of this machine, which answers there",
    async (host) => {
      await using server = await spawnServing(root, "--host", host, "--allow", "read");
      await until("the second line", () => server.stdout.split("\n").length === 3);
      const [, line = ""] = server.stdout.split("\n");
      const urls = line.replace("Other machines can reach it at ", "").split(", ");
      for (const url of urls) expect((await fetch(`${url}/health`)).status).toBe(200);
      const own = Object.values(networkInterfaces()).flatMap((all = []) =>
        all.filter(({ internal }) => !internal),
      );
      if (own.some(({ family }) => family === "IPv4"))
        expect(urls.join()).not.toMatch(/\/\/(?:0\.0\.0\.0|\[::\]):/);
    },
  );

  test("on one address: at that address", async () => {
    const [address] = addressesBehind("0.0.0.0");
    if (address === undefined) return void skipped("one address", "this machine has no address but loopback");
    await using server = await spawnServing(root, "--host", address, "--allow", "read");
    await until("the second line", () =>
      server.stdout.includes(`Other machines can reach it at ${server.url}\n`),
    );
  });

  test("further addresses have lines of their own, and the first line has one with a port", async () => {
    const socket = join(root, "a.sock");
    await using server = await listening(
      spawn(join(root, "files"), "--listen", `unix:${socket}`, "--listen", "127.0.0.1:0,[::1]:0"),
    );
    await until("all lines", () => server.stdout.split("\n").length === 5);
    const [first = "", ...others] = server.stdout.split("\n");
    expect(first).toStartWith("Sluice is listening on http://127.0.0.1:");
    expect(others[0]).toMatch(/^It is also listening on http:\/\/\[::1\]:\d+$/);
    expect(others[1]).toBe(`It is also listening on unix:${socket}`);
    const { port } = new URL(server.url);
    expect(others[2]).toContain(` there, or restart with --listen 0.0.0.0:${port} --allow GRANTS.`);
    for (const url of [server.url, others[0]?.split(" ").at(-1) ?? ""])
      expect((await fetch(`${url}/health`)).status).toBe(200);
    expect((await fetch("http://localhost/health", { unix: socket })).status).toBe(200);
    server.signal("SIGTERM");
    expect(await server.exited).toBe(0);
    expect(await exists(socket)).toBe(false);
  });

  test("on a Unix socket alone: that a proxy can reach it", async () => {
    const socket = join(root, "a.sock");
    await using server = spawn(join(root, "files"), "--setup", "--listen", `unix:${socket}`);
    await until("all lines", () => server.stdout.split("\n").length === 4, 20);
    expect(server.stdout).toStartWith(
      `Sluice is listening on unix:${socket} (root: ${join(root, "files")})\nOnly programs on this machine that may open the socket can reach it, such as a reverse proxy.\n`,
    );
    expect(server.stdout).toMatch(/within 15 minutes: \/setup#\S+ at the address of the reverse proxy\n$/);
  });

  test("the ssh command is complete when the server was started through ssh", () => {
    const env = { USER: "me", SSH_CONNECTION: "203.0.113.5 50000 198.51.100.7 22" };
    expect(sshForward(3000, env)).toBe("ssh -L 3000:localhost:3000 me@198.51.100.7");
    expect(sshForward(3000, { ...env, SSH_CONNECTION: "a 1 2001:db8::1 2222" })).toBe(
      "ssh -L 3000:localhost:3000 -p 2222 me@2001:db8::1",
    );
    expect(sshForward(3000, { USER: "me", SSH_CONNECTION: "x" })).toBe(
      "ssh -L 3000:localhost:3000 USER@HOST",
    );
  });
});

describe("the error of a failed start names the fix", () => {
  test("for a host without an address", async () => {
    await using server = spawn(root, "--port", "0", "--host", "nowhere.invalid", "--allow", "read");
    expect(await server.exited).toBe(1);
    expect(server.stderr).toContain(
      "sluice: No address was found for the host nowhere.invalid: check the spelling of --host, or use an IP address.\n",
    );
    expect(server.stdout).toBe("");
  });

  test("for an address of another machine", async () => {
    await using server = spawn(root, "--port", "0", "--host", "192.0.2.77", "--allow", "read");
    expect(await server.exited).toBe(1);
    expect(server.stderr).toContain("192.0.2.77 is not an address of this machine: change --host.\n");
  });

  test("for a port below 1024 as a user without the privilege", async () => {
    const free = await Bun.file("/proc/sys/net/ipv4/ip_unprivileged_port_start").text();
    if (Number(free) <= 80)
      return void skipped("port 80 as a user", "this system lets every user listen on it");
    const isRoot = process.getuid?.() === 0;
    if (isRoot && !Bun.which("setpriv"))
      return void skipped(
        "port 80 as a user",
        "setpriv, with which root gives up a privilege, is not installed",
      );
    const words = isRoot
      ? ["setpriv", "--bounding-set=-net_bind_service", "--inh-caps=-net_bind_service"]
      : [];
    const env = { PATH: process.env["PATH"] ?? "" };
    const ended = await run([...words, process.execPath, MAIN, root, "--port", "80"], {
      cwd: import.meta.dir,
      env,
    });
    expect(ended).toMatchObject({ code: 1, stdout: "" });
    expect(ended.stderr).toContain(
      "sluice: Port 80 needs a privilege that this user lacks: use a reverse proxy and a port from 1024, or grant",
    );
  });
});
