// The names of a folder in compact form: a million of them take 20 MB.

import { comparePlain, isPlain, naturalOrder } from "../../listing/natural-order.ts";
import { Skipped, type SkippedEntries } from "../../listing/skipped.ts";

/** Names by index. Names contain no slash, so they are stored as one string joined with slashes. */
export class PackedNames {
  readonly length: number;
  readonly #text: string;
  /** Start of each name, and the end of the last. */
  readonly #starts: Uint32Array;
  /** 1 for names that can be compared in place. */
  readonly #plain: Uint8Array;

  /**
   * @param aliases names on the disk, for names that differ from theirs
   * @param skipped the names of the folder that no path can contain
   */
  constructor(
    names: readonly string[],
    readonly aliases: ReadonlyMap<string, string> = new Map(),
    readonly skipped: SkippedEntries = new Skipped(),
  ) {
    this.length = names.length;
    this.#text = names.join("/");
    this.#starts = new Uint32Array(names.length + 1);
    this.#plain = new Uint8Array(names.length);
    let start = 0;
    for (const [index, name] of names.entries()) {
      this.#starts[index] = start;
      this.#plain[index] = isPlain(name) ? 1 : 0;
      start += name.length + 1;
    }
    this.#starts[names.length] = start;
  }

  /** Approximate bytes of memory. */
  get bytes(): number {
    return this.#text.length * 2 + this.length * 5 + this.aliases.size * 500;
  }

  at(index: number): string {
    return this.#text.slice(this.#start(index), this.#start(index + 1) - 1);
  }

  /** The name as stored on the disk. */
  onDisk(index: number): string {
    const name = this.at(index);
    return this.aliases.get(name) ?? name;
  }

  /** Whether a name begins with a dot. */
  isHidden(index: number): boolean {
    return this.#text.charCodeAt(this.#start(index)) === 46;
  }

  /** Compares two of the names. */
  compare(a: number, b: number): number {
    if (!this.#plain[a] || !this.#plain[b]) return naturalOrder(this.at(a), this.at(b));
    const text = this.#text;
    return comparePlain(
      text,
      this.#start(a),
      this.#start(a + 1) - 1,
      text,
      this.#start(b),
      this.#start(b + 1) - 1,
    );
  }

  #start(index: number): number {
    return this.#starts[index] ?? 0;
  }
}
