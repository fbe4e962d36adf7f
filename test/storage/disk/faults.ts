// Fault injection: replaced system calls, and small or read-only file systems.

import { constants } from "node:os";
import { type Calls, calls as systemCalls } from "../../../src/storage/disk/os/calls.ts";

/** A system error with a name such as `ENOSPC`. */
export function systemError(errno: string): Error {
  const number = Object.entries(constants.errno).find(([name]) => name === errno)?.[1];
  return Object.assign(new Error(`${errno}: injected`), { code: errno, errno: number, syscall: "test" });
}

/** A system call that fails with this error. */
export function failing(errno: string): () => Promise<never> {
  return async () => {
    throw systemError(errno);
  };
}

/** The system calls, some of them replaced. */
export function callsWith(replaced: Partial<Calls>): Calls {
  return { ...systemCalls, ...replaced };
}

/** A system without RENAME_NOREPLACE, where files are named with link(). */
export const withoutRenameNew = callsWith({ renameNew: async () => "unsupported" });

/** Both ways of naming a file, and the system call of each. */
export const NAMING: [call: "renameNew" | "link", system: Calls][] = [
  ["renameNew", systemCalls],
  ["link", withoutRenameNew],
];

/**
 * The system calls, one of which a test can replace and restore at any time. The storage keeps the object with which it
 * was opened, so this simulates a disk that fails after the start.
 */
export function switchableCalls(system = systemCalls): Calls & { restore(): void } {
  const calls = { ...system, restore: () => void Object.assign(calls, system) };
  return calls;
}

/** A FileSink with some methods replaced. */
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

/** Mounts a small in-memory file system over a folder. `await using` unmounts it. */
export class Mount implements AsyncDisposable {
  constructor(readonly folder: string) {}

  /** @param options mount options of tmpfs: `size=2m`, `nr_inodes=10` */
  static async tmpfs(folder: string, options: string): Promise<Mount> {
    await run("mount", "-t", "tmpfs", "-o", options, "tmpfs", folder);
    return new Mount(folder);
  }

  /** Bind-mounts a folder or file at a second path. */
  static async bind(from: string, at: string): Promise<Mount> {
    await run("mount", "--bind", from, at);
    return new Mount(at);
  }

  async remount(options: string): Promise<void> {
    await run("mount", "-o", `remount,${options}`, this.folder);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // Lazily, also while files are open: the kernel completes it when the last descriptor is closed.
    await run("umount", "-l", this.folder);
  }
}

/** Why nothing can be mounted here, or `null` if it can. */
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
