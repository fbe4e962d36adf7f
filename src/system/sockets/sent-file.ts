// The descriptor through which Bun sends a file: found, and emptied, so that sending ends (Linux).

import { fstatSync } from "node:fs";
import { descriptors } from "../descriptors.ts";
import { loadLibc } from "../libc.ts";

/** MFD_CLOEXEC and O_CLOEXEC. */
const [MEMORY_FLAGS, CLOSE_ON_EXEC] = [1, 0o2000000];

/** A file that Bun sends. It opens the file itself, in the turn in which the answer is returned. */
export class SentFile {
  readonly #before: ReadonlySet<number>;
  #fd: number | undefined;

  /** Must be created before the answer is returned. @param fd another descriptor of the same file, which stays open */
  constructor(readonly fd: number) {
    this.#before = descriptorsLike(fd);
  }

  /** Finds the descriptor. Call it while the file is being sent, at best in the turn after the answer was returned. */
  find(): void {
    const added = descriptorsLike(this.fd).difference(this.#before);
    // Of several, one belongs to another answer.
    [this.#fd] = added.size === 1 ? added : [];
  }

  /** Ends what Bun sends, as if the file had no more bytes. Only while it sends. @returns whether that was possible */
  empty(): boolean {
    if (this.#fd === undefined || !descriptorsLike(this.fd).has(this.#fd)) return false;
    return replaceByNothing(this.#fd);
  }
}

/** The open descriptors of the same file; none without /proc. */
function descriptorsLike(fd: number): Set<number> {
  const { ino, dev } = fstatSync(fd);
  const isLike = (other: number): boolean => {
    try {
      const stats = fstatSync(other);
      return stats.ino === ino && stats.dev === dev;
    } catch {
      // Closed since the list was read.
      return false;
    }
  };
  return new Set(openDescriptors().filter(isLike));
}

function openDescriptors(): number[] {
  try {
    return descriptors();
  } catch {
    return [];
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
