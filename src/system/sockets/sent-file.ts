// The descriptor through which Bun sends a file: found, and emptied, so that sending ends (Linux).

import { closeSync, fstatSync, openSync } from "node:fs";
import { descriptors } from "../descriptors.ts";
import { loadLibc } from "../libc.ts";

/** MFD_CLOEXEC and O_CLOEXEC. */
const [MEMORY_FLAGS, CLOSE_ON_EXEC] = [1, 0o2000000];

/** A file that Bun sends. It opens the file itself, in the turn in which the answer is returned. */
export class SentFile {
  readonly #before = openDescriptors();
  #found: number | undefined;

  /** Must be created before the answer is returned. @param fd another descriptor of the same file, which stays open */
  constructor(readonly fd: number) {}

  /** Finds the descriptor. Call it while the file is being sent, at best in the turn after the answer was returned. */
  find(): void {
    const now = openDescriptors();
    now.delete(this.fd);
    const added = like(this.fd, now.difference(this.#before));
    // Without an addition, Bun has got the number of a descriptor that was closed in between.
    const candidates = added.length > 0 ? added : like(this.fd, now);
    // Of several, all but one belong to other answers.
    [this.#found] = candidates.length === 1 ? candidates : [];
  }

  /** Ends what Bun sends, as if the file had no more bytes. Only while it sends. @returns whether that was possible */
  empty(): boolean {
    const [found] = this.#found === undefined ? [] : like(this.fd, [this.#found]);
    return found !== undefined && replaceByNothing(found);
  }
}

/** Those of the descriptors that are of the same file as `fd`. */
function like(fd: number, others: Iterable<number>): number[] {
  const { ino, dev } = fstatSync(fd);
  return [...others].filter((other) => {
    try {
      const stats = fstatSync(other);
      return stats.ino === ino && stats.dev === dev;
    } catch {
      // Closed since the list was read.
      return false;
    }
  });
}

/** None without /proc. */
function openDescriptors(): Set<number> {
  // The list would contain the descriptor with which it is read, which is the lowest free one: Bun would open the file with it next.
  const lowest = openSync("/dev/null", "r");
  try {
    const open = new Set(descriptors());
    open.delete(lowest);
    return open;
  } catch {
    return new Set();
  } finally {
    closeSync(lowest);
  }
}

/** Makes a descriptor one of an empty file in memory. */
function replaceByNothing(fd: number): boolean {
  const libc = loadLibc({
    memfd_create: { args: ["buffer", "u32"], returns: "i32" },
    dup3: { args: ["i32", "i32", "i32"], returns: "i32" },
    close: { args: ["i32"], returns: "i32" },
  });
  if (!libc) return false;
  const { memfd_create, dup3, close } = libc.symbols;
  try {
    const empty = memfd_create(Buffer.from("empty\0"), MEMORY_FLAGS);
    if (empty < 0) return false;
    const replaced = dup3(empty, fd, CLOSE_ON_EXEC) === fd;
    close(empty);
    return replaced;
  } finally {
    libc.close();
  }
}
