// The digests of a whole upload: made while its bytes arrive one after another, else by reading them once at the end.

import { type Digest, type DigestAlgorithm, parseDigest } from "../../http/digest.ts";
import type { PartialUpload } from "../../storage/storage.ts";
import { Digester } from "../digest/digester.ts";
import { superseded } from "./takeover-lock.ts";

/** Of one upload, as long as the server runs: what a hash knows cannot be kept over a restart. */
export class UploadDigest {
  /** Seconds spent, those of reading included. */
  seconds = 0;
  #digester: Digester | undefined;
  /** Bytes the digester has seen, from the first on. */
  #seen = 0;
  #made: { length: number; digest: Digest | null } | undefined;

  /**
   * @param expected the value of `Repr-Digest`, `""` for none
   * @param wanted what a client wants to be told
   */
  constructor(
    readonly expected: string,
    readonly wanted: DigestAlgorithm | null,
  ) {}

  /** Whether anybody asked for one. */
  get needed(): boolean {
    return this.expected !== "" || this.wanted !== null;
  }

  /** Bytes that stand at this offset. */
  update(chunk: Uint8Array, offset: number): void {
    if (!this.needed) return;
    if (offset === 0) this.#begin();
    if (this.#digester && this.#seen === offset) this.#add(this.#digester, chunk);
    // Some of what it saw was thrown away, or came before the server was started.
    else this.#digester = undefined;
  }

  /**
   * Compares the digests of all bytes.
   * @param unwanted asked between two slices: true when nobody wants to know any more
   * @returns the wanted one
   * @throws Problem digest_mismatch, upload_locked when it is unwanted
   */
  async finish(kept: PartialUpload, unwanted: () => boolean): Promise<Digest | null> {
    if (!this.needed) return null;
    const { length } = kept;
    if (this.#made?.length === length) return this.#made.digest;
    if (!this.#digester || this.#seen !== length) await this.#read(kept, unwanted);
    const digester = this.#digester;
    this.#digester = undefined;
    const digest = (digester ?? this.#begin()).finish();
    this.#made = { length, digest };
    return digest;
  }

  async #read(kept: PartialUpload, unwanted: () => boolean): Promise<void> {
    const digester = this.#begin();
    const hashed = this.seconds;
    const start = performance.now();
    for await (const chunk of kept.contents()) {
      if (unwanted()) throw superseded();
      this.#add(digester, chunk);
    }
    this.seconds = hashed + (performance.now() - start) / 1000;
  }

  #begin(): Digester {
    this.#digester = new Digester(parseDigest(this.expected), this.wanted);
    this.#seen = 0;
    this.#made = undefined;
    return this.#digester;
  }

  #add(digester: Digester, chunk: Uint8Array): void {
    const before = digester.seconds;
    digester.update(chunk);
    this.seconds += digester.seconds - before;
    this.#seen += chunk.byteLength;
  }
}
