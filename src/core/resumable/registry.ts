// Registry of resumable uploads: creates them, restores them after a restart, and expires abandoned ones.

import type { Config } from "../../config/config.ts";
import { Problem } from "../../errors.ts";
import { uploadNotFound } from "../../storage/problems.ts";
import { isUploadId, newUploadId, type UploadId } from "../../storage/upload-id.ts";
import { type ActiveUpload, ALL_UPLOADS } from "../report/active-uploads.ts";
import type { Uploader } from "../upload/uploader.ts";
import { concatenate } from "./concat.ts";
import { restoreSessions } from "./restore.ts";
import { UploadSession } from "./session.ts";
import { claimAgain, wantedBy } from "./session-claim.ts";
import { newUploadState, type SessionOptions } from "./state/creation.ts";
import { suspendedReport, type UploadState } from "./state/record.ts";
import { WaitingFinals } from "./waiting-finals.ts";
import { SizedUploads, stateSize, WaitingLimits } from "./waiting-limits.ts";

/** Milliseconds between two sweeps, at most. */
const SWEEP_INTERVAL = 30_000;
/** Uploads that one sweep expires or flushes, at most. */
const SWEEP_BATCH = 200;
/** Sessions flushed concurrently on close: enough to keep the thread pool busy. */
const FLUSH_BATCH = 32;
/** Uploads in a list, at most. */
const MAX_LISTED = 1000;

export type SessionLimits = Pick<Config, "uploadExpiry" | "maxWaiting">;

