// All uploads that can wait: makes them, finds them again after a restart, forgets those nobody comes back for.

import type { Config, Conflict } from "../../config/config.ts";
import { Problem } from "../../errors.ts";
import { type Digest, type DigestAlgorithm, formatDigest } from "../../http/digest.ts";
import type { FilePath } from "../../path.ts";
import { isUploadId, newUploadId, type UploadId } from "../../storage/upload-id.ts";
import { type RunningUpload, reportOfWaiting } from "../report/active-uploads.ts";
import { UNMEASURED } from "../report/flow-report.ts";
import type { Engine } from "../upload/uploader.ts";
import { assemble } from "./concat.ts";
import { type Concatenation, readRecord } from "./record.ts";
import { Waiting } from "./session.ts";

/** Milliseconds between two looks for what has expired, at most. */
const SWEEP = 30_000;
/** Uploads that one look forgets, or writes down. */
const AT_ONCE = 200;
/** Notes written side by side at the end: enough to keep the thread pool busy. */
const TOGETHER = 32;
/** Most uploads in a list. */
const LISTED = 1000;

/** What an upload is made as. */
export interface Creation {
  path: FilePath;
  conflict: Conflict;
  size: number | null;
  /** Whether it is complete when `size` is reached. */
  endsByLength: boolean;
  /** `""` for none. */
  metadata: string;
  /** Of the whole file, compared when it is complete. */
  digests: readonly Digest[];
  /** The one to be told then. */
  wanted: DigestAlgorithm | null;
  /** What it is called in lists. */
  name: string;
  concat:
    | { kind: "partial" }
    | { kind: "final"; urls: readonly string[]; ids: readonly (string | null)[] }
    | null;
}

export type WaitingLimits = Pick<Config, "uploadExpiry" | "maxWaiting">;

export class Uploads {
  readonly #all = new Map<UploadId, Waiting>();
  /** Those that are only remembered, the oldest first. */
  readonly #settled = new Set<Waiting>();
  #timer: ReturnType<typeof setInterval> | undefined;
  #sweeping: Promise<void> | undefined;
  #closing: Promise<void> | undefined;

  constructor(
    readonly engine: Engine,
    readonly limits: WaitingLimits,
  ) {}

  /** Finds what waits since before, and looks for what has expired from now on, until `close`. @throws Problem */
  static async open(engine: Engine, limits: WaitingLimits): Promise<Uploads> {
    const uploads = new Uploads(engine, limits);
    await uploads.#load();
    uploads.#timer = setInterval(() => uploads.sweep(), Math.min(SWEEP, limits.uploadExpiry * 500));
    uploads.#timer.unref();
    return uploads;
  }

  /** Waits for a look that is under way; there is no other. What no note says yet is written down. Never throws. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    clearInterval(this.#timer);
    await this.#sweeping;
    const all = [...this.#all.values()];
    for (let at = 0; at < all.length; at += TOGETHER)
      await Promise.all(all.slice(at, at + TOGETHER).map(rest));
  }

  /** How many have bytes of their own. */
  get waiting(): number {
    return this.#all.size - this.#settled.size;
  }

