// A DiskWriter on a real file, with system calls that a test can replace.

import { closeSync, constants, openSync, readFileSync, statSync } from "node:fs";
import type { Calls } from "../../../../src/storage/disk/os/calls.ts";
import { WriteScheduler } from "../../../../src/storage/disk/write/write-scheduler.ts";
import { DiskWriter } from "../../../../src/storage/disk/write/writer.ts";
import { callsWith } from "../faults.ts";
import { TemporaryRoot } from "../temporary-root.ts";

/** Files for writers; `await using` closes and removes them. */
export class Writing implements AsyncDisposable {
  readonly scheduler = new WriteScheduler();
  readonly #open: { fd: number; writer: DiskWriter }[] = [];

  private constructor(readonly root: TemporaryRoot) {}

  static async make(): Promise<Writing> {
    return new Writing(await TemporaryRoot.make());
  }

  /** A writer on a new file. @param flags added to those of a new file: `O_APPEND` */
  writer(replaced: Partial<Calls> = {}, flags = 0): { writer: DiskWriter; fd: number; path: string } {
    const path = this.root.in(`${this.#open.length}`);
    const fd = openSync(path, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | flags);
    const writer = new DiskWriter(fd, callsWith(replaced), this.scheduler);
    this.#open.push({ fd, writer });
    return { writer, fd, path };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const { fd, writer } of this.#open) {
      await writer.stop();
      closeSync(fd);
    }
    await this.root[Symbol.asyncDispose]();
  }
}

/** The bytes that are on the disk now. */
export const written = (path: string): Uint8Array => readFileSync(path);
export const sizeOf = (path: string): number => statSync(path).size;
