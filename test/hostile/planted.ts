// A server whose root holds links of every kind, beside the canaries that they lead to.

import { afterAll, afterEach, beforeEach, expect } from "bun:test";
import { lstat, mkdir, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { ask } from "./requests.ts";
import { startTarget, type Target } from "./target.ts";

/** A root with every kind of link, in a folder of canaries. */
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

/** Links that lead to no file a client may see. */
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
/** Links that lead to folders no client may see. */
export const FOLDERS = ["to-outside", "to-outside-folder", "to-own", "to-process", "folder/up"];

/** The server, with all links in its root before each test. Once in a test file, at the top: it adds hooks. */
export function planted() {
  let server: Target | undefined;
  const current = (): Target => {
    if (!server) throw new Error("The server runs only while tests do.");
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

  /** What is in the root, by its name: what files hold, and what else the others are. */
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
    /** Says that the root is of no use for another test. */
    spoil() {
      spoilt = true;
    },
    ask: (method: string, target: string, body?: string, ...headers: string[]) =>
      ask(current(), method, target, body, ...headers),
    kinds,
    /** Every link is still the link it was, and everything is whole. */
    async expectSame(names: Record<string, string>): Promise<void> {
      expect(await kinds()).toEqual(names);
      await current().expectUnharmed();
    },
  };
}

/** Makes a named pipe. */
export async function makePipe(path: string): Promise<void> {
  expect(await Bun.spawn(["mkfifo", path]).exited).toBe(0);
}
