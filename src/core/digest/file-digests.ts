// Digests of whole files for those who ask (RFC 9530): few at a time, each made once for everyone, and remembered.

import { createHash } from "node:crypto";
import { setImmediate } from "node:timers/promises";
import type { Digest, DigestAlgorithm } from "../../http/digest.ts";
import type { FileEntry } from "../../storage/entry.ts";
import type { Storage } from "../../storage/storage.ts";
import { ALGORITHM_NAMES } from "./digester.ts";

/** Made at the same time: both share this thread, and what one reads the other hashes meanwhile. */
const AT_ONCE = 2;
/** Waiting behind those. Who comes then is answered without a digest: it was only a wish (RFC 9530 section 4). */
const MOST_WAITING = 32;
/** Remembered, by ETag; the one not asked for longest is forgotten first. Some 200 bytes each. */
const REMEMBERED = 4096;

interface Making {
  result: Promise<Digest | null>;
  /** How many requests wait for it: without one it is given up. */
  askers: number;
  stop: AbortController;
}

export class FileDigestCache {
  readonly #known = new Map<string, Digest>();
  readonly #making = new Map<string, Making>();
  readonly #waiting = new Set<() => void>();
  #running = 0;

  constructor(readonly storage: Pick<Storage, "open">) {}

  /** Digests that are being made, or wait to be. */
  get pending(): number {
    return this.#making.size;
  }

  /**
   * The digest of a file as the entry tells of it.
   * @param signal whoever asks is gone
   * @returns null when it was given up, too many wait, or the file has changed
   * @throws Problem
   */
  async of(entry: FileEntry, algorithm: DigestAlgorithm, signal: AbortSignal): Promise<Digest | null> {
    const key = `${algorithm} ${entry.etag}`;
    const known = this.#known.get(key);
    if (known) return this.#remember(key, known);
    const shared = this.#making.get(key);
    if (signal.aborted || (!shared && this.#waiting.size >= MOST_WAITING)) return null;
    const making = shared ?? this.#begin(key, entry, algorithm);
    making.askers += 1;
    const { promise: gone, resolve: leave } = Promise.withResolvers<null>();
    signal.addEventListener("abort", () => leave(null), { once: true });
    try {
      return await Promise.race([making.result, gone]);
    } finally {
      making.askers -= 1;
      if (making.askers === 0) making.stop.abort();
    }
  }

  #begin(key: string, entry: FileEntry, algorithm: DigestAlgorithm): Making {
    const stop = new AbortController();
    const forget = () => {
      if (this.#making.get(key) === making) this.#making.delete(key);
    };
    const result = this.#inTurn(stop.signal, () => this.#make(entry, algorithm, stop.signal))
      .then((digest) => digest && this.#remember(key, digest))
      .finally(forget);
    // Everyone who asked may be gone when it fails.
    result.catch(() => {});
    const making: Making = { result, askers: 0, stop };
    this.#making.set(key, making);
    // Given up: who comes now begins anew.
    stop.signal.addEventListener("abort", forget, { once: true });
    return making;
  }

  async #inTurn<T>(signal: AbortSignal, make: () => Promise<T>): Promise<T | null> {
    if (this.#running >= AT_ONCE) {
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#waiting.add(resolve);
      signal.addEventListener("abort", () => resolve(), { once: true });
      await promise;
      this.#waiting.delete(resolve);
    }
    if (signal.aborted) return null;
    this.#running += 1;
    try {
      return await make();
    } finally {
      this.#running -= 1;
      const [next] = this.#waiting;
      next?.();
    }
  }

  async #make(entry: FileEntry, algorithm: DigestAlgorithm, signal: AbortSignal): Promise<Digest | null> {
    const file = await this.storage.open(entry.path);
    try {
      if (file.entry.etag !== entry.etag) return null;
      const hash = createHash(ALGORITHM_NAMES[algorithm]);
      for await (const piece of file.body.stream()) {
        if (signal.aborted) return null;
        hash.update(piece);
        // Half a megabyte takes 0.4 ms (sha-512: 0.8 ms); what else waits for this thread goes before the next.
        await setImmediate();
      }
      return file.stat().etag === entry.etag ? { algorithm, value: new Uint8Array(hash.digest()) } : null;
    } finally {
      await file.close();
    }
  }

  #remember(key: string, digest: Digest): Digest {
    this.#known.delete(key);
    this.#known.set(key, digest);
    const [oldest] = this.#known.keys();
    if (this.#known.size > REMEMBERED && oldest !== undefined) this.#known.delete(oldest);
    return digest;
  }
}