export class UploadRegistry {
  readonly #all = new Map<UploadId, UploadSession>();
  /** Sessions without bytes of their own, oldest first. */
  readonly #settled = new SizedUploads();
  readonly #observer = {
    settled: (upload: UploadSession): void => this.#addSettled(upload),
    partCompleted: (part: UploadSession): void => this.finals.partCompleted(part),
  };
  /** Finals that are concatenated as soon as their parts are complete. */
  readonly finals = new WaitingFinals((id) => this.#all.get(id));
  readonly #waiting: WaitingLimits;
  /** Why the sessions of earlier runs are not known yet. */
  unread: Problem | undefined;
  #timer: ReturnType<typeof setInterval> | undefined;
  #sweeping: Promise<void> | undefined;
  #closing: Promise<void> | undefined;

  constructor(
    readonly uploader: Uploader,
    readonly limits: SessionLimits,
  ) {
    this.#waiting = new WaitingLimits(limits.maxWaiting);
  }

  /** Restores the sessions of earlier runs and starts sweeping periodically, until `close`. @throws Problem */
  static async open(uploader: Uploader, limits: SessionLimits): Promise<UploadRegistry> {
    const uploads = new UploadRegistry(uploader, limits);
    await uploads.load();
    uploads.#timer = setInterval(() => uploads.sweep(), Math.min(SWEEP_INTERVAL, limits.uploadExpiry * 500));
    uploads.#timer.unref();
    return uploads;
  }

  /** Stops sweeping, waits for a running sweep, and flushes unsaved state. Never throws. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    clearInterval(this.#timer);
    await this.#sweeping;
    await this.finals.close();
    const all = [...this.#all.values()];
    for (let at = 0; at < all.length; at += FLUSH_BATCH)
      await Promise.all(all.slice(at, at + FLUSH_BATCH).map(flush));
  }

  /** Uploads that wait or may have to wait for another request; `--max-waiting` limits them. */
  get unfinished(): number {
    return this.#waiting.count;
  }

  /**
   * Creates an empty upload. Once the promise resolves, the upload survives a power cut. If there is no room, the oldest
   * upload without a byte is deleted for it.
   * @throws Problem too_many_waiting, and those of `Uploader.check`
   */
  async create(options: SessionOptions): Promise<UploadSession> {
    if (this.unread) throw this.unread;
    const { path, conflict, may, size, name } = options;
    const { uploader } = this;
    const id = newUploadId();
    const concat = this.finals.resolve(options);
    const defaults = { conditions: {}, digests: [], wantedDigest: null, networkSeconds: () => 0 };
    const state = newUploadState(id, options, concat, uploader.storage);
    const upload = this.#open(state, 0);
    // A final of complete parts is concatenated at once. Refusing it would leave its parts counted towards the limit.
    const waits = !options.oneShot && !(concat?.kind === "final" && this.finals.isReady(upload));
    await this.#admit(upload, waits);
    try {
      upload.claim.allowance = options.allow?.();
      const request = { path, conflict, may, size: size ?? undefined, id: name, ...defaults };
      upload.claim.hold(await uploader.check(request, wantedBy(upload, this.finals.partsOf(upload))));
      const partial = await uploader.storage.begin(path, id);
      try {
        await upload.checkpoint.save();
      } finally {
        await partial.suspend();
      }
      if (waits) this.#waiting.allowEviction(upload);
      return upload;
    } catch (error) {
      // The client never received its URL, so the upload can be deleted.
      this.#remove(upload);
      await upload.delete();
      throw error;
    }
  }

  /** @throws Problem not_found, upload_gone; storage_read_only while the uploads of earlier runs are not known */
  async find(id: string): Promise<UploadSession> {
    const upload = isUploadId(id) ? this.#all.get(id) : undefined;
    // After `not_found`, a client starts the upload again.
    if (!upload) throw this.unread ?? uploadNotFound();
    if (!this.#expired(upload)) return upload;
    await this.#forget(upload);
    throw new Problem(
      "upload_gone",
      "This upload had no activity for longer than --upload-expiry allows, or for an hour without a byte. Start a new upload.",
    );
  }

  /** Aborts the running request and brings the state up to date, as HEAD needs it. @throws Problem upload_gone, … */
  async refresh(id: string): Promise<UploadSession> {
    const upload = await this.find(id);
    upload.activity.touch();
    if (upload.record.concat?.kind === "final") await this.assemble(upload);
    else await upload.withLock();
    // A client sends no more bytes to a complete upload, so one whose file is missing must not be reported as complete.
    if (await this.#fileExists(upload)) return upload;
    await this.#forget(upload);
    throw new Problem(
      "upload_gone",
      "The file of this upload was removed, moved or replaced. Start a new upload.",
    );
  }

  /** Cancels an upload; a file published from it is not deleted. @throws Problem */
  async remove(id: string): Promise<void> {
    await this.#forget(await this.find(id));
  }

  /** Ends unfinished uploads with this name; later requests to them get upload_cancelled. @returns how many. @throws Problem */
  async cancel(name: string, may = ALL_UPLOADS): Promise<number> {
    const named = [...this.#all.values()].filter(
      ({ record, settled }) => record.name === name && !settled && may(record.path, record),
    );
    const ended = await Promise.all(named.map((upload) => upload.cancel()));
    return ended.filter(Boolean).length;
  }

  /** Concatenates a final upload if all its parts are complete. @throws Problem */
  assemble(upload: UploadSession): Promise<void> {
    return concatenate(upload, (id) => this.#all.get(id));
  }

  /** Suspended uploads that `sees` selects, newest first; at most `MAX_LISTED`. */
  reports(sees = ALL_UPLOADS): ActiveUpload[] {
    const waiting = [...this.#all.values()].filter(
      ({ record, settled, lock }) => !settled && !lock.busy && sees(record.path, record),
    );
    return waiting.reverse().slice(0, MAX_LISTED).map(suspendedReport);
  }

  /** Expires some abandoned sessions and flushes some unsaved ones. Never throws. */
  sweep(): void {
    this.finals.retry();
    this.#sweeping ??= this.#sweep().finally(() => {
      this.#sweeping = undefined;
    });
  }

  async #sweep(): Promise<void> {
    let remaining = SWEEP_BATCH;
    for (const upload of [...this.#all.values()]) {
      if (this.#expired(upload))
        await this.#forget(upload).catch(() => {
          // The storage failed: the next sweep tries again.
          this.#add(upload, !upload.settled);
        });
      else if (upload.needsFlush) await flush(upload);
      else continue;
      remaining -= 1;
      if (remaining === 0) return;
    }
  }

  /** False when the upload was published but its file has since been removed, moved or replaced. */
  async #fileExists({ record: { finished } }: UploadSession): Promise<boolean> {
    if (finished === null) return true;
    const entry = await this.uploader.storage.find(finished.file.path);
    return entry?.kind === "file" && entry.etag === finished.file.etag;
  }

  #expired(upload: UploadSession): boolean {
    const past = ({ activity, lock }: UploadSession): boolean => activity.expired && !lock.busy;
    return past(upload) && (upload.settled || this.finals.related(upload).every(past));
  }

  /** Adds a new upload, evicting the oldest ones without a byte while limits are exceeded. @throws Problem too_many_waiting */
  async #admit(upload: UploadSession, waits: boolean): Promise<void> {
    for (;;) {
      const shortage = waits ? this.#waiting.shortage(upload) : null;
      // No await between the check and this: another request could be admitted in between.
      if (shortage === null) return this.#add(upload, waits);
      const empty = this.#waiting.evictable(shortage.client, (other) => this.finals.isNeeded(other));
      if (!empty) throw shortage.problem;
      await this.#forget(empty);
    }
  }

  #open(record: UploadState, length: number): UploadSession {
    return new UploadSession(this.uploader, record, length, this.limits.uploadExpiry, this.#observer);
  }

  #add(upload: UploadSession, waits: boolean): void {
    this.#all.set(upload.record.id, upload);
    this.finals.add(upload);
    if (waits) this.#waiting.add(upload);
  }

  #remove(upload: UploadSession): void {
    upload.claim.end();
    this.#all.delete(upload.record.id);
    this.#settled.delete(upload);
    this.#waiting.delete(upload);
    this.finals.delete(upload);
  }

  /** Remembers a settled session for clients that query it again, and forgets the oldest when there are too many. */
  #addSettled(upload: UploadSession): void {
    upload.claim.end();
    this.finals.delete(upload);
    this.#waiting.delete(upload);
    if (!this.#all.has(upload.record.id)) return;
    this.#settled.add(upload, stateSize(upload));
    const { maxWaiting, maxBytes } = this.#waiting;
    while (this.#settled.count > maxWaiting || this.#settled.bytes > maxBytes) {
      const { oldest } = this.#settled;
      if (!oldest || oldest.lock.busy) return;
      void this.#forget(oldest).catch(() => {});
    }
  }

  async #forget(upload: UploadSession): Promise<void> {
    this.#remove(upload);
    await upload.delete();
    if (!upload.settled) upload.ended("forgotten");
  }

  /** Restores the sessions of earlier runs that are not known yet; tells by `unread` to be called again. @throws Problem */
  async load(): Promise<void> {
    try {
      await this.#load();
      this.unread = undefined;
    } catch (error) {
      if (!(error instanceof Problem) || error.code !== "storage_read_only") throw error;
      this.unread = error;
    }
  }

  async #load(): Promise<void> {
    const restored = await restoreSessions(
      this.uploader.storage,
      (id) => this.#all.has(id),
      (record, length) => this.#open(record, length),
    );
    for (const upload of restored) {
      await claimAgain(this.uploader.quotas, upload, this.finals.partsOf(upload));
      this.#add(upload, !upload.settled);
      if (upload.settled) this.#addSettled(upload);
      else this.#waiting.allowEviction(upload);
    }
    const unpublished = restored.filter(
      ({ record, length }) => record.publishing !== null || (record.endsByLength && record.size === length),
    );
    for (const upload of unpublished) {
      await upload.withLock().catch(() => {
        // The client gets the error with its next request.
      });
      // Saved before this start: no request of this run is to be logged for it.
      upload.takeUnreported();
    }
  }
}

/** Flushes a session. Never throws: the older metadata stays valid and only states fewer durable bytes. */
async function flush(upload: UploadSession): Promise<void> {
  await upload.checkpoint.written();
  if (upload.needsFlush) await upload.flush().catch(() => {});
}
