// Addresses to listen on that contradict each other, or that would let other machines in.

import { expect, test } from "bun:test";
import { commandLine } from "../support/command.ts";

const { config, message, run, workingFolder } = commandLine();

test("--listen may be repeated", async () => {
  const { listen } = await config("--listen 127.0.0.1:80 --listen unix:/run/a.sock?mode=600");
  expect(listen).toEqual([
    { kind: "tcp", host: "127.0.0.1", port: 80 },
    { kind: "unix", path: "/run/a.sock", mode: 0o600 },
  ]);
});

test("--listen replaces --host and --port, so that they cannot be given, too", async () => {
  expect(await message("--listen 127.0.0.1:80 --port 81")).toBe(
    "--port cannot be given beside --listen, whose addresses have hosts and ports of their own; remove one of the two",
  );
  expect(
    await message("--listen 127.0.0.1:80", { SLUICE_HOST: "::1" }, await workingFolder("port = 1")),
  ).toStartWith("SLUICE_HOST cannot be given beside --listen,");
  expect(await message("-p 80", {}, await workingFolder('listen = ["127.0.0.1:80"]'))).toStartWith(
    "--port cannot be given beside listen in sluice.toml,",
  );
});

test("an address that other machines reach needs permissions, wherever it stands in the list", async () => {
  const why = (label: string) =>
    `${label}: "0.0.0.0" gives other machines access, so their permissions must be set; add --allow read `;
  expect(await message("--listen 127.0.0.1:80 --listen 0.0.0.0:81")).toStartWith(why("--listen"));
  expect(await message("", { SLUICE_LISTEN: "unix:/run/a,0.0.0.0:81" })).toStartWith(why("SLUICE_LISTEN"));
  expect((await config("--listen 0.0.0.0:81 --allow read")).listen).toHaveLength(1);
  expect(await run("--listen 0.0.0.0:81 --setup")).toMatchObject({ kind: "serve" });
});

test("a loopback address and a Unix socket need none", async () => {
  expect((await config("--listen [::1]:80,unix:/run/a.sock")).allow).toBeUndefined();
});

test("top watches the first address with a port, or a Unix socket", async () => {
  expect(await run("top --listen unix:/run/a --listen [::1]:80")).toMatchObject({
    url: new URL("http://[::1]:80"),
  });
  const socket = { url: new URL("unix:/run/a%25%20b") };
  expect(await run(["top", "--listen", "unix:/run/a% b"])).toMatchObject(socket);
  expect(await run("top unix:/run/a%25%20b")).toMatchObject(socket);
  expect(await message("top unix:")).toContain('"unix:" is not the URL of a server');
});
