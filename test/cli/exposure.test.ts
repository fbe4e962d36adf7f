// Files of the server that clients could reach: a database or a secret inside the root.

import { expect, test } from "bun:test";
import { mkdir, symlink } from "node:fs/promises";
import { join } from "node:path";
import { commandLine } from "../support/command.ts";

const { config, message, workingFolder } = commandLine();

test("GHSA-833g-cqhp-h72j: a database of accounts inside the root is refused, by whatever way it is named", async () => {
  const cwd = await workingFolder();
  await mkdir(join(cwd, "files/data"), { recursive: true });
  await mkdir(join(cwd, "etc"));
  await symlink("files/data", join(cwd, "link"));
  await Bun.write(join(cwd, "files/data/old.db"), "");
  await symlink("../files/data/old.db", join(cwd, "etc/old.db"));
  for (const file of [
    "files/access.db",
    "files/data/access.db",
    "link/access.db",
    "etc/old.db",
    `${cwd}/files/a`,
  ])
    expect(await message(`--access ${file} files`, {}, cwd)).toStartWith(
      `--access: ${file} is inside the root`,
    );
  for (const file of ["etc/access.db", "access.db", "files/.sluice/other.db"])
    expect((await config(`--access ${file} files`, {}, cwd)).access).toBe(file);
});

test("a certificate or its key inside the root is refused", async () => {
  const cwd = await workingFolder();
  await mkdir(join(cwd, "files"));
  await Bun.write(join(cwd, "files/key.pem"), "secret");
  const refused = (flags: string) => message(`${flags} files`, {}, cwd);
  expect(await refused("--tls-cert a.pem --tls-key files/key.pem")).toStartWith(
    "--tls-key: files/key.pem is inside the root",
  );
  expect(await refused("--tls-cert a.pem,files/key.pem")).toStartWith(
    "--tls-cert: files/key.pem is inside the root",
  );
});

test("the secret of an identity provider inside the root is refused", async () => {
  const cwd = await workingFolder();
  await mkdir(join(cwd, "files"));
  await Bun.write(join(cwd, "files/secret"), "secret");
  const flags =
    "--oidc-issuer https://login.example.org --oidc-client sluice --oidc-secret-file files/secret files";
  expect(await message(flags, {}, cwd)).toStartWith("--oidc-secret-file: files/secret is inside the root");
});
