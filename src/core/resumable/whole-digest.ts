// Digests of a whole upload: computed while bytes arrive in order, otherwise by reading the file once at the end.

import { type Digest, type DigestAlgorithm, parseDigest } from "../../http/digest.ts";
import type { PartialUpload } from "../../storage/storage.ts";
import { Digester } from "../digest/digester.ts";
import { superseded } from "./takeover-lock.ts";

/** Held in memory only, because the state of a hash cannot be serialized. */
export class UploadDigest {
  /** Seconds spent hashing and reading. */
  seconds = 0;
  #digester: Digester | undefined;
  /** Bytes hashed so far, from the first on. */
  #hashed = 0;
  #result: { length: number; digest: Digest | null } | undefined;

  /**
   * @param expected the value of `Repr-Digest`, `""` for none
   * @param wanted the digest to report to the client
   */
  constructor(
    readonly expected: string,
    readonly wanted: DigestAlgorithm | null,
  ) {}

  /** Whether any digest has to be computed. */
  get needed(): boolean {
    return this.expected !== "" || this.wanted !== null;
  }

  /** Adds the bytes at this offset. */
  update(chunk: Uint8Array, offset: number): void {
    if (!this.needed) return;
    if (offset === 0) this.#begin();
    if (this.#digester && this.#hashed === offset) this.#add(this.#digester, chunk);
    // Hashed bytes were truncated, or earlier bytes arrived before the server started.
    else this.#digester = undefined;
  }

  /**
   * Verifies the digests of all bytes.
   * @param cancelled checked between two slices; true aborts the computation
   * @returns the requested digest
   * @throws Problem digest_mismatch, upload_locked when cancelled
   */
  async finish(partial: PartialUpload, cancelled: () => boolean): Promise<Digest | null> {
    if (!this.needed) return null;
    const { length } = partial;
    if (this.#result?.length === length) return this.#result.digest;
    if (!this.#digester || this.#hashed !== length) await this.#read(partial, cancelled);
    const digester = this.#digester;
    this.#digester = undefined;
    const digest = (digester ?? this.#begin()).finish();
    this.#result = { length, digest };
    return digest;
  }

  async #read(partial: PartialUpload, cancelled: () => boolean): Promise<void> {
    const digester = this.#begin();
    const secondsBefore = this.seconds;
    const start = performance.now();
    for await (const chunk of partial.contents()) {
      if (cancelled()) throw superseded();
      this.#add(digester, chunk);
    }
    this.seconds = secondsBefore + (performance.now() - start) / 1000;
  }

  #begin(): Digester {
    this.#digester = new Digester(parseDigest(this.expected), this.wanted);
    this.#hashed = 0;
    this.#result = undefined;
    return this.#digester;
  }

  #add(digester: Digester, chunk: Uint8Array): void {
    const before = digester.seconds;
    digester.update(chunk);
    this.seconds += digester.seconds - before;
    this.#hashed += chunk.byteLength;
  }
}
