// One partial upload on the disk: its bytes survive the connection, the process and a power cut.

import { Problem } from "../../../errors.ts";
import type { FilePath } from "../../../path.ts";
import { FILES, Stopwatch } from "../../../system/stopwatch.ts";
import { addWork, NO_WORK, type StorageWork } from "../../device.ts";
import { uploadEnded, uploadShorter } from "../../problems.ts";
import type { FinishOptions, PartialUpload, Published } from "../../storage.ts";
import type { UploadId } from "../../upload-id.ts";
import { closeQuietly } from "../os/calls.ts";
import { diskProblem } from "../os/errno.ts";
import { NEW_MODE } from "../os/open-flags.ts";
import { BATCH } from "../write/batch-buffer.ts";
import { publish } from "../write/publish.ts";
import { withSync } from "../write/temp-upload.ts";
import { DiskWriter } from "../write/writer.ts";
import { appendFile } from "./append-file.ts";
import type { Idle } from "./idle-handles.ts";
import type { OpenData, PartialStore } from "./store.ts";

const [names, syncs] = [new Stopwatch(FILES), new Stopwatch(FILES)];

export class DiskPartialUpload implements PartialUpload, Idle {
  #data: OpenData;
  #writer: DiskWriter;
  /** Work of earlier writers of this upload. */
  #earlierWork = NO_WORK;
  #publishWaited = 0;
  #running: Promise<unknown> | undefined;
  #discarding: Promise<void> | undefined;
  #state: "open" | "idle" | "suspended" | "finished" = "open";
  /** Set once the descriptor is closed. */
  #length: number | undefined;

  private constructor(
    readonly store: PartialStore,
    readonly id: UploadId,
    data: OpenData,
  ) {
    this.#data = data;
    this.#writer = this.#newWriter();
  }

  /** @throws Problem */
  static async begin(store: PartialStore, id: UploadId): Promise<DiskPartialUpload> {
    const data = await store.claim(id, () => store.create(id));
    try {
      return await DiskPartialUpload.#openWriter(store, id, data);
    } catch (error) {
      await store.releaseData(id).catch(() => {
        // It has no metadata, so the next start deletes it.
      });
      throw error;
    }
  }

  /** @throws Problem */
  static async resume(store: PartialStore, id: UploadId): Promise<PartialUpload | null> {
    const idle = await store.idleHandles.reuse(id);
    if (idle) return idle;
    const data = await store.claim(id, () => store.reopen(id));
    const upload = data && (await DiskPartialUpload.#openWriter(store, id, data));
    // Bytes whose sync failed may be lost, although the page cache still returns them.
    const certain = store.certainLength(id);
    if (upload && certain !== undefined && certain < upload.length) await upload.truncate(certain);
    return upload;
  }

  static async #openWriter(store: PartialStore, id: UploadId, data: OpenData): Promise<DiskPartialUpload> {
    try {
      if (!store.synced(id, data.length)) await store.context.calls.datasync(data.fd);
      return new DiskPartialUpload(store, id, data);
    } catch (error) {
      await store.release(id, data.fd);
      throw diskProblem(error);
    }
  }

  get length(): number {
    return this.#length ?? this.#writer.length;
  }

  get saved(): number {
    return this.#writer.saved;
  }

  get work(): StorageWork {
    return withSync(addWork(this.#earlierWork, this.#writer.work), this.#publishWaited);
  }

  append(chunk: Uint8Array<ArrayBuffer>): Promise<void> | undefined {
    return this.#writer.append(chunk);
  }

  suspend(): Promise<void> {
    return this.#run(async () => {
      try {
        await this.#writer.finish();
        this.store.context.assertRoot();
      } finally {
        await this.#close("suspended");
      }
    });
  }

