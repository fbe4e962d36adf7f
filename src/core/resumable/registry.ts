// All uploads that can wait: makes them, finds them again after a restart, forgets those nobody comes back for.

import type { Config, Conflict } from "../../config/config.ts";
import { Problem } from "../../errors.ts";
import { type Digest, type DigestAlgorithm, formatDigest } from "../../http/digest.ts";
import type { FilePath } from "../../path.ts";
import { isUploadId, newUploadId, type UploadId } from "../../storage/upload-id.ts";
import type { ActiveUpload } from "../report/active-uploads.ts";
import { NO_TIMINGS } from "../report/flow-report.ts";
import type { Uploader } from "../upload/uploader.ts";
import { concatenate } from "./concat.ts";
import { type Concatenation, parseUploadState, waitingReport } from "./record.ts";
import { UploadSession } from "./session.ts";

/** Milliseconds between two looks for what has expired, at most. */
const SWEEP = 30_000;
/** Uploads that one look forgets, or writes down. */
const AT_ONCE = 200;
/** Notes written side by side at the end: enough to keep the thread pool busy. */
const TOGETHER = 32;
/** Most uploads in a list. */
const LISTED = 1000;

/** What an upload is made as. */
export interface SessionOptions {
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

export type SessionLimits = Pick<Config, "uploadExpiry" | "maxWaiting">;

export class UploadRegistry {
  readonly #all = new Map<UploadId, UploadSession>();
  /** Those that are only remembered, the oldest first. */
  readonly #settled = new Set<UploadSession>();
  #timer: ReturnType<typeof setInterval> | undefined;
  #sweeping: Promise<void> | undefined;
  #closing: Promise<void> | undefined;

  constructor(
    readonly uploader: Uploader,
    readonly limits: SessionLimits,
  ) {}

  /** Finds what waits since before, and looks for what has expired from now on, until `close`. @throws Problem */
  static async open(uploader: Uploader, limits: SessionLimits): Promise<UploadRegistry> {
    const uploads = new UploadRegistry(uploader, limits);
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
   * @throws Problem too_many_waiting, and what the uploader says before a byte was sent
   */
  async create(creation: SessionOptions): Promise<UploadSession> {
    const { path, conflict, size, endsByLength, metadata, name, wanted } = creation;
    const { uploader, limits } = this;
    if (this.waiting >= limits.maxWaiting) throw tooMany(limits.maxWaiting);
    const id = newUploadId();
    const concat = this.#concatenation(creation.concat);
    const nothing = { conditions: {}, digests: [], wantedDigest: null, networkSeconds: () => 0 };
    const upload = this.#hold(
      new UploadSession(
        uploader,
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
          mark: { boot: uploader.storage.bootId, length: 0 },
          measured: NO_TIMINGS,
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
      await uploader.check({ path, conflict, size: size ?? undefined, id: name, ...nothing });
      const kept = await uploader.storage.begin(path, id);
      try {
        await upload.checkpoint.save();
      } finally {
        await kept.suspend();
      }
      return upload;
    } catch (error) {
      // Nobody has heard of it.
      this.#all.delete(id);
      await upload.delete();
      throw error;
    }
  }

  /** @throws Problem not_found, upload_gone */
  async find(id: string): Promise<UploadSession> {
    const upload = isUploadId(id) ? this.#all.get(id) : undefined;
    if (!upload) throw new Problem("not_found", "There is no such upload.");
    if (!this.#expired(upload)) return upload;
    await this.#forget(upload);
    throw new Problem("upload_gone", "Nothing came for longer than --upload-expiry: start a new upload.");
  }

  /** Brings an upload up to date, as HEAD does: what runs on it has ended then. @throws Problem upload_gone, … */
  async look(id: string): Promise<UploadSession> {
    const upload = await this.find(id);
    upload.touch();
    if (upload.record.concat?.kind === "final") await this.assemble(upload);
    else await upload.withLock();
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
  async assemble(upload: UploadSession): Promise<void> {
    await concatenate(upload, (id) => this.#all.get(id));
  }

  /** What waits and does not arrive now, the newest first, and not more than a page can show. */
  reports(): ActiveUpload[] {
    const reports: ActiveUpload[] = [];
    for (const upload of [...this.#all.values()].reverse()) {
      if (upload.settled || upload.lock.busy) continue;
      reports.push(waitingReport(upload));
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
      else if (upload.needsFlush) await rest(upload);
      else continue;
      left -= 1;
      if (left === 0) return;
    }
  }

  /** False when the file it became is not there any more, or is another. */
  async #hasFile({ record: { finished } }: UploadSession): Promise<boolean> {
    if (finished === null) return true;
    const entry = await this.uploader.storage.find(finished.file.path);
    return entry?.kind === "file" && entry.etag === finished.file.etag;
  }

  #expired(upload: UploadSession): boolean {
    return upload.expires <= Date.now() && !upload.lock.busy;
  }

  #concatenation(concat: SessionOptions["concat"]): Concatenation | null {
    if (concat === null) return null;
    if (concat.kind === "partial") return { kind: "partial", used: false };
    const parts = concat.ids.map((id) => {
      const part = id !== null && isUploadId(id) ? this.#all.get(id) : undefined;
      if (part?.record.concat?.kind === "partial" && !part.record.concat.used) return part.record.id;
      throw new Problem("invalid_request", "Upload-Concat names an upload that is no part, or is gone.");
    });
    return { kind: "final", urls: concat.urls, parts };
  }

  #hold(upload: UploadSession): UploadSession {
    this.#all.set(upload.record.id, upload);
    return upload;
  }

  /** It is only remembered for clients that ask again: the oldest goes when there are too many. */
  #done(upload: UploadSession): void {
    if (!this.#all.has(upload.record.id)) return;
    this.#settled.add(upload);
    if (this.#settled.size <= this.limits.maxWaiting) return;
    const [oldest] = this.#settled;
    if (oldest && !oldest.lock.busy) void this.#forget(oldest).catch(() => {});
  }

  async #forget(upload: UploadSession): Promise<void> {
    this.#all.delete(upload.record.id);
    this.#settled.delete(upload);
    await upload.delete();
    if (!upload.settled) upload.ended("forgotten");
  }

  async #load(): Promise<void> {
    const { storage } = this.uploader;
    const begun: UploadSession[] = [];
    for await (const { id, text, length, changed } of storage.partialUploads()) {
      const record = parseUploadState(id, text);
      // A newer version may know what it is.
      if (record === null) continue;
      const upload = new UploadSession(this.uploader, record, length, this.limits.uploadExpiry, (waiting) =>
        this.#done(waiting),
      );
      upload.touch(changed.getTime());
      this.#hold(upload);
      if (upload.settled) this.#done(upload);
      // A crash may have come between the note that says so and this.
      if (upload.settled && length > 0) await storage.releaseData(id);
      if (record.publishing !== null || (record.endsByLength && record.size === upload.length))
        begun.push(upload);
    }
    for (const upload of begun)
      await upload.withLock().catch(() => {
        // Its client hears why when it comes back.
      });
  }
}

/** Never throws: the note there is holds as well, with less. */
async function rest(upload: UploadSession): Promise<void> {
  await upload.checkpoint.written();
  if (upload.needsFlush) await upload.flush().catch(() => {});
}

function tooMany(limit: number): Problem {
  return new Problem(
    "too_many_waiting",
    `${limit} uploads wait to be resumed, as many as --max-waiting allows. Try again later.`,
    { headers: { "retry-after": "60" } },
  );
}
