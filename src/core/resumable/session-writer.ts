// A kept upload as the uploader sees it while a request fills it: what the uploader discards waits instead.

import { Problem } from "../../errors.ts";
import type { FilePath } from "../../path.ts";
import type { PartialUpload, Published, StorageWork, StoredUpload } from "../../storage/storage.ts";
import { addWork } from "../../storage/work.ts";
import { FILES, Stopwatch } from "../../system/stopwatch.ts";
import type { Upload } from "../upload/upload.ts";
import type { Uploader, UploadRequest } from "../upload/uploader.ts";
import type { UploadState } from "./record.ts";

const notes = new Stopwatch(FILES);

/** Made for one request. */
export class SessionWriter implements StoredUpload {
  #released: Promise<void> | undefined;
  /** What the storage did for the requests before this one. */
  readonly #before: StorageWork;
  /** Seconds until the name was noted. */
  #noted = 0;

  /** @param beforeNaming called with a name before it is given: a crash behind it must not leave the question open */
  constructor(
    readonly partial: PartialUpload,
    readonly beforeNaming: (path: FilePath, length: number) => Promise<void>,
  ) {
    this.#before = { ...partial.work };
  }

  get length(): number {
    return this.partial.length;
  }

  get saved(): number {
    return this.partial.saved;
  }

  get work(): StorageWork {
    const { syncWaited, ...rest } = addWork(this.partial.work, this.#before, -1);
    return { ...rest, syncWaited: syncWaited + this.#noted };
  }

  append(chunk: Uint8Array<ArrayBuffer>): Promise<void> | undefined {
    return this.partial.append(chunk);
  }

  async finish(path: FilePath, options: { replace: boolean }): Promise<Published> {
    await this.waitForMetadata(this.beforeNaming(path, this.partial.length));
    return await this.partial.finish(path, options);
  }

  /** Waits for a note: it is synced, too. @throws Problem */
  async waitForMetadata(note: Promise<void>): Promise<void> {
    const wait = notes.start();
    await note;
    this.#noted += wait();
  }

  /** Lets go of it; its bytes stay, and are synced. @throws Problem */
  pause(): Promise<void> {
    this.#released ??= this.partial.suspend();
    return this.#released;
  }

  /** Lets go of it; its bytes stay, and are synced soon. @throws Problem */
  rest(): Promise<void> {
    this.#released ??= this.partial.suspendLazily();
    return this.#released;
  }

  async discard(): Promise<void> {
    await this.rest().catch(() => {
      // What could be kept is kept; who asked hears of the error that made it end.
    });
  }
}

/** What one request knows of the upload it fills. */
type Filling = Pick<UploadRequest, "size" | "networkSeconds" | "checksumSeconds"> &
  Required<Pick<UploadRequest, "resumed">>;

/**
 * Opens what was kept of an upload, to go on behind the bytes that are known to be right.
 * @param lost told how many there are, when there are fewer
 * @throws Problem upload_gone, storage_full
 */
export async function openSessionWriter(
  uploader: Uploader,
  { id, name, path, conflict }: UploadState,
  filling: Filling,
  naming: SessionWriter["beforeNaming"],
  lost: (length: number) => void,
): Promise<{ resumed: SessionWriter; upload: Upload }> {
  const kept = await uploader.storage.resume(id);
  if (!kept) throw new Problem("upload_gone", "The bytes of this upload are gone: start a new one.");
  const resumed = new SessionWriter(kept, naming);
  const intent = { ...filling, path, conflict, id: name, conditions: {}, digests: [], wantedDigest: null };
  try {
    if (kept.length > filling.resumed.length) await kept.truncate(filling.resumed.length);
    if (kept.length < filling.resumed.length) {
      lost(kept.length);
      throw new Problem("storage_failed", "The disk lost bytes: ask for the offset, and go on from there.");
    }
    return { resumed, upload: await uploader.receive(intent, async () => resumed) };
  } catch (error) {
    await resumed.discard();
    throw error;
  }
}
