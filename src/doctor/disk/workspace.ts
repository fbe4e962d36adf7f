// A temporary folder in the root for measurements. It is removed at the end and after a signal.

import * as fs from "node:fs";
import { mkdir, mkdtemp, realpath, rmdir, unlink } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { promisify } from "node:util";
import { RESERVED } from "../../path.ts";
import type { Device } from "./speed.ts";

const open = promisify(fs.open);
const close = promisify(fs.close);
const write = promisify(fs.write);
const read = promisify(fs.read);
const datasync = promisify(fs.fdatasync);

/** Created by `openWorkspace`; the caller must `close` it. */
export class Workspace {
  readonly #names = new Set<string>();
  readonly #opened = new Set<number>();
  /** @param removed folders that `close` removes, innermost first */
  constructor(
    /** The root by its real path. */
    readonly root: string,
    readonly folder: string,
    readonly removed: readonly string[],
  ) {}

  /** Returns a path for a file; `close` removes whatever was created there. */
  path(name: string): string {
    const path = join(this.folder, `doctor-${crypto.randomUUID()}-${name}`);
    this.#names.add(path);
    return path;
  }

  /** Creates a file and unlinks it at once, so that even SIGKILL leaves nothing behind. */
  async file(): Promise<{ fd: number; device: Device }> {
    const path = this.path("bytes");
    const { O_RDWR, O_CREAT, O_EXCL, O_NOFOLLOW } = fs.constants;
    const fd = await open(path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600);
    this.#opened.add(fd);
    await unlink(path);
    return {
      fd,
      device: {
        write: async (bytes, position) => (await write(fd, bytes, 0, bytes.length, position)).bytesWritten,
        read: async (into, position) => (await read(fd, into, 0, into.length, position)).bytesRead,
        datasync: () => datasync(fd),
        now: () => performance.now(),
      },
    };
  }

  /** Removes everything. Never throws; a file that is already gone is not an error. */
  async close(): Promise<void> {
    for (const fd of this.#opened) await close(fd).catch(ignore);
    this.#opened.clear();
    for (const path of this.#names) await unlink(path).catch(ignore);
    for (const folder of this.removed) await rmdir(folder).catch(ignore);
  }
}

/**
 * Creates the root if it is missing, and a workspace in it: the folder of unfinished uploads, which the server cleans when it
 * starts, or else a folder of its own.
 * @throws the system's error when the root is not a folder or cannot be written
 */
export async function openWorkspace(path: string): Promise<Workspace> {
  const made: string[] = [];
  const first = await mkdir(resolve(path), { recursive: true });
  if (first !== undefined) {
    for (let folder = resolve(path); folder !== dirname(first); folder = dirname(folder)) made.push(folder);
  }
  const root = await realpath(resolve(path));
  try {
    for (const kept of [join(root, RESERVED, "uploads"), join(root, RESERVED)]) {
      // Do not follow links: the workspace must lie inside the root.
      if (fs.lstatSync(kept, { throwIfNoEntry: false })?.isDirectory())
        return new Workspace(root, kept, made);
    }
    const own = await mkdtemp(join(root, `${RESERVED}-doctor-`));
    return new Workspace(root, own, [own, ...made]);
  } catch (error) {
    for (const folder of made) await rmdir(folder).catch(ignore);
    throw error;
  }
}

function ignore(): void {
  // Already removed, or never created.
}
