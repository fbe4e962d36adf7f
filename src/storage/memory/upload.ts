// Uploads of the storage in memory.

import type { FilePath } from "../../path.ts";
import type { StorageWork } from "../device.ts";
import { uploadEnded, uploadShorter } from "../problems.ts";
import type { FinishOptions, PartialUpload, Published, StoredUpload } from "../storage.ts";
import type { UploadId } from "../upload-id.ts";
import type { MemoryBytes, MemoryDelay, MemoryHost, MemoryStep } from "./contents.ts";

type State = "open" | "discarded" | "published" | "suspended";

export class MemoryUpload implements StoredUpload {
  readonly work = { diskWaited: 0, diskBusy: 0, syncWaited: 0, syncBusy: 0 } satisfies StorageWork;
  readonly #discarded = Promise.withResolvers<never>();
  #saved: number;
  #synced = false;
  protected state: State = "open";

  constructor(
    readonly host: MemoryHost,
    readonly delay: MemoryDelay,
    readonly bytes: MemoryBytes = { chunks: [], length: 0 },
  ) {
    this.#saved = bytes.length;
    // Rejects a pending wait on discard; the empty catch avoids an unhandled rejection when nothing is pending.
    this.#discarded.promise.catch(() => {});
  }

  get length(): number {
    return this.bytes.length;
  }

  get saved(): number {
    return this.#saved;
  }

  append(chunk: Uint8Array<ArrayBuffer>): Promise<void> | undefined {
    this.assertOpen();
    this.host.reserve(chunk.byteLength);
    this.bytes.chunks.push(chunk.slice());
    this.bytes.length += chunk.byteLength;
    const wait = this.wait("write", chunk.byteLength);
    if (!wait) this.#saved = this.length;
    return wait?.then(() => {
      this.#saved = this.length;
    });
  }

  async finish(path: FilePath, options: FinishOptions): Promise<Published> {
    this.assertOpen();
    if (!this.#synced) await this.wait("sync", this.length);
    this.#synced = true;
    await this.wait("publish", this.length);
    this.assertOpen();
    const body = new Blob(this.bytes.chunks);
    const published = this.host.publish(path, body, options.replace, options.modified);
    this.bytes.body = body;
    this.bytes.chunks = [];
    this.end("published");
    return published;
  }

  async discard(): Promise<void> {
    if (this.state !== "open") return;
    this.end("discarded");
    this.host.dropBytes(this.bytes);
    this.#discarded.reject(uploadEnded());
  }

  protected end(state: State): void {
    this.state = state;
  }

  /** Marks all bytes as saved. */
  protected markSaved(): void {
    this.#synced = false;
    this.#saved = this.length;
  }

  /** Waits for the delay hook, or until the upload is discarded. */
  protected wait(step: MemoryStep, bytes: number): Promise<void> | undefined {
    const start = performance.now();
    const delay = this.delay(step, bytes);
    return (
      delay &&
      Promise.race([delay, this.#discarded.promise]).finally(() => {
        const seconds = (performance.now() - start) / 1000;
        const [waited, busy] =
          step === "write" ? (["diskWaited", "diskBusy"] as const) : (["syncWaited", "syncBusy"] as const);
        this.work[waited] += seconds;
        this.work[busy] += seconds;
      })
    );
  }

  protected assertOpen(): void {
    if (this.state !== "open") throw uploadEnded();
  }
}

export class MemoryPartialUpload extends MemoryUpload implements PartialUpload {
  #length: number | undefined;

  constructor(
    host: MemoryHost,
    delay: MemoryDelay,
    bytes: MemoryBytes,
    readonly id: UploadId,
  ) {
    super(host, delay, bytes);
  }

  override get length(): number {
    return this.#length ?? super.length;
  }

  async suspend(): Promise<void> {
    this.assertOpen();
    try {
      await this.wait("sync", this.length);
      this.assertOpen();
    } finally {
      // A concurrent discard has already ended it.
      if (this.state === "open") this.end("suspended");
    }
  }

  suspendLazily(): Promise<void> {
    return this.suspend();
  }

  async truncate(length: number): Promise<void> {
    this.assertOpen();
    if (length > this.length) throw uploadShorter();
    await this.wait("sync", length);
    this.assertOpen();
    const before = this.length;
    const remaining = new Blob(this.bytes.chunks).slice(0, length);
    this.bytes.chunks = [new Uint8Array(await remaining.arrayBuffer())];
    this.bytes.length = length;
    this.host.release(before - length);
    this.markSaved();
  }

  async *contents(): AsyncGenerator<Uint8Array, void, void> {
    for (const chunk of [...this.bytes.chunks]) {
      this.assertOpen();
      yield chunk;
    }
  }

  async appendFrom(ids: readonly UploadId[]): Promise<void> {
    for (const id of ids) {
      this.assertOpen();
      const { chunks, length } = this.host.sourceBytes(id);
      this.host.reserve(length);
      this.bytes.chunks.push(...chunks);
      this.bytes.length += length;
      await this.wait("write", length);
    }
    this.markSaved();
  }

  override async discard(): Promise<void> {
    if (this.state !== "open") return;
    await super.discard();
    await this.host.deletePartial(this.id);
  }

  protected override end(state: State): void {
    super.end(state);
    this.#length = this.bytes.length;
    this.host.closeWriter(this.id);
  }
}
