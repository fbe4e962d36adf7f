// Measures folders with a quota in the background, and keeps those counts right while files and folders change.

import { type FilePath, type FolderPath, isWithin } from "../../../path.ts";
import type { Quota } from "./quota.ts";
import { Tally, type Walk } from "./tally.ts";

/** Milliseconds that a new upload waits for the first measurement of its folder, at most. */
const MAX_WAIT = 5000;

/** Bytes of a file before and after a change. */
export interface Sizes {
  before: number;
  after: number;
}

/** A change of whole folders that is in progress. */
interface FolderChange {
  readonly paths: readonly FilePath[];
  readonly ended: Promise<void>;
}

export class QuotaMeasuring {
  #walk: Walk | undefined;
  #failed: (quota: Quota, error: unknown) => void = () => {};
  readonly #queue = new Set<Quota>();
  /** Resolves when the quota has been measured. */
  readonly #waiters = new Map<Quota, PromiseWithResolvers<void>>();
  readonly #tallies = new Set<Tally>();
  /** Files that are changing, each with its end. */
  readonly #files = new Map<FilePath, PromiseWithResolvers<void>>();
  readonly #folders = new Set<FolderChange>();
  #working: Promise<void> | undefined;
  #closed = false;

  /** Measures from now on. @param failed told about a folder that cannot be measured; what is known of it stays */
  start(walk: Walk, failed: (quota: Quota, error: unknown) => void): void {
    this.#walk = walk;
    this.#failed = failed;
    this.#work();
  }

  /** Ends the running measurement, and resolves when it has. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#working;
    for (const quota of [...this.#waiters.keys()]) this.#done(quota);
  }

  /** Resolves when nothing is left to measure. */
  async idle(): Promise<void> {
    while (this.#working) await this.#working;
  }

  /** Has a quota measured, because its use is not known: new uploads wait for it. */
  request(quota: Quota): void {
    quota.measured = false;
    if (!this.#waiters.has(quota)) this.#waiters.set(quota, Promise.withResolvers());
    this.refresh(quota);
  }

  /** Has a quota measured again; until then, the use that is known counts. */
  refresh(quota: Quota): void {
    this.#queue.add(quota);
    this.#work();
  }

  /** Forgets a quota. */
  forget(quota: Quota): void {
    this.#queue.delete(quota);
    this.#done(quota);
  }

  /** Waits until these quotas are measured, `MAX_WAIT` at most: then what has been counted so far must do. */
  async measured(quotas: readonly Quota[]): Promise<void> {
    const waiting = quotas.flatMap((quota) => this.#waiters.get(quota)?.promise ?? []);
    if (waiting.length === 0 || !this.#walk) return;
    const late = Promise.withResolvers<void>();
    const timer = setTimeout(late.resolve, MAX_WAIT);
    await Promise.race([Promise.all(waiting), late.promise]);
    clearTimeout(timer);
  }

  /** A file is about to change, which no other change does at this time. `fileChanged` must follow. */
  fileChanging(path: FilePath): void {
    this.#files.set(path, Promise.withResolvers());
    for (const tally of this.#tallies) if (isWithin(path, tally.folder)) tally.begin(path);
  }

  /** @param sizes undefined when the file did not change */
  fileChanged(path: FilePath, sizes: Sizes | undefined): void {
    for (const tally of this.#tallies) if (isWithin(path, tally.folder)) tally.end(path, sizes);
    this.#files.get(path)?.resolve();
    this.#files.delete(path);
  }

  /** Runs a step that moves, removes or adds whole folders: counts that this may concern start again when it has ended. */
  async changeFolders<T>(paths: readonly FilePath[], step: () => Promise<T>): Promise<T> {
    const ended = Promise.withResolvers<void>();
    const change: FolderChange = { paths, ended: ended.promise };
    this.#folders.add(change);
    this.#disturb(paths);
    try {
      return await step();
    } finally {
      // A file that became visible just before may have been moved away with its folder, and is counted where it was.
      const changing = [...this.#files].filter(([file]) => paths.some((path) => isWithin(file, path)));
      await Promise.all(changing.map(([, change]) => change.promise));
      this.#disturb(paths);
      this.#folders.delete(change);
      ended.resolve();
    }
  }

  /**
   * Counts a folder, and runs `step`, during which files may still change.
   * @throws the error of the walk or the step
   */
  async count<T>(folder: FolderPath, step: (tally: Tally) => Promise<T>): Promise<T> {
    const tally = this.#begin(folder);
    try {
      if (this.#walk) await tally.run(this.#walk, () => false);
      else tally.disturbed = true;
      return await step(tally);
    } finally {
      this.#tallies.delete(tally);
    }
  }

  #begin(folder: FolderPath): Tally {
    const tally = new Tally(folder);
    for (const path of this.#files.keys()) if (isWithin(path, folder)) tally.begin(path);
    this.#tallies.add(tally);
    return tally;
  }

  #disturb(paths: readonly FilePath[]): void {
    for (const tally of this.#tallies) if (overlaps(paths, tally.folder)) tally.disturbed = true;
  }

  #work(): void {
    if (!this.#walk || this.#closed || this.#queue.size === 0) return;
    const walk = this.#walk;
    this.#working ??= this.#measureAll(walk).finally(() => {
      this.#working = undefined;
      this.#work();
    });
  }

  /** One after the other: concurrent walks on one disk are not faster. */
  async #measureAll(walk: Walk): Promise<void> {
    for (const quota of this.#queue) {
      for (let change = this.#changeIn(quota.path); change; change = this.#changeIn(quota.path))
        await change.ended;
      if (this.#closed) return;
      this.#queue.delete(quota);
      await this.#measure(quota, walk);
    }
  }

  async #measure(quota: Quota, walk: Walk): Promise<void> {
    const tally = this.#begin(quota.path);
    quota.tally = tally;
    try {
      await tally.run(walk, () => tally.disturbed || this.#closed);
      // Again, after the others.
      if (tally.disturbed) this.#queue.add(quota);
      else if (!this.#closed) quota.setMeasured(tally.bytes);
    } catch (error) {
      quota.keepKnown();
      this.#failed(quota, error);
    } finally {
      quota.tally = undefined;
      this.#tallies.delete(tally);
      if (quota.measured) this.#done(quota);
    }
  }

  #changeIn(folder: FolderPath): FolderChange | undefined {
    return [...this.#folders].find(({ paths }) => overlaps(paths, folder));
  }

  #done(quota: Quota): void {
    this.#waiters.get(quota)?.resolve();
    this.#waiters.delete(quota);
  }
}

/** Whether one of the paths is in the folder, or the folder in one of them. */
function overlaps(paths: readonly FilePath[], folder: FolderPath): boolean {
  return paths.some((path) => isWithin(path, folder) || isWithin(folder, path));
}
