// One upload on the disk: a temporary file that becomes visible by a link or a rename, whole or not at all.

import type { FilePath } from "../../../path.ts";
import { FILES, Stopwatch } from "../../../system/stopwatch.ts";
import type { Published, StorageWork, StoredUpload } from "../../storage.ts";
import type { Calls } from "../os/calls.ts";
import { diskProblem } from "../os/errno.ts";
import { CREATE_NEW } from "../os/open-flags.ts";
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
      fd = await context.calls.open(temporary, CREATE_NEW, 0o666);
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

  finish(path: FilePath, options: { replace: boolean }): Promise<Published> {
    this.#finishing = this.#finish(path, options.replace);
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
      // Whoever called finish knows.
    });
    // A name that was being given when the discard came is given: it must not be half taken back.
    if (!this.#published) await removeTemp(this.context.calls, this.fd, this.temporary);
  }

  async #finish(path: FilePath, replace: boolean): Promise<Published> {
    if (!this.#synced) await this.#writer.finish();
    this.#synced = true;
    const named = names.start();
    try {
      const { fd, temporary } = this;
      const unwanted = (): boolean => this.#discarding !== undefined;
      const published = await publish(this.context, { fd, temporary, stays: false, unwanted }, path, replace);
      this.#published = true;
      await removeTemp(this.context.calls, fd, temporary);
      return published;
    } catch (error) {
      throw diskProblem(error);
    } finally {
      this.#publishWaited += named();
    }
  }
}

/** Work, and seconds in which the storage synced. Those a name took count so, too: the sync is most of them. */
export function withSync(work: StorageWork, seconds: number): StorageWork {
  const { diskWaited, diskBusy, syncWaited, syncBusy } = work;
  return { diskWaited, diskBusy, syncWaited: syncWaited + seconds, syncBusy: syncBusy + seconds };
}

/** Ends a temporary file: what is worth keeping of it has another name. Never throws. */
export async function removeTemp(calls: Calls, fd: number, temporary: string): Promise<void> {
  await calls.close(fd).catch(() => {
    // Everything was synced before, or is not wanted.
  });
  await calls.unlink(temporary).catch(() => {
    // Gone with the root, or renamed; what stays is removed at the next start.
  });
}
