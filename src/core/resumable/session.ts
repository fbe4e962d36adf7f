// One resumable upload: its state, the lock that serializes its requests, and its publication once it is complete.

import { Problem } from "../../errors.ts";
import { type DigestAlgorithm, formatDigest } from "../../http/digest.ts";
import { uploadNotFound } from "../../storage/problems.ts";
import type { PartialUpload } from "../../storage/storage.ts";
import { tooLarge } from "../admission/free-space.ts";
import { uploadCancelled } from "../report/active-uploads.ts";
import type { SavedFile, SaveResult } from "../upload/saved-file.ts";
import type { Upload } from "../upload/upload.ts";
import type { UploadRequest } from "../upload/upload-request.ts";
import type { Uploader } from "../upload/uploader.ts";
import { SessionClaim } from "./session-claim.ts";
import { SessionWriter } from "./session-writer.ts";
import { Activity } from "./state/activity.ts";
import { Checkpoint } from "./state/checkpoint.ts";
import {
  endedReport,
  type FailureReason,
  recoveredFile,
  type UploadState,
  uploadFailed,
} from "./state/record.ts";
import { TakeoverLock } from "./takeover-lock.ts";
import { UploadDigest } from "./whole-digest.ts";

/** A session whose bytes are open for one request. */
export interface OpenSession {
  writer: SessionWriter;
  upload: Upload;
}

/** `settled`: the session has no bytes of its own any more. `partCompleted`: all bytes of a tus part have arrived. */
export type SessionObserver = Record<"settled" | "partCompleted", (upload: UploadSession) => void>;

export class UploadSession {
  readonly lock = new TakeoverLock();
  readonly checkpoint: Checkpoint;
  readonly activity: Activity;
  /** Its bytes in the quotas, and in the budget of a drop. */
  readonly claim: SessionClaim;
  #digest: UploadDigest | undefined;
  #length: number;
  #deleted = false;
  /** Set while the published file is not in the log yet. */
  #unreported: SavedFile | undefined;

  /**
   * @param length bytes stored so far
   * @param lifetime seconds without activity after which it expires
   */
  constructor(
    readonly uploader: Uploader,
    readonly record: UploadState,
    length: number,
    lifetime: number,
    readonly observer: SessionObserver,
  ) {
    this.claim = new SessionClaim(record.path);
    this.checkpoint = new Checkpoint(uploader.storage, record);
    this.#length = this.checkpoint.reliableLength(length);
    const empty = (): boolean => this.#length === 0 && !this.settled;
    this.activity = new Activity(uploader.storage, record, lifetime, empty);
  }

  /** The current offset: bytes stored so far. */
  get length(): number {
    return this.record.finished?.file.size ?? (this.#concatenated ? (this.record.size ?? 0) : this.#length);
  }

  /** Whether its bytes belong to a published file that was concatenated from parts. */
  get #concatenated(): boolean {
    return this.record.concat?.kind === "partial" && this.record.concat.used;
  }

  /** True when no more bytes can be appended. */
  get complete(): boolean {
    if (this.record.concat?.kind === "partial") return this.length === this.record.size;
    return this.record.finished !== null;
  }

  /** True once it has no bytes of its own: published, concatenated, or failed. */
  get settled(): boolean {
    return this.record.finished !== null || this.#concatenated || this.record.spoiled !== null;
  }

  /** Digests of the whole upload, updated by each request. */
  get digest(): UploadDigest {
    this.#digest ??= new UploadDigest(this.record.digests, this.record.wanted);
    return this.#digest;
  }

  /** The published file, for the first caller since it was published: it is logged once. */
  takeUnreported(): SavedFile | undefined {
    const file = this.#unreported;
    this.#unreported = undefined;
    return file;
  }

  /**
   * Aborts the running append, waits until it has ended, and runs `step` unless the upload has been published by then.
   * @throws Problem upload_gone, …, also when an upload that a crash left complete cannot be published
   */
  async withLock(step?: () => Promise<void>): Promise<void> {
    await this.acquire(async () => {
      await this.recover();
      if (this.record.finished === null) await step?.();
    });
  }

  /** Publishes an upload that was complete but unpublished when the server crashed or an error occurred. @throws Problem */
  async recover(): Promise<void> {
    const { record, uploader } = this;
    if (record.finished || record.concat?.kind === "partial") return;
    if (record.publishing && (await uploader.storage.published(record.id, record.publishing))) {
      const entry = await uploader.storage.find(record.publishing);
      if (entry?.kind !== "file") return;
      await this.#markFinished({ file: recoveredFile(record, entry), replaced: false, digest: null });
    } else if (
      record.concat === null &&
      this.#length === record.size &&
      (record.endsByLength || record.publishing)
    ) {
      await this.finish(record.size);
    }
  }

  /**
   * Publishes the upload as a file.
   * @param size bytes of the file
   * @param fill called first, to append the missing bytes
   */
  async finish(size: number, fill?: (partial: PartialUpload) => Promise<void>): Promise<SaveResult> {
    if (size > this.uploader.limits.maxFileSize) throw tooLarge(this.uploader.limits.maxFileSize);
    const { writer, upload } = await this.open({ size, networkSeconds: () => 0 });
    try {
      await fill?.(writer.partial);
    } catch (error) {
      await this.#suspend({ writer, upload });
      throw error;
    }
    return await this.publish({ writer, upload });
  }

  /** Marks this partial upload as concatenated and deletes its own bytes. */
  async markConcatenated(): Promise<void> {
    await this.acquire(async () => {
      const { concat, id } = this.record;
      if (concat?.kind !== "partial" || concat.used) return;
      concat.used = true;
      this.observer.settled(this);
      await this.checkpoint.save();
      await this.uploader.storage.releaseData(id);
    });
  }

