// The audit log: one JSON line for each change, download, login and refusal, in files that are rotated.

import { constants } from "node:fs";
import { type FileHandle, open, rename, stat } from "node:fs/promises";

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
  path: string | null;
  to?: string;
  /** `ok`, or the code of the problem. */
  result: string;
  /** The id of the request. */
  request: string | null;
}

/** Bytes after which a file is rotated. */
const MOST_BYTES = 10 * 1024 * 1024;
/** Older files that are kept: audit.1.jsonl is the newest of them. */
const MOST_FILES = 5;
/** Lines that wait for the disk; more are counted and named in the next line. */
const MOST_WAITING = 10_000;
const APPEND = constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT | constants.O_NOFOLLOW;

export class AuditLog {
  #lines: string[] = [];
  #lost = 0;
  #writing: Promise<void> | undefined;

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
      } catch (error) {
        this.#lost += lines.length;
        this.warn(`The audit log cannot be written: ${error instanceof Error ? error.message : error}`);
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