  /**
   * Makes an upload that nothing was sent of yet. It survives a power cut when the promise resolves.
   * @throws Problem too_many_waiting, and what the engine says before a byte was sent
   */
  async create(creation: Creation): Promise<Waiting> {
    const { path, conflict, size, endsByLength, metadata, name, wanted } = creation;
    const { engine, limits } = this;
    if (this.waiting >= limits.maxWaiting) throw tooMany(limits.maxWaiting);
    const id = newUploadId();
    const concat = this.#concatenation(creation.concat);
    const nothing = { conditions: {}, digests: [], wanted: null, network: () => 0 };
    const upload = this.#hold(
      new Waiting(
        engine,
        {
          version: 2,
          id,
          name,
          path,
          conflict,
          size,
          endsByLength,
          metadata,
          digests: creation.digests.map((digest) => formatDigest(digest.algorithm, digest.value)).join(", "),
          wanted,
          created: Date.now(),
          concat,
          unverified: null,
          mark: { boot: engine.storage.boot, length: 0 },
          measured: UNMEASURED,
          publishing: null,
          finished: null,
          spoiled: null,
        },
        0,
        limits.uploadExpiry,
        (waiting) => this.#done(waiting),
      ),
    );
    try {
      await engine.check({ path, conflict, size: size ?? undefined, id: name, ...nothing });
      const kept = await engine.storage.begin(path, id);
      try {
        await upload.journal.save();
      } finally {
        await kept.pause();
      }
      return upload;
    } catch (error) {
      // Nobody has heard of it.
      this.#all.delete(id);
      await upload.forget();
      throw error;
    }
  }

  /** @throws Problem not_found, upload_gone */
  async find(id: string): Promise<Waiting> {
    const upload = isUploadId(id) ? this.#all.get(id) : undefined;
    if (!upload) throw new Problem("not_found", "There is no such upload.");
    if (!this.#expired(upload)) return upload;
    await this.#forget(upload);
    throw new Problem("upload_gone", "Nothing came for longer than --upload-expiry: start a new upload.");
  }

  /** Brings an upload up to date, as HEAD does: what runs on it has ended then. @throws Problem upload_gone, … */
  async look(id: string): Promise<Waiting> {
    const upload = await this.find(id);
    upload.touch();
    if (upload.record.concat?.kind === "final") await this.assemble(upload);
    else await upload.look();
    // A client that is told "complete" sends nothing: so it is not told so of a file that is not there.
    if (await this.#hasFile(upload)) return upload;
    await this.#forget(upload);
    throw new Problem("upload_gone", "Its file was removed, moved or replaced: start a new upload.");
  }

  /** Cancels an upload; a file made of it stays. @throws Problem */
  async remove(id: string): Promise<void> {
    await this.#forget(await this.find(id));
  }

  /** Makes a final upload a file, if all its parts are complete. @throws Problem */
  async assemble(upload: Waiting): Promise<void> {
    await assemble(upload, (id) => this.#all.get(id));
  }

  /** What waits and does not arrive now, the newest first, and not more than a page can show. */
  reports(): RunningUpload[] {
    const reports: RunningUpload[] = [];
    for (const upload of [...this.#all.values()].reverse()) {
      if (upload.settled || upload.turns.busy) continue;
      reports.push(reportOfWaiting(upload));
      if (reports.length === LISTED) break;
    }
    return reports;
  }

  /** Forgets some of what has expired, and writes down some of what no note says. Never throws. */
  sweep(): void {
    this.#sweeping ??= this.#sweep().finally(() => {
      this.#sweeping = undefined;
    });
  }

  async #sweep(): Promise<void> {
    let left = AT_ONCE;
    for (const upload of [...this.#all.values()]) {
      if (this.#expired(upload))
        await this.#forget(upload).catch(() => {
          // The storage fails: it is tried again with the next look.
          this.#hold(upload);
        });
      else if (upload.resting) await rest(upload);
      else continue;
      left -= 1;
      if (left === 0) return;
    }
  }

  /** False when the file it became is not there any more, or is another. */
  async #hasFile({ record: { finished } }: Waiting): Promise<boolean> {
    if (finished === null) return true;
    const entry = await this.engine.storage.find(finished.file.path);
    return entry?.kind === "file" && entry.etag === finished.file.etag;
  }

  #expired(upload: Waiting): boolean {
    return upload.expires <= Date.now() && !upload.turns.busy;
  }

  #concatenation(concat: Creation["concat"]): Concatenation | null {
    if (concat === null) return null;
    if (concat.kind === "partial") return { kind: "partial", used: false };
    const parts = concat.ids.map((id) => {
      const part = id !== null && isUploadId(id) ? this.#all.get(id) : undefined;
      if (part?.record.concat?.kind === "partial" && !part.record.concat.used) return part.record.id;
      throw new Problem("invalid_request", "Upload-Concat names an upload that is no part, or is gone.");
    });
    return { kind: "final", urls: concat.urls, parts };
  }

  #hold(upload: Waiting): Waiting {
    this.#all.set(upload.record.id, upload);
    return upload;
  }

  /** It is only remembered for clients that ask again: the oldest goes when there are too many. */
  #done(upload: Waiting): void {
    if (!this.#all.has(upload.record.id)) return;
    this.#settled.add(upload);
    if (this.#settled.size <= this.limits.maxWaiting) return;
    const [oldest] = this.#settled;
    if (oldest && !oldest.turns.busy) void this.#forget(oldest).catch(() => {});
  }

  async #forget(upload: Waiting): Promise<void> {
    this.#all.delete(upload.record.id);
    this.#settled.delete(upload);
    await upload.forget();
    if (!upload.settled) upload.ended("forgotten");
  }

  async #load(): Promise<void> {
    const { storage } = this.engine;
    const begun: Waiting[] = [];
    for await (const { id, text, length, changed } of storage.notes()) {
      const record = readRecord(id, text);
      // A newer version may know what it is.
      if (record === null) continue;
      const upload = new Waiting(this.engine, record, length, this.limits.uploadExpiry, (waiting) =>
        this.#done(waiting),
      );
      upload.touch(changed.getTime());
      this.#hold(upload);
      if (upload.settled) this.#done(upload);
      // A crash may have come between the note that says so and this.
      if (upload.settled && length > 0) await storage.settle(id);
      if (record.publishing !== null || (record.endsByLength && record.size === upload.length))
        begun.push(upload);
    }
    for (const upload of begun)
      await upload.look().catch(() => {
        // Its client hears why when it comes back.
      });
  }
}

/** Never throws: the note there is holds as well, with less. */
async function rest(upload: Waiting): Promise<void> {
  await upload.journal.written();
  if (upload.resting) await upload.rest().catch(() => {});
}

function tooMany(limit: number): Problem {
  return new Problem(
    "too_many_waiting",
    `${limit} uploads wait to be resumed, as many as --max-waiting allows. Try again later.`,
    { headers: { "retry-after": "60" } },
  );
}
