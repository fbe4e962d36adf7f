// Installs the package of test/e2e/clients when a test needs it; the server and most tests run without it.

import { existsSync } from "node:fs";
import { cp, mkdtemp, readFile, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { skipped } from "./switches.ts";

const TOP = join(import.meta.dir, "../..");
const PACKAGE = join(TOP, "test/e2e/clients");
const LOCK = join(PACKAGE, "bun.lock");
/** A registry that does not answer must not keep the tests waiting. */
const LONGEST_INSTALL = 180_000;

/**
 * The packages, once they are installed. A process that looked for them before must not import them itself: Bun remembers
 * what a folder did not hold.
 */
export const CLIENT_MODULES = join(PACKAGE, "node_modules");

/** `@tus/server` as a program of its own. */
export const TUS_PEER = join(PACKAGE, "tus-server.ts");

/**
 * Installs the packages unless they are there, and prints why when it cannot: a machine without a network still runs the
 * other tests. Several test files may do so at the same time, so each installs into a folder of its own, and the first
 * one to be done gives its folder the name.
 * @returns whether tests that need them are skipped
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
        // Another test was first.
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

/** Whether the installed packages are those of the lock file. */
async function areInstalled(): Promise<boolean> {
  const installed = await readFile(join(CLIENT_MODULES, "bun.lock"), "utf8").catch(() => "");
  return installed === (await readFile(LOCK, "utf8"));
}
