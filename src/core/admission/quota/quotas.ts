// The quotas of all folders: what is reserved and used in them, and which of them a path counts towards.

import type { Conflict } from "../../../config/config.ts";
import { Problem } from "../../../errors.ts";
import { type FilePath, type FolderPath, isWithin, parentOf, ROOT } from "../../../path.ts";
import type { Storage } from "../../../storage/storage.ts";
import { assertFits, Claim, type Wanted } from "./claim.ts";
import { QuotaMeasuring, type Sizes } from "./measuring.ts";
import { Quota, type QuotaReport, type QuotaRule, tightest } from "./quota.ts";
import type { Walk } from "./tally.ts";

/** Milliseconds after which a quota is measured again before it refuses something, because other programs change files too. */
const MAX_AGE = 60_000;

const NONE: readonly Quota[] = [];

/** See `core/naming/path-locks.ts`. */
export interface FileLocks {
  withLocks<T>(paths: readonly FilePath[], step: () => Promise<T>): Promise<T>;
}

export class Quotas {
  readonly #all = new Map<string, Quota>();
  readonly #claims = new Set<Claim>();
  readonly measuring = new QuotaMeasuring();

  /** @param locks serialize the changes of each file, because a file is visible before it is counted; no others may be acquired in them */
  constructor(
    readonly storage: Pick<Storage, "find">,
    readonly locks: FileLocks,
  ) {}

