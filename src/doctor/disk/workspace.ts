// A place in the root to measure in, of which nothing is left behind: not after a signal, hardly after a kill.

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

/** Opened by `openWorkspace`, ended by `close`. */
export class Workspace {
  readonly #names = new Set<string>();
  readonly #opened = new Set<number>();
  /** @param removed folders to remove at the end, the innermost first */
  constructor(
    /** The root by its real path. */
    readonly root: string,
    readonly folder: string,
    readonly removed: readonly string[],
  ) {}

  /** A path for a file; whatever is made under it is removed. */
  path(name: string): string {
    const path = join(this.folder, `doctor-${crypto.randomUUID()}-${name}`);
    this.#names.add(path);
    return path;
  }

  /** A fresh file that loses its name at once, so that even a kill leaves nothing of it. */
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

  /** Removes everything. Never throws: what is gone already is no failure. */
  async close(): Promise<void> {
    for (const fd of this.#opened) await close(fd).catch(ignore);
    this.#opened.clear();
    for (const path of this.#names) await unlink(path).catch(ignore);
    for (const folder of this.removed) await rmdir(folder).catch(ignore);
  }
}

/**
 * Makes the root if it is missing, and a place in it: where the server keeps its unfinished uploads, and cleans up when it
 * starts, or else a folder of its own.
 * @throws the system's error when there is no folder, or it cannot be written
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
      // Not through links: the place must be in the root.
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
  // Gone already, or never made.
}