  async suspendLazily(): Promise<void> {
    const { idleHandles } = this.store;
    let written = true;
    const flush = async (): Promise<void> => {
      await this.#writer.flush();
      this.store.context.assertRoot();
    };
    await this.#run(flush).catch(() => {
      written = false;
    });
    if (!written || !idleHandles.free || this.#discarding) return await this.suspend();
    this.#state = "idle";
    idleHandles.put(this);
  }

  reuse(): void {
    this.#state = "open";
  }

  async close(): Promise<void> {
    this.reuse();
    await this.suspend().catch(() => this.store.markUncertain(this.id, this.saved));
  }

  truncate(length: number): Promise<void> {
    return this.#run(() =>
      this.#rebuild(async (old) => {
        if (length > old.length) throw uploadShorter();
        if (length === old.length) return old;
        await this.store.context.calls.truncate(old.fd, length);
        return await this.#reopen(length);
      }),
    );
  }

  async *contents(): AsyncGenerator<Uint8Array, void, void> {
    const { calls } = this.store.context;
    await this.#run(() => this.#writer.finish());
    const source = await this.#run(() => this.store.openForReading(this.id));
    try {
      const buffer = new Uint8Array(BATCH);
      for (;;) {
        // A discarded file stays readable through this descriptor, so check explicitly.
        if (this.#discarding) throw uploadEnded();
        const length = await calls.read(source.fd, buffer);
        if (length === 0) return;
        yield buffer.subarray(0, length);
      }
    } catch (error) {
      throw diskProblem(error);
    } finally {
      await closeQuietly(calls, source.fd);
    }
  }

  appendFrom(ids: readonly UploadId[]): Promise<void> {
    return this.#run(() =>
      this.#rebuild(async (data) => {
        let { length } = data;
        for (const id of ids) length += await this.#appendOne(id, length);
        return await this.#reopen(length);
      }),
    );
  }

  /** Appends one source at offset `from`. @returns bytes appended */
  async #appendOne(id: UploadId, from: number): Promise<number> {
    const { calls } = this.store.context;
    const source = await this.store.openSource(id);
    try {
      const throwIfEnded = (): void => {
        if (this.#discarding) throw uploadEnded();
      };
      const to = { fd: this.#data.fd, length: from };
      const { copying, syncing } = await appendFile(calls, to, source, throwIfEnded);
      this.#earlierWork = addWork(this.#earlierWork, {
        diskWaited: copying,
        diskBusy: copying,
        syncWaited: syncing,
        syncBusy: syncing,
      });
      if (calls.stat(this.#data.fd).size === BigInt(from + source.length)) return source.length;
      throw new Problem("storage_failed", "The other upload was not copied completely.");
    } finally {
      await closeQuietly(calls, source.fd);
    }
  }

  finish(path: FilePath, { replace, modified }: FinishOptions): Promise<Published> {
    return this.#run(async () => {
      await this.#writer.finish();
      const named = names.start();
      try {
        const { store, id } = this;
        const unwanted = (): boolean => this.#discarding !== undefined;
        const staged = {
          fd: this.#data.fd,
          temporary: store.dataPath(id),
          stays: true,
          mode: NEW_MODE,
          modified,
          unwanted,
        };
        const finished = await publish(store.context, staged, path, replace);
        await this.#close("finished");
        return finished;
      } finally {
        this.#publishWaited += named();
      }
    });
  }

  discard(): Promise<void> {
    // A suspended upload belongs to the caller that resumes it.
    if (this.#state !== "open") return this.#discarding ?? Promise.resolve();
    this.#discarding ??= this.#discard();
    return this.#discarding;
  }

  async #discard(): Promise<void> {
    await this.#writer.stop();
    await this.#running?.catch(() => {
      // The caller of that method gets the error.
    });
    // If discard() races with publishing, let publishing complete; a half-undone rename would be worse.
    if (this.#state === "finished") return;
    await this.#close("suspended");
    await this.store.deletePartial(this.id).catch(() => {
      // A leftover can be deleted later.
    });
  }

  /** Runs a step that must end before a discard closes the descriptor. @throws Problem */
  async #run<T>(step: () => Promise<T>): Promise<T> {
    if (this.#state !== "open" || this.#discarding) throw uploadEnded();
    const running = step();
    this.#running = running;
    try {
      return await running;
    } catch (error) {
      throw diskProblem(error);
    }
  }

  /** Finishes the writer, changes the file, and starts a new writer at its end. After an error every append fails. */
  async #rebuild(change: (data: OpenData) => Promise<OpenData>): Promise<void> {
    const { calls } = this.store.context;
    try {
      await this.#writer.finish();
      const old = { ...this.#data, length: this.#writer.length };
      const data = await change(old);
      if (data.fd !== old.fd) await closeQuietly(calls, old.fd);
      this.#data = data;
      const synced = syncs.start();
      await calls.datasync(data.fd);
      this.#earlierWork = withSync(this.#earlierWork, synced());
      if (this.#discarding) throw uploadEnded();
      this.#earlierWork = addWork(this.#earlierWork, this.#writer.work);
      this.#writer = this.#newWriter();
    } catch (error) {
      await this.#writer.stop();
      throw error;
    }
  }

  /** Opens the data with its position at the end, where a descriptor is no longer after the length was changed. @throws Problem */
  async #reopen(length: number): Promise<OpenData> {
    const data = await this.store.reopen(this.id);
    if (data?.length === length) return data;
    if (data) await closeQuietly(this.store.context.calls, data.fd);
    throw new Problem("storage_failed", "Another process changed the upload. Start a new one.");
  }

  /** Closes the descriptor. Never throws. */
  async #close(state: "suspended" | "finished"): Promise<void> {
    if (this.#state !== "open") return;
    await this.#writer.stop();
    this.#length = this.#sizeOnDisk();
    this.#state = state;
    await this.store.release(this.id, this.#data.fd, this.#writer.saved);
  }

  #sizeOnDisk(): number {
    try {
      return Number(this.store.context.calls.stat(this.#data.fd).size);
    } catch {
      return this.#writer.saved;
    }
  }

  #newWriter(): DiskWriter {
    const { calls, scheduler } = this.store.context;
    return new DiskWriter(this.#data.fd, calls, scheduler, this.#data.length);
  }
}
