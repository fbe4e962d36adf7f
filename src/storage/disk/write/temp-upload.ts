// One upload on the disk: a temporary file that link() or rename() publishes atomically.

import type { FilePath } from "../../../path.ts";
import { FILES, Stopwatch } from "../../../system/stopwatch.ts";
import type { StorageWork } from "../../device.ts";
import type { FinishOptions, Published, StoredUpload } from "../../storage.ts";
import { type Calls, closeQuietly, LARGE_FILE } from "../os/calls.ts";
import { diskProblem } from "../os/errno.ts";
import { CREATE_NEW, NEW_MODE } from "../os/open-flags.ts";
import { publish } from "./publish.ts";
import type { WriteContext } from "./write-scheduler.ts";
import { DiskWriter } from "./writer.ts";

const names = new Stopwatch(FILES);

export class TempUpload implements StoredUpload {
  readonly #writer: DiskWriter;
  #finishing: Promise<Published> | undefined;
  #discarding: Promise<void> | undefined;
  #published = false;
  #synced = false;
  #publishWaited = 0;

  private constructor(
    readonly context: WriteContext,
    readonly temporary: string,
    readonly fd: number,
  ) {
    this.#writer = new DiskWriter(fd, context.calls, context.scheduler);
  }

  /** @throws Problem */
  static async begin(context: WriteContext): Promise<TempUpload> {
    const temporary = `${context.temporaries.path}/${crypto.randomUUID()}`;
    let fd: number | undefined;
    try {
      fd = await context.calls.open(temporary, CREATE_NEW, NEW_MODE);
      return new TempUpload(context, temporary, fd);
    } catch (error) {
      if (fd !== undefined) await removeTemp(context.calls, fd, temporary);
      throw diskProblem(error);
    }
  }

  get length(): number {
    return this.#writer.length;
  }

  get saved(): number {
    return this.#writer.saved;
  }

  get work(): StorageWork {
    return withSync(this.#writer.work, this.#publishWaited);
  }

  append(chunk: Uint8Array<ArrayBuffer>): Promise<void> | undefined {
    return this.#writer.append(chunk);
  }

  finish(path: FilePath, options: FinishOptions): Promise<Published> {
    this.#finishing = this.#finish(path, options);
    return this.#finishing;
  }

  discard(): Promise<void> {
    this.#discarding ??= this.#discard();
    return this.#discarding;
  }

  async #discard(): Promise<void> {
    if (this.#published) return;
    await this.#writer.stop();
    await this.#finishing?.catch(() => {
      // The caller of finish gets the error.
    });
    // If discard() races with publishing, let publishing complete; a half-undone rename would be worse.
    if (!this.#published) await removeTemp(this.context.calls, this.fd, this.temporary, this.#writer.length);
  }

  async #finish(path: FilePath, { replace, modified }: FinishOptions): Promise<Published> {
    if (!this.#synced) await this.#writer.finish();
    this.#synced = true;
    const named = names.start();
    try {
      const { fd, temporary } = this;
      const unwanted = (): boolean => this.#discarding !== undefined;
      const staged = { fd, temporary, stays: false, mode: NEW_MODE, modified, unwanted };
      const published = await publish(this.context, staged, path, replace);
      this.#published = true;
      await closeQuietly(this.context.calls, fd);
      return published;
    } catch (error) {
      throw diskProblem(error);
    } finally {
      this.#publishWaited += named();
    }
  }
}

/** Adds seconds of syncing. Publishing counts as syncing, too, because the folder sync dominates it. */
export function withSync(work: StorageWork, seconds: number): StorageWork {
  const { diskWaited, diskBusy, syncWaited, syncBusy } = work;
  return { diskWaited, diskBusy, syncWaited: syncWaited + seconds, syncBusy: syncBusy + seconds };
}

/**
 * Closes and deletes a temporary file. Never throws.
 * @param frees bytes that no other name has
 */
export async function removeTemp(calls: Calls, fd: number, temporary: string, frees = 0): Promise<void> {
  await closeQuietly(calls, fd);
  await (frees >= LARGE_FILE ? calls.unlinkLarge : calls.unlink)(temporary).catch(() => {
    // Gone with the root, or taken back after its name could not be synced; the next start deletes a leftover.
  });
}
