// Systems that fail on command: single calls replaced, and small or unwritable file systems mounted.

import { constants } from "node:os";
import { type Calls, calls as systemCalls } from "../../../src/storage/disk/os/calls.ts";

/** The error that the system reports under a name such as `ENOSPC`. */
export function systemError(errno: string): Error {
  const number = Object.entries(constants.errno).find(([name]) => name === errno)?.[1];
  return Object.assign(new Error(`${errno}: as ordered`), { code: errno, errno: number, syscall: "test" });
}

/** A call that fails with this error. */
export function failing(errno: string): () => Promise<never> {
  return async () => {
    throw systemError(errno);
  };
}

/** The system's calls with some replaced. */
export function callsWith(replaced: Partial<Calls>): Calls {
  return { ...systemCalls, ...replaced };
}

/** A system whose rename cannot be told not to overwrite: names are given with link(). */
export const withoutRenameNew = callsWith({ renameNew: async () => "unsupported" });

/** Both ways in which a name is given, and the call that gives it. */
export const NAMING: [call: "renameNew" | "link", system: Calls][] = [
  ["renameNew", systemCalls],
  ["link", withoutRenameNew],
];

/**
 * The system's calls, one of which a test can replace and put back at any time. The storage keeps the object it was
 * opened with, so this is how a disk turns bad after the start.
 */
export function switchableCalls(system = systemCalls): Calls & { restore(): void } {
  const calls = { ...system, restore: () => void Object.assign(calls, system) };
  return calls;
}

/** A FileSink whose methods are replaced; the others are the real one's. */
export function sinkWith(
  file: Bun.BunFile,
  replaced: (sink: Bun.FileSink) => Partial<Pick<Bun.FileSink, "write" | "flush" | "end">>,
): Bun.FileSink {
  const sink = file.writer();
  return {
    write: (chunk) => sink.write(chunk),
    flush: () => sink.flush(),
    end: (error) => sink.end(error),
    start: (options) => sink.start(options),
    ref: () => sink.ref(),
    unref: () => sink.unref(),
    ...replaced(sink),
  };
}

/** Mounts a small file system in memory over a folder. `await using` unmounts it. */
export class Mount implements AsyncDisposable {
  constructor(readonly folder: string) {}

  /** @param options of tmpfs: `size=2m`, `nr_inodes=10` */
  static async tmpfs(folder: string, options: string): Promise<Mount> {
    await run("mount", "-t", "tmpfs", "-o", options, "tmpfs", folder);
    return new Mount(folder);
  }

  /** Shows a folder or file in a second place, on the same device. */
  static async bind(from: string, at: string): Promise<Mount> {
    await run("mount", "--bind", from, at);
    return new Mount(at);
  }

  async remount(options: string): Promise<void> {
    await run("mount", "-o", `remount,${options}`, this.folder);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // At once, also while something is open in it: the rest goes with the last descriptor.
    await run("umount", "-l", this.folder);
  }
}

/** Why nothing can be mounted here, or `null` when it can. */
export async function whyNoMounts(folder: string): Promise<string | null> {
  try {
    await (await Mount.tmpfs(folder, "size=64k"))[Symbol.asyncDispose]();
    return null;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

async function run(...command: string[]): Promise<void> {
  const child = Bun.spawn(command, { stdout: "ignore", stderr: "pipe" });
  const [message, code] = await Promise.all([child.stderr.text(), child.exited]);
  if (code !== 0) throw new Error(`${command[0]} failed: ${message.trim()}`);
}
