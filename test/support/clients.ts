// Installs the package of test/e2e/clients when a test needs it; the server and most tests run without it.

import { existsSync } from "node:fs";
import { cp, mkdtemp, readFile, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { skipped } from "./switches.ts";

const TOP = join(import.meta.dir, "../..");
const PACKAGE = join(TOP, "test/e2e/clients");
const LOCK = join(PACKAGE, "bun.lock");
/** Milliseconds after which an installation is given up, because the registry may not answer. */
const LONGEST_INSTALL = 180_000;

/**
 * The folder of the installed packages. A process that tried to resolve one before the installation must not import it
 * afterwards, because Bun caches that it is missing.
 */
export const CLIENT_MODULES = join(PACKAGE, "node_modules");

/** An identity provider made with `oidc-provider`. */
export const OIDC_PEER = join(PACKAGE, "oidc-provider.ts");

/** A program that serves uploads with `@tus/server`. */
export const TUS_PEER = join(PACKAGE, "tus-server.ts");

/**
 * Installs the packages if they are missing. If that fails, prints the reason, so that the other tests still run without
 * a network. Several test files may install at the same time, so each uses its own folder, and the first one that
 * finishes renames it to the final name.
 * @returns whether tests that need the packages must be skipped
 */
export async function noClients(who: string): Promise<boolean> {
  if (await areInstalled()) return false;
  const folder = await mkdtemp(join(TOP, "node_modules/.clients-"));
  try {
    for (const name of ["package.json", "bun.lock"]) await cp(join(PACKAGE, name), join(folder, name));
    const install = Bun.spawn([process.execPath, "install", "--frozen-lockfile"], {
      cwd: folder,
      stdin: "ignore",
      stdout: "ignore",
      stderr: "pipe",
      timeout: LONGEST_INSTALL,
    });
    const [code, complaint] = await Promise.all([install.exited, install.stderr.text()]);
    if (code === 0) {
      await cp(LOCK, join(folder, "node_modules", "bun.lock"));
      if (existsSync(CLIENT_MODULES) && !(await areInstalled()))
        await rename(CLIENT_MODULES, join(folder, "outdated"));
      await rename(join(folder, "node_modules"), CLIENT_MODULES).catch(() => {
        // Another test file finished first.
      });
    }
    if (await areInstalled()) return false;
    const reason = complaint.trim().split("\n").at(-1) || `status ${code}`;
    return skipped(
      who,
      `test/e2e/clients cannot be installed (${reason})`,
      "run it where bun install reaches a registry",
    );
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Whether the installed packages match the lock file. */
async function areInstalled(): Promise<boolean> {
  const installed = await readFile(join(CLIENT_MODULES, "bun.lock"), "utf8").catch(() => "");
  return installed === (await readFile(LOCK, "utf8"));
}
