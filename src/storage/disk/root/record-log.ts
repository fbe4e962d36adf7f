// A record log on the disk: one file of lines in the .sluice folder. Lines added during a sync share the next one.

import { constants } from "node:fs";
import type { RecordLog } from "../../record-log.ts";
import type { DiskContext } from "../at/context.ts";
import type { DirHandle } from "../at/handle.ts";
import { closeQuietly } from "../os/calls.ts";
import { diskProblem, ENOENT_ONLY, ignoreErrno } from "../os/errno.ts";
import { OPEN_EXISTING, READ_EXISTING } from "../os/open-flags.ts";
import { writeText } from "../write/atomic-text.ts";

const NAME = "receipts";
const APPEND = constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT | OPEN_EXISTING;
/** Bytes per write: Bun writes larger batches with fallocate(), which pads a shorter file that is open for appending. */
const MAX_WRITE = 128 * 1024;
/** Bytes; a larger file was not written by this server and is ignored. */
const MAX_BYTES = 256 * 1024 * 1024;

export class DiskRecordLog implements RecordLog {
  #fd: number | undefined;
  /** Lines that are added together. */
  #batch: { text: string; written: Promise<void> } | undefined;
  /** Resolves or rejects when all earlier calls have ended. */
  #last: Promise<unknown> = Promise.resolve();

  /** @param folder the server's own folder, which must stay open */
  constructor(
    readonly context: DiskContext,
    readonly folder: DirHandle,
  ) {}

  read(): Promise<string[]> {
    return this.#enqueue(async () => {
      const { calls } = this.context;
      const fd = await ignoreErrno(ENOENT_ONLY, calls.open(`${this.folder.path}/${NAME}`, READ_EXISTING));
      if (fd === null) return [];
      try {
        const stat = calls.stat(fd);
        if (!stat.isFile() || stat.size > MAX_BYTES) return [];
        return (await calls.text(fd)).split("\n").filter((line) => line !== "");
      } finally {
        await closeQuietly(calls, fd);
      }
    });
  }

  append(line: string): Promise<void> {
    this.#batch ??= this.#newBatch();
    this.#batch.text += `${line}\n`;
    return this.#batch.written;
  }

  replace(lines: readonly string[]): Promise<void> {
    // Lines added from now on must be written after these.
    this.#batch = undefined;
    return this.#enqueue(async () => {
      await this.#closeFile();
      await writeText(this.context, this.folder, NAME, lines.map((line) => `${line}\n`).join(""));
    });
  }

  /** Waits for running calls and closes the file. Never throws. */
  async close(): Promise<void> {
    await this.#last.catch(() => {
      // The caller of that call has its error.
    });
    await this.#closeFile();
  }

  #newBatch() {
    const batch = { text: "", written: Promise.resolve() };
    batch.written = this.#enqueue(async () => {
      if (this.#batch === batch) this.#batch = undefined;
      await this.#write(new TextEncoder().encode(batch.text));
    });
    return batch;
  }

  async #write(bytes: Uint8Array<ArrayBuffer>): Promise<void> {
    const { calls, dirSync } = this.context;
    if (this.#fd === undefined) {
      this.#fd = await calls.open(`${this.folder.path}/${NAME}`, APPEND, 0o600);
      await dirSync.sync(this.folder);
    }
    const file = Bun.file(this.#fd);
    for (let at = 0; at < bytes.byteLength; at += MAX_WRITE)
      await calls.write(file, bytes.subarray(at, at + MAX_WRITE));
    await calls.datasync(this.#fd);
  }

  async #closeFile(): Promise<void> {
    const fd = this.#fd;
    this.#fd = undefined;
    if (fd !== undefined) await closeQuietly(this.context.calls, fd);
  }

  /** Runs a step after all earlier ones. @throws Problem */
  #enqueue<T>(step: () => Promise<T>): Promise<T> {
    const result = this.#last
      .catch(() => {
        // The caller of the earlier step has its error.
      })
      .then(step)
      .catch((error: unknown) => {
        throw diskProblem(error);
      });
    this.#last = result;
    return result;
  }
}
