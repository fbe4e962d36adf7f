// Receipts of uploads with an Idempotency-Key: a repeated request finds the file that was saved before, even after a restart.

import { Problem } from "../../errors.ts";
import { type Digest, formatDigest, parseDigest } from "../../http/digest.ts";
import { checkFilePath, type FilePath } from "../../path.ts";
import type { Storage } from "../../storage/storage.ts";
import { DAY } from "../../units.ts";

/** Maximum number of receipts, about 100 bytes each without the paths; the oldest are dropped. */
const MAX_RECEIPTS = 20_000;
/** Maximum characters of all receipts together, because paths and keys can be long. */
const MAX_CHARACTERS = 16 * 1024 * 1024;
/** Milliseconds for which a receipt is kept. */
const MAX_AGE = DAY;

/** The file that an upload with a key saved. */
export interface Receipt {
  key: string;
  /** The path that the request named. */
  target: FilePath;
  /** The path of the file, which differs from `target` if it was renamed. */
  path: FilePath;
  size: number;
  /** sha-256 of the bytes. */
  digest: Digest;
}

interface StoredReceipt extends Receipt {
  /** When the file was saved, in milliseconds since 1970. */
  at: number;
  /** Characters of its line. */
  length: number;
}

export class Receipts {
  /** In the order in which they were written. */
  readonly #kept = new Map<string, StoredReceipt>();
  /** Keys of running requests. */
  readonly #claimed = new Set<string>();
  #characters = 0;
  /** Lines in the storage, those of dropped receipts included. */
  #lines = 0;
  #loading: Promise<void> | undefined;

  /** @param now milliseconds since 1970 */
  constructor(
    readonly storage: Pick<Storage, "receipts">,
    readonly now: () => number = Date.now,
  ) {}

  /**
   * Claims a key for one request; call the result when the request has ended.
   * @throws Problem idempotency_key_in_use while another request has it; storage_read_only, …
   */
  async claim(key: string): Promise<() => void> {
    if (this.#claimed.has(key))
      throw new Problem(
        "idempotency_key_in_use",
        "A request with this `Idempotency-Key` is still running: send this one again when it has ended.",
        { headers: { "retry-after": "1" } },
      );
    this.#claimed.add(key);
    try {
      this.#loading ??= this.#load();
      await this.#loading;
    } catch (error) {
      this.#loading = undefined;
      this.#claimed.delete(key);
      throw error;
    }
    return () => void this.#claimed.delete(key);
  }

  /** The receipt of a key, or of a file of a form: `KEY`, a line break, the number of the file. */
  find(key: string): Receipt | undefined {
    const kept = this.#kept.get(key);
    return kept && kept.at > this.now() - MAX_AGE ? kept : undefined;
  }

  /** Keeps a receipt; it survives a power cut once the promise resolves. Never throws. */
  async add(receipt: Receipt): Promise<void> {
    const at = this.now();
    const line = lineOf(receipt, at);
    this.#keep({ ...receipt, at, length: line.length });
    this.#lines += 1;
    try {
      if (this.#lines > 2 * MAX_RECEIPTS) await this.#rewrite();
      else await this.storage.receipts.append(line);
    } catch {
      // The file is saved, and its client must learn that. Until the server stops, the receipt is kept in memory.
    }
  }

  async #load(): Promise<void> {
    const lines = await this.storage.receipts.read();
    for (const line of lines) {
      const receipt = receiptIn(line);
      if (receipt) this.#keep(receipt);
    }
    // A crash may have left an incomplete last line, which would make the next line unreadable.
    if (lines.length > 0) await this.#rewrite();
  }

  #keep(receipt: StoredReceipt): void {
    this.#drop(this.#kept.get(receipt.key));
    this.#kept.set(receipt.key, receipt);
    this.#characters += receipt.length;
    for (const oldest of this.#kept.values()) {
      const fits = this.#kept.size <= MAX_RECEIPTS && this.#characters <= MAX_CHARACTERS;
      if (fits && oldest.at > this.now() - MAX_AGE) return;
      this.#drop(oldest);
    }
  }

  #drop(receipt: StoredReceipt | undefined): void {
    if (!receipt) return;
    this.#kept.delete(receipt.key);
    this.#characters -= receipt.length;
  }

  async #rewrite(): Promise<void> {
    this.#lines = this.#kept.size;
    await this.storage.receipts.replace(
      [...this.#kept.values()].map((receipt) => lineOf(receipt, receipt.at)),
    );
  }
}

function lineOf({ key, target, path, size, digest }: Receipt, at: number): string {
  return JSON.stringify({
    key,
    target,
    path,
    size,
    digest: formatDigest(digest.algorithm, digest.value),
    at,
  });
}

/** `null` for a line that is not a receipt. */
function receiptIn(line: string): StoredReceipt | null {
  try {
    const { key, target, path, size, digest, at } = JSON.parse(line);
    const [parsed] = parseDigest(digest);
    if (typeof key !== "string" || typeof at !== "number" || !Number.isSafeInteger(size) || !parsed)
      return null;
    return {
      key,
      target: checkFilePath(target),
      path: checkFilePath(path),
      size,
      digest: parsed,
      at,
      length: line.length,
    };
  } catch {
    return null;
  }
}
