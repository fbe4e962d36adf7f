// A temporary root for one test, with a folder next to it for files that must not be touched.

import { expect } from "bun:test";
import { readdirSync, readlinkSync } from "node:fs";
import { mkdir, mkdtemp, readdir, realpath, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type DiskOptions, type DiskStorage, openDisk } from "../../../src/storage/disk/disk.ts";
import { patient } from "../../support/patience.ts";
import { until } from "../until.ts";

/** A root, its storage, and the folder that contains it. `await using` removes everything. */
export class TemporaryRoot implements AsyncDisposable {
  #storages: DiskStorage[] = [];
  /** Messages of the storages to the operator. */
  readonly warnings: string[] = [];

  private constructor(
    /** The folder outside the root; removed at the end. */
    readonly outside: string,
    /** The root. */
    readonly root: string,
  ) {}

  static async make(): Promise<TemporaryRoot> {
    const outside = await realpath(await mkdtemp(join(tmpdir(), "sluice-disk-")));
    await mkdir(join(outside, "root"));
    return new TemporaryRoot(outside, join(outside, "root"));
  }

  /** Opens the root and waits until leftovers of an earlier run are deleted; closed at the end. */
  async open(options: DiskOptions = {}): Promise<DiskStorage> {
    const warn = (message: string) => void this.warnings.push(message);
    const storage = await openDisk(this.root, { warn, ...options });
    this.#storages.push(storage);
    await storage.leftoverRemoval?.ended;
    return storage;
  }

  /** Closes all storages and opens the root again. */
  async reopen(options: DiskOptions = {}): Promise<DiskStorage> {
    await this.close();
    return await this.open(options);
  }

  /** Closes every opened storage. */
  async close(): Promise<void> {
    for (const storage of this.#storages.splice(0)) await storage.close();
  }

  /** A path in the root. */
  in(...segments: string[]): string {
    return join(this.root, ...segments);
  }

  /** The names of unfinished uploads on the disk. */
  async temporaries(): Promise<string[]> {
    return await readdir(this.in(".sluice", "uploads"));
  }

  /** The open descriptors of this process below the temporary folder, including removed files. */
  descriptors(): string[] {
    const open = readdirSync("/proc/self/fd").flatMap((number) => {
      try {
        return [readlinkSync(`/proc/self/fd/${number}`)];
      } catch {
        // The descriptor of this listing itself.
        return [];
      }
    });
    return open.filter((path) => path.startsWith(this.outside)).sort();
  }

  /** The open descriptors while no upload runs. */
  async idleDescriptors(): Promise<string[]> {
    const [uploads, own] = [this.in(".sluice", "uploads/"), this.in(".sluice")];
    // A FileSink may still hold an upload that has its name already.
    const idle = (path: string): boolean =>
      path === this.root || (path.startsWith(own) && !path.startsWith(uploads));
    await until("uploads are closed", () => this.descriptors().every(idle));
    return this.descriptors();
  }

  /** Fails unless exactly these descriptors are open. Waits briefly, because a FileSink closes its descriptor asynchronously. */
  async expectDescriptors(expected: string[], label = "descriptors"): Promise<void> {
    const end = performance.now() + patient(1000);
    while (!Bun.deepEquals(this.descriptors(), expected) && performance.now() < end) await Bun.sleep(1);
    expect(this.descriptors(), label).toEqual(expected);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const storage of this.#storages) await storage.close();
    await rm(this.outside, { recursive: true, force: true });
  }
}
