// A server whose root contains links of every kind, with the canaries outside that they lead to.

import { afterAll, afterEach, beforeEach, expect } from "bun:test";
import { lstat, mkdir, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { ask } from "./requests.ts";
import { startTarget, type Target } from "./target.ts";

/** A root with every kind of link, in a folder with canaries. */
async function plantLinks(root: string): Promise<void> {
  await mkdir(join(root, "folder/inner"), { recursive: true });
  await writeFile(join(root, "file"), "inside");
  await writeFile(join(root, "folder/file"), "inside");
  const links: Record<string, string> = {
    "to-file": "file",
    "to-folder": "folder",
    "to-root": ".",
    "to-itself": "to-itself",
    "to-nothing": "nothing",
    "to-canary": "../canary",
    "to-outside": "..",
    "to-outside-folder": "../folder",
    "to-sibling": "../root-canary",
    "to-outside-by-name": join(root, "../canary"),
    "to-nothing-outside": "../nothing",
    "to-own": ".sluice",
    "to-own-lock": ".sluice/lock",
    "to-process": "/proc/self",
    "over-outside": "../root/file",
    "twice-outside": "to-outside/canary",
    "folder/up": "../..",
  };
  for (const [name, to] of Object.entries(links)) await symlink(to, join(root, name));
}

/** Links to files that no client may see. */
export const LEAVES = [
  "to-canary",
  "to-sibling",
  "to-outside-by-name",
  "twice-outside",
  "to-own-lock",
  "to-nothing",
  "to-nothing-outside",
  "to-itself",
];
/** Links to folders that no client may see. */
export const FOLDERS = ["to-outside", "to-outside-folder", "to-own", "to-process", "folder/up"];

/** A server whose root contains all links before each test. Call once at the top of a test file: it adds hooks. */
export function planted() {
  let server: Target | undefined;
  const current = (): Target => {
    if (!server) throw new Error("The server runs only during tests.");
    return server;
  };
  const stop = async (): Promise<void> => {
    await server?.[Symbol.asyncDispose]();
    server = undefined;
  };
  let spoilt = false;

  beforeEach(async () => {
    server ??= await startTarget();
    for (const name of await readdir(server.root))
      if (name !== ".sluice") await rm(server.in(name), { recursive: true });
    await plantLinks(server.root);
  });
  afterEach(async () => {
    if (spoilt) await stop();
    spoilt = false;
  });
  afterAll(stop);

  /** The entries of the root by name: the contents of files, and the kinds of other entries. */
  async function kinds(): Promise<Record<string, string>> {
    const found: Record<string, string> = {};
    for (const name of await current().files()) {
      const path = current().in(name);
      const stat = await lstat(path);
      if (stat.isFile()) found[name] = await readFile(path, "utf8");
      else found[name] = stat.isSymbolicLink() ? "link" : "other";
    }
    return found;
  }

  return {
    get server() {
      return current();
    },
    /** Marks the root as changed, so that the next test gets a new one. */
    spoil() {
      spoilt = true;
    },
    ask: (method: string, target: string, body?: string, ...headers: string[]) =>
      ask(current(), method, target, body, ...headers),
    kinds,
    /** Checks that all links and files are unchanged. */
    async expectSame(names: Record<string, string>): Promise<void> {
      expect(await kinds()).toEqual(names);
      await current().expectUnharmed();
    },
  };
}

/** Creates a named pipe. */
export async function makePipe(path: string): Promise<void> {
  expect(await Bun.spawn(["mkfifo", path]).exited).toBe(0);
}
