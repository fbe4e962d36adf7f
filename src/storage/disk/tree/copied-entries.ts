// Remembers which entries were copied for a move, so that exactly these are deleted afterwards.

import type { BigIntStats } from "node:fs";
import { Problem } from "../../../errors.ts";
import { notRemovable, sourceChanged } from "../../problems.ts";
import { namesIn, pathIn, spelled } from "../at/byte-name.ts";
import { closeDir, openDir } from "../at/handle.ts";
import type { Calls, Path } from "../os/calls.ts";
import { DENIED, ENOENT_ONLY, errnoOf, ignoreErrno } from "../os/errno.ts";

const FIRST_CAPACITY = 256;
/** Errnos of rmdir() for a folder that has an entry, and of open() for a folder that was replaced. */
const CHANGED: ReadonlySet<string> = new Set(["ENOTEMPTY", "EEXIST", "ENOTDIR", "ELOOP"]);
const REFUSED: ReadonlySet<string> = new Set([...DENIED, "EBUSY"]);

/** The states of many files and the identities of many folders, in eight bytes each. */
export class CopiedEntries {
  #keys = new BigUint64Array(FIRST_CAPACITY);
  #count = 0;
  #sorted = true;

  /** @param stat read before the bytes of a file */
  add(stat: BigIntStats): void {
    if (this.#count === this.#keys.length) {
      const larger = new BigUint64Array(this.#count * 2);
      larger.set(this.#keys);
      this.#keys = larger;
    }
    // The change time of a file with several names changes when one of them is deleted.
    this.#keys[this.#count] = keyOf(stat, stat.nlink === 1n);
    this.#count += 1;
    this.#sorted = false;
  }

  /** Whether a file is as it was when it was added, or a folder is the same one. */
  has(stat: BigIntStats): boolean {
    if (!this.#sorted) this.#keys.subarray(0, this.#count).sort();
    this.#sorted = true;
    return this.#find(keyOf(stat, true)) || this.#find(keyOf(stat, false));
  }

  #find(key: bigint): boolean {
    let low = 0;
    for (let high = this.#count; low < high; ) {
      const middle = (low + high) >>> 1;
      if ((this.#keys[middle] ?? 0n) < key) low = middle + 1;
      else high = middle;
    }
    return low < this.#count && this.#keys[low] === key;
  }
}

function keyOf(stat: BigIntStats, withChange: boolean): bigint {
  const { dev, ino, size, mtimeNs, ctimeNs } = stat;
  const state = stat.isDirectory() ? "folder" : `${size} ${mtimeNs} ${withChange ? ctimeNs : ""}`;
  return BigInt(Bun.hash(`${dev} ${ino} ${state}`));
}

/**
 * Deletes the copied entries at a place, and each folder that is empty then. Everything else stays.
 * @param path the path of the place for messages
 * @throws Problem source_changed or no_access, which name the first entry that stays; the system's error otherwise
 */
export async function removeCopied(
  calls: Calls,
  copied: CopiedEntries,
  at: string,
  path: string,
): Promise<void> {
  const removal = new CopiedRemoval(calls, copied);
  await removal.entry(at, path);
  if (removal.problem) throw removal.problem;
}

class CopiedRemoval {
  /** The first reason why something stays. */
  problem: Problem | undefined;

  constructor(
    readonly calls: Calls,
    readonly copied: CopiedEntries,
  ) {}

  async entry(at: Path, path: string): Promise<void> {
    const { calls } = this;
    try {
      const stat = await ignoreErrno(ENOENT_ONLY, calls.lstat(at));
      if (!stat) return;
      if (!this.copied.has(stat)) throw sourceChanged(path);
      if (!stat.isDirectory()) return await calls.unlink(at);
      await this.#contents(at, path);
      await calls.rmdir(at);
    } catch (error) {
      this.#note(error, path);
    }
  }

  async #contents(at: Path, path: string): Promise<void> {
    const { calls } = this;
    const dir = await openDir(calls, at);
    try {
      // Another folder may have taken the name.
      if (!this.copied.has(calls.stat(dir.fd))) throw sourceChanged(path);
      for (const name of await namesIn(calls, dir))
        await this.entry(pathIn(dir, name), `${path}/${spelled(name)}`);
    } finally {
      await closeDir(calls, dir);
    }
  }

  #note(error: unknown, path: string): void {
    const errno = errnoOf(error) ?? "";
    if (error instanceof Problem) this.problem ??= error;
    else if (CHANGED.has(errno)) this.problem ??= sourceChanged(path, error);
    else if (REFUSED.has(errno)) this.problem ??= notRemovable(path, error);
    else if (errno !== "ENOENT") throw error;
  }
}
