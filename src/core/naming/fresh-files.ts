// Remembers the entries that clients have just made, so that a client may complete what it began without more grants.

import type { FilePath } from "../../path.ts";
import { HOUR } from "../../units.ts";

/** Milliseconds for which a new entry counts as fresh. */
const LIFETIME = HOUR;
/** Entries that are remembered; the oldest are dropped. */
const MAX_ENTRIES = 10_000;

/** The part of an entry that tells whether it has changed. */
type Version = { kind: "folder" } | { kind: "file"; etag: string };

interface Fresh {
  maker: string;
  /** The ETag of a file, "" for a folder: any other change makes the entry an old one. */
  version: string;
  at: number;
}

/**
 * Programs that mount a folder create an empty file first, and send its content and its time later. That would need the grant
 * to replace files, although nothing is replaced.
 */
export class FreshFiles {
  readonly #entries = new Map<FilePath, Fresh>();

  constructor(readonly now: () => number = Date.now) {}

  /** Remembers an entry that `maker` has made, or has completed. */
  add(path: FilePath, entry: Version, maker: string): void {
    this.#entries.delete(path);
    this.#entries.set(path, { maker, version: versionOf(entry), at: this.now() });
    for (const [oldest, { at }] of this.#entries) {
      if (this.#entries.size <= MAX_ENTRIES && at + LIFETIME > this.now()) return;
      this.#entries.delete(oldest);
    }
  }

  /** Whether an entry is still as `maker` has made it. */
  has(path: FilePath, entry: Version, maker: string): boolean {
    const fresh = this.#entries.get(path);
    return (
      fresh !== undefined &&
      fresh.maker === maker &&
      fresh.version === versionOf(entry) &&
      fresh.at + LIFETIME > this.now()
    );
  }
}

function versionOf(entry: Version): string {
  return entry.kind === "file" ? entry.etag : "";
}