  /** Replaces all quotas. A new one is measured in the background; claims of running uploads count towards it at once. */
  set(rules: readonly QuotaRule[]): void {
    const before = new Map(this.#all);
    this.#all.clear();
    for (const { path, bytes } of rules) {
      const quota = before.get(path) ?? new Quota(path, bytes);
      quota.bytes = bytes;
      this.#all.set(path, quota);
    }
    for (const claim of this.#claims) claim.moveTo(this.#towards(claim.wanted));
    for (const [path, quota] of before) if (!this.#all.has(path)) this.measuring.forget(quota);
    for (const [path, quota] of this.#all) if (!before.has(path)) this.measuring.request(quota);
  }

  /**
   * Measures the quotas from now on, until `close`.
   * @param failed told about a folder that cannot be measured
   */
  start(walk: Walk, failed: (folder: FolderPath, error: unknown) => void): void {
    this.measuring.start(walk, ({ path }, error) => failed(path, error));
  }

  async close(): Promise<void> {
    await this.measuring.close();
  }

  /** Whether no folder has a quota. */
  get none(): boolean {
    return this.#all.size === 0;
  }

  /** Number of uploads, copies and moves that have reserved bytes, or would have if there were a quota. */
  get claims(): number {
    return this.#claims.size;
  }

  /** The quotas that a file counts towards, or a folder, which may have one itself. */
  above(path: FilePath, kind: "file" | "folder" = "file"): readonly Quota[] {
    return this.#from(kind === "folder" ? path : parentOf(path));
  }

  /** The quotas of folders below a path. */
  below(path: FilePath): readonly Quota[] {
    if (this.none) return NONE;
    return [...this.#all.values()].filter((quota) => quota.path.startsWith(`${path}/`));
  }

  /** The quota above a folder, or its own, with the fewest bytes left; null when there is none. */
  report(folder: FolderPath): QuotaReport | null {
    return tightest(this.#from(folder))?.report() ?? null;
  }

  /**
   * Has the quota of a folder measured again if its files were found to have another number of bytes. Does nothing for a
   * folder without a quota of its own.
   */
  compare(folder: FolderPath, bytes: number): void {
    const quota = this.#all.get(folder);
    if (quota && quota.used !== bytes) this.measuring.refresh(quota);
  }

  /**
   * Reserves bytes in all quotas above a path; the caller must release the claim.
   * @throws Problem quota_exceeded
   */
  async claim(wanted: Wanted): Promise<Claim> {
    const quotas = this.#towards(wanted);
    if (quotas.length === 0) return this.claimAnyway(wanted);
    await this.measuring.measured(quotas);
    try {
      return this.claimNow(wanted);
    } catch (error) {
      await this.#measureOld(quotas, error);
      return this.claimNow(wanted);
    }
  }

  /** Like `claim`, without waiting for a measurement. @throws Problem quota_exceeded */
  claimNow(wanted: Wanted): Claim {
    assertFits(this.#towards(wanted), wanted);
    return this.claimAnyway(wanted);
  }

  /** Reserves bytes, whether they fit or not, for an upload that was admitted earlier; the caller must release the claim. */
  claimAnyway(wanted: Wanted): Claim {
    const claim = new Claim(wanted, this.#towards(wanted), (released) => this.#claims.delete(released));
    this.#claims.add(claim);
    return claim;
  }

  /**
   * Runs a step that changes files, whose locks the caller holds. The step calls `changed` as soon as one has changed.
   * @throws the error of the step
   */
  async changeFiles<T>(
    paths: readonly FilePath[],
    step: (changed: (path: FilePath, sizes: Sizes) => void) => Promise<T>,
  ): Promise<T> {
    const done = new Set<FilePath>();
    for (const path of paths) this.measuring.fileChanging(path);
    try {
      return await step((path, sizes) => {
        done.add(path);
        this.measuring.fileChanged(path, sizes);
        this.add(this.above(path), sizes.after - sizes.before);
      });
    } catch (error) {
      // A failure may have come after the change, such as one to sync the folder.
      if (!isRefusal(error)) this.doubt(paths.flatMap((path) => this.above(path)));
      throw error;
    } finally {
      for (const path of paths) if (!done.has(path)) this.measuring.fileChanged(path, undefined);
    }
  }

  /** Counts bytes that were added, or removed if negative. */
  add(quotas: readonly Quota[], bytes: number): void {
    // More bytes were removed than were known: another program has added some.
    for (const quota of quotas) if (!quota.add(bytes)) this.measuring.refresh(quota);
  }

  /** Has quotas measured again whose use is not known any more. */
  doubt(quotas: readonly Quota[]): void {
    for (const quota of quotas) if (this.#all.get(quota.path) === quota) this.measuring.request(quota);
  }

  /** Has all quotas measured again that a change of these folders concerns, when files that are changing in them are counted. */
  async recount(paths: readonly FilePath[]): Promise<void> {
    await this.measuring.changeFolders(paths, async () => {
      for (const path of paths) this.doubt([...this.above(path, "folder"), ...this.below(path)]);
    });
  }

  /** Bytes of a file; 0 when there is none. @throws Problem */
  async sizeOf(path: FilePath): Promise<number> {
    const entry = await this.storage.find(path);
    return entry?.kind === "file" ? entry.size : 0;
  }

  /** Bytes that replacing the file under a path gives back to its quotas. @throws Problem */
  async replacedBy(path: FilePath, conflict: Conflict): Promise<number> {
    return conflict === "replace" && this.above(path).length > 0 ? await this.sizeOf(path) : 0;
  }

  /** The quotas of a folder and of those above it, the nearest first. */
  #from(folder: string): readonly Quota[] {
    if (this.none) return NONE;
    const found: Quota[] = [];
    for (let at = folder; ; at = parentOf(at)) {
      const quota = this.#all.get(at);
      if (quota) found.push(quota);
      if (at === ROOT) return found;
    }
  }

  /** The quotas that a claim must fit into. For a folder that arrives, these include the quotas of folders in it, because it is not known which of them its bytes are in. */
  #towards({ path, kind, from }: Wanted): readonly Quota[] {
    const above = this.above(path, kind);
    const quotas = kind === "folder" ? [...above, ...this.below(path)] : above;
    return from === undefined ? quotas : quotas.filter((quota) => !isWithin(from, quota.path));
  }

  /** Measures quotas that were not measured lately. @throws the problem when there is none */
  async #measureOld(quotas: readonly Quota[], problem: unknown): Promise<void> {
    const old = quotas.filter(({ measuredAt }) => performance.now() - measuredAt > MAX_AGE);
    if (old.length === 0) throw problem;
    this.doubt(old);
    await this.measuring.measured(old);
  }
}

/** Whether a storage refused a change before it made it. */
export function isRefusal(error: unknown): boolean {
  return error instanceof Problem && error.status < 500;
}
