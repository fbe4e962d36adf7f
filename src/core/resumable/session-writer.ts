// A kept upload as the engine sees it while a request fills it: what the engine discards waits instead.

import { Problem } from "../../errors.ts";
import type { FilePath } from "../../path.ts";
import type { Finished, KeptUpload, StorageWork, StoredUpload } from "../../storage/storage.ts";
import { addWork } from "../../storage/work.ts";
import { FILES, Stopwatch } from "../../system/stopwatch.ts";
import type { Upload } from "../upload/upload.ts";
import type { Engine, Intent } from "../upload/uploader.ts";
import type { UploadRecord } from "./record.ts";

const notes = new Stopwatch(FILES);

/** Made for one request. */
export class Resumed implements StoredUpload {
  #released: Promise<void> | undefined;
  /** What the storage did for the requests before this one. */
  readonly #before: StorageWork;
  /** Seconds until the name was noted. */
  #noted = 0;

  /** @param naming called with a name before it is given: a crash behind it must not leave the question open */
  constructor(
    readonly kept: KeptUpload,
    readonly naming: (path: FilePath, length: number) => Promise<void>,
  ) {
    this.#before = { ...kept.work };
  }

  get length(): number {
    return this.kept.length;
  }

  get saved(): number {
    return this.kept.saved;
  }

  get work(): StorageWork {
    const { syncWaited, ...rest } = addWork(this.kept.work, this.#before, -1);
    return { ...rest, syncWaited: syncWaited + this.#noted };
  }

  append(chunk: Uint8Array<ArrayBuffer>): Promise<void> | undefined {
    return this.kept.append(chunk);
  }

  async finish(path: FilePath, options: { replace: boolean }): Promise<Finished> {
    await this.noting(this.naming(path, this.kept.length));
    return await this.kept.finish(path, options);
  }

  /** Waits for a note: it is synced, too. @throws Problem */
  async noting(note: Promise<void>): Promise<void> {
    const wait = notes.start();
    await note;
    this.#noted += wait();
  }

  /** Lets go of it; its bytes stay, and are synced. @throws Problem */
  pause(): Promise<void> {
    this.#released ??= this.kept.pause();
    return this.#released;
  }

  /** Lets go of it; its bytes stay, and are synced soon. @throws Problem */
  rest(): Promise<void> {
    this.#released ??= this.kept.rest();
    return this.#released;
  }

  async discard(): Promise<void> {
    await this.rest().catch(() => {
      // What could be kept is kept; who asked hears of the error that made it end.
    });
  }
}

/** What one request knows of the upload it fills. */
type Filling = Pick<Intent, "size" | "network" | "checking"> & Required<Pick<Intent, "resumed">>;

/**
 * Opens what was kept of an upload, to go on behind the bytes that are known to be right.
 * @param lost told how many there are, when there are fewer
 * @throws Problem upload_gone, storage_full
 */
export async function openKept(
  engine: Engine,
  { id, name, path, conflict }: UploadRecord,
  filling: Filling,
  naming: Resumed["naming"],
  lost: (length: number) => void,
): Promise<{ resumed: Resumed; upload: Upload }> {
  const kept = await engine.storage.resume(id);
  if (!kept) throw new Problem("upload_gone", "The bytes of this upload are gone: start a new one.");
  const resumed = new Resumed(kept, naming);
  const intent = { ...filling, path, conflict, id: name, conditions: {}, digests: [], wanted: null };
  try {
    if (kept.length > filling.resumed.length) await kept.rewind(filling.resumed.length);
    if (kept.length < filling.resumed.length) {
      lost(kept.length);
      throw new Problem("storage_failed", "The disk lost bytes: ask for the offset, and go on from there.");
    }
    return { resumed, upload: await engine.receive(intent, async () => resumed) };
  } catch (error) {
    await resumed.discard();
    throw error;
  }
}
