// The audit log: one JSON line for each change, download, login and refusal, in files that are rotated.

import { constants } from "node:fs";
import { type FileHandle, open, rename, stat } from "node:fs/promises";
import { messageOf } from "../../system/errno.ts";

/** One line. */
export interface AuditEntry {
  time: string;
  /** The account; null for anyone. */
  who: string | null;
  /** `session`, `password`, `token`, `proxy`, `link` or `anyone`. */
  via: string;
  /** The id of a token or link. */
  credential?: string;
  address: string | null;
  /** `saved`, `moved`, `downloaded`, `logged in`, … */
  did: string;
  /** Below the root; of a refusal, that of the URL as it was sent. */
  path: string | null;
  to?: string;
  /** `ok`, or the code of the problem. */
  result: string;
  /** The id of the request. */
  request: string | null;
  /** Refusals before this one that have no line. */
  omitted?: number;
}

/** Bytes after which a file is rotated. */
const MOST_BYTES = 10 * 1024 * 1024;
/** Older files that are kept: audit.1.jsonl is the newest of them. */
const MOST_FILES = 5;
/** Lines that wait for the disk; more are counted and named in the next line. */
const MOST_WAITING = 10_000;
/** Refusals that have a line at once, and then one in so many milliseconds: anybody can cause them. */
const MOST_REFUSALS = 500;
const REFUSAL_INTERVAL = 1000;
const APPEND = constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT | constants.O_NOFOLLOW;

export class AuditLog {
  #lines: string[] = [];
  #lost = 0;
  #writing: Promise<void> | undefined;
  /** Whether the last lines could not be written. */
  #failing = false;
  #omitted = 0;
  /** When no refusal counts any more, by a clock that never jumps. */
  #refusedUntil = 0;

  /**
   * @param file `.sluice/audit.jsonl`
   * @param warn tells the operator, once for each failure in a row
   */
  constructor(
    readonly file: string,
    readonly warn: (message: string) => void,
    readonly limits = { bytes: MOST_BYTES, files: MOST_FILES },
  ) {}

  /** Adds a line. Never throws and never waits for the disk. */
  add(entry: AuditEntry): void {
    if (this.#lines.length >= MOST_WAITING) this.#lost += 1;
    else this.#lines.push(`${JSON.stringify(entry)}\n`);
    this.#writing ??= this.#write();
  }

  /**
   * Adds a line about a refusal, unless there were too many: somebody who may do nothing must not push the lines about
   * changes out of the last file. The next line says how many were left out.
   */
  addRefusal(entry: AuditEntry, now = performance.now()): void {
    const until = Math.max(now, this.#refusedUntil) + REFUSAL_INTERVAL;
    if (until - now > MOST_REFUSALS * REFUSAL_INTERVAL) {
      this.#omitted += 1;
      return;
    }
    this.#refusedUntil = until;
    this.add(this.#omitted > 0 ? { ...entry, omitted: this.#omitted } : entry);
    this.#omitted = 0;
  }

  /** Resolves when all lines are written. */
  async close(): Promise<void> {
    await this.#writing;
  }

  async #write(): Promise<void> {
    while (this.#lines.length > 0) {
      const lines = this.#lines;
      this.#lines = [];
      if (this.#lost > 0)
        lines.push(`${JSON.stringify({ time: new Date().toISOString(), lost: this.#lost })}\n`);
      this.#lost = 0;
      try {
        await this.#append(lines.join(""));
        this.#failing = false;
      } catch (error) {
        this.#lost += lines.length;
        if (this.#failing) continue;
        this.#failing = true;
        this.warn(`The audit log cannot be written: ${messageOf(error)}`);
      }
    }
    this.#writing = undefined;
  }

  async #append(text: string): Promise<void> {
    await this.#rotate();
    let handle: FileHandle | undefined;
    try {
      handle = await open(this.file, APPEND, 0o600);
      await handle.writeFile(text);
    } finally {
      await handle?.close();
    }
  }

  async #rotate(): Promise<void> {
    const size = await stat(this.file).then(
      (found) => found.size,
      () => 0,
    );
    if (size < this.limits.bytes) return;
    for (let number = this.limits.files - 1; number >= 1; number -= 1)
      await rename(rotated(this.file, number), rotated(this.file, number + 1)).catch(() => {
        // There are not that many files yet.
      });
    await rename(this.file, rotated(this.file, 1));
  }
}

/** Where a reader of the log stands: the file by its inode, and the bytes of it that were read. */
export interface AuditPosition {
  inode: number;
  offset: number;
  /** The beginning of a line that was not complete. */
  rest: string;
}

/**
 * Reads the lines after a position; null for all lines of the current file. Lines that are no JSON are left out: a crash
 * may have cut one. After a rotation, reading begins with the new file.
 */
export async function readAudit(
  file: string,
  after: AuditPosition | null,
): Promise<{ lines: { line: string; entry: AuditEntry }[]; position: AuditPosition | null }> {
  const found = await stat(file).catch(() => null);
  if (!found) return { lines: [], position: after };
  const same = after?.inode === found.ino && after.offset <= found.size ? after : null;
  const start = same?.offset ?? 0;
  const text = (same?.rest ?? "") + (await Bun.file(file).slice(start, found.size).text());
  const parts = text.split("\n");
  const rest = parts.pop() ?? "";
  return {
    lines: parts.flatMap((line) => {
      const entry = entryIn(line);
      return entry ? [{ line, entry }] : [];
    }),
    position: { inode: found.ino, offset: found.size, rest },
  };
}

function entryIn(line: string): AuditEntry | null {
  try {
    const entry: AuditEntry | null = JSON.parse(line);
    return typeof entry?.did === "string" ? entry : null;
  } catch {
    return null;
  }
}

/** audit.jsonl → audit.1.jsonl */
export function rotated(file: string, number: number): string {
  return file.replace(/\.jsonl$/, `.${number}.jsonl`);
}