  /** Deletes the upload but not a published file. Later requests get `not_found`. @throws Problem */
  async delete(): Promise<void> {
    this.#deleted = true;
    await this.lock.acquire(async () => {
      await this.checkpoint.written();
      await this.uploader.storage.deletePartial(this.record.id);
    });
  }

  /** True when in-memory state is newer than the sidecar file and no request will flush it. */
  get needsFlush(): boolean {
    return this.checkpoint.stale && !this.settled && !this.#deleted && !this.lock.busy;
  }

  /** Syncs the bytes and writes the state to the sidecar file. @throws Problem */
  async flush(): Promise<void> {
    await this.acquire(async () => {
      // The last bytes may not be synced yet; suspending syncs them.
      const partial = await this.uploader.storage.resume(this.record.id);
      await partial?.suspend();
      await this.checkpoint.flush(Math.min(partial?.saved ?? 0, this.#length));
    });
  }

  /** Runs `step` once this request holds the lock. @throws Problem not_found; upload_gone when the upload has failed */
  async acquire<T>(step: (signal: AbortSignal) => Promise<T>): Promise<T> {
    return await this.lock.acquire(async (signal) => {
      if (this.#deleted) throw uploadNotFound();
      if (this.record.spoiled) throw uploadFailed(this.record.spoiled);
      return await step(signal);
    });
  }

  async setLength(size: number): Promise<void> {
    if (this.record.size !== null) return;
    this.claim.current.cover(size);
    this.record.size = size;
    await this.checkpoint.save();
  }

  requestDigest(algorithm: DigestAlgorithm): void {
    if (this.digest.wanted === null) this.#digest = new UploadDigest(this.record.digests, algorithm);
  }

  /**
   * Opens the stored bytes for appending, truncated to those that are known to be correct.
   * @throws Problem upload_gone, storage_full
   */
  async open(
    request: Pick<UploadRequest, "size" | "networkSeconds" | "capWait" | "checksumSeconds" | "end">,
  ): Promise<OpenSession> {
    const { uploader, record } = this;
    const { id, name, path, conflict, may, measured } = record;
    const partial = await uploader.storage.resume(id);
    if (!partial)
      throw new Problem("upload_gone", "The bytes of this upload no longer exist. Start a new upload.");
    const writer = new SessionWriter(partial, this.checkpoint);
    try {
      const length = this.#length;
      if (partial.length > length) await partial.truncate(length);
      if (partial.length < length) {
        this.#length = partial.length;
        throw new Problem(
          "storage_failed",
          "The disk lost bytes of this upload. Request the offset with HEAD and resume from there.",
        );
      }
      const resumed = { length, measured };
      const modified = record.modified === null ? null : new Date(record.modified);
      const target = { path, conflict, may, modified, conditions: {}, digests: [], wantedDigest: null };
      const whole = { ...request, ...target, id: name, madeBy: record, resumed };
      return { writer, upload: await uploader.resume(whole, writer, this.claim) };
    } catch (error) {
      await writer.suspendLazily().catch(() => {
        // The first error is the one to report.
      });
      throw error;
    }
  }

  setOffset(length: number): void {
    this.#length = length;
  }

  /** Publishes the complete upload. After an error its bytes are kept, so that a retry can publish it. @throws Problem */
  async publish({ writer, upload }: OpenSession): Promise<SaveResult> {
    try {
      await writer.waitForMetadata(this.checkpoint.written());
      const digest = await this.verify(writer.partial);
      this.record.measured = upload.timings();
      const result = { ...(await upload.finish()), digest };
      this.#length = writer.length;
      await this.#markFinished(result);
      return result;
    } catch (error) {
      await this.#suspend({ writer, upload });
      if (error instanceof Problem && error.code === "digest_mismatch") await this.markFailed("digest");
      throw error;
    }
  }

  /** Verifies the digests of all bytes. @returns the requested digest. @throws Problem digest_mismatch */
  async verify(partial: PartialUpload): Promise<SaveResult["digest"]> {
    return await this.digest.finish(partial, () => this.#deleted);
  }

  /** Records why the upload has failed for good, and deletes its bytes. @throws Problem */
  async markFailed(why: FailureReason): Promise<void> {
    this.record.spoiled = why;
    this.ended("failed", uploadFailed(why));
    this.observer.settled(this);
    await this.checkpoint.save();
    await this.uploader.storage.releaseData(this.record.id);
  }

  /** Ends the upload, and a running request, on behalf of an operator. @returns false when it was settled already. @throws Problem */
  async cancel(): Promise<boolean> {
    return await this.lock.acquire(async () => {
      if (this.settled || this.#deleted) return false;
      await this.markFailed("cancelled");
      return true;
    }, uploadCancelled());
  }

  /** Reports to subscribers that the upload ended without a file. */
  ended(outcome: "failed" | "forgotten", cause?: Problem): void {
    this.uploader.recentUploads.add(endedReport(this.record, this.#length, outcome, cause), this.record);
  }

  async #suspend({ writer, upload }: OpenSession): Promise<void> {
    this.record.measured = upload.timings();
    await upload.suspend();
    this.#length = writer.length;
  }

  async #markFinished({ file, replaced, digest }: SaveResult): Promise<void> {
    this.#unreported = file;
    this.record.finished = { file, replaced, digest: digest && formatDigest(digest.algorithm, digest.value) };
    this.activity.touch();
    this.observer.settled(this);
    await this.checkpoint.save();
    await this.uploader.storage.releaseData(this.record.id);
  }
}
