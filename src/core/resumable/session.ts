// One upload that can wait: what it is, whose turn it is, and how it becomes a file when it is complete.

import { Problem } from "../../errors.ts";
import { formatDigest } from "../../http/digest.ts";
import type { FilePath } from "../../path.ts";
import type { PartialUpload } from "../../storage/storage.ts";
import { tooLarge } from "../admission/free-space.ts";
import { buildFlowReport } from "../report/flow-report.ts";
import { failureReason } from "../report/recent-uploads.ts";
import type { SaveResult, Upload } from "../upload/upload.ts";
import type { Uploader, UploadRequest } from "../upload/uploader.ts";
import { Append } from "./append.ts";
import { type AppendRequest, checkAppend } from "./append-request.ts";
import { Checkpoint } from "./checkpoint.ts";
import type { FailureReason, UploadState } from "./record.ts";
import { recoveredFile } from "./recovered.ts";
import { openSessionWriter, type SessionWriter } from "./session-writer.ts";
import { superseded, TakeoverLock } from "./takeover-lock.ts";
import { UploadDigest } from "./whole-digest.ts";

export class UploadSession {
  readonly lock = new TakeoverLock();
  readonly checkpoint: Checkpoint;
  /** Milliseconds since 1970. */
  expires = 0;
  #whole: UploadDigest | undefined;
  #length: number;
  #gone = false;

  /**
   * @param length bytes that lie there
   * @param lifetime seconds until it is forgotten in which nothing happens
   * @param onSettled called when its bytes are a file, or a part of one, or of no use
   */
  constructor(
    readonly uploader: Uploader,
    readonly record: UploadState,
    length: number,
    readonly lifetime: number,
    readonly onSettled: (upload: UploadSession) => void,
  ) {
    this.checkpoint = new Checkpoint(uploader.storage, record);
    this.#length = this.checkpoint.certain(length);
    this.touch();
  }

  /** Bytes that are there. */
  get length(): number {
    return this.record.finished?.file.size ?? (this.#used ? (this.record.size ?? 0) : this.#length);
  }

  get #used(): boolean {
    return this.record.concat?.kind === "partial" && this.record.concat.used;
  }

  /** Nothing more can be added. */
  get complete(): boolean {
    if (this.record.concat?.kind === "partial") return this.length === this.record.size;
    return this.record.finished !== null;
  }

  /** It is only remembered: its bytes are a file, or a part of one, or were let go of. */
  get settled(): boolean {
    return this.record.finished !== null || this.#used || this.record.spoiled !== null;
  }

  /** The digests of its bytes. */
  get digest(): UploadDigest {
    this.#whole ??= new UploadDigest(this.record.digests, this.record.wanted);
    return this.#whole;
  }

  /** When something happened last, in milliseconds since 1970. */
  get lastActivity(): number {
    return this.expires - this.lifetime * 1000;
  }

  /** Something happened: it waits anew. */
  touch(now = Date.now()): void {
    this.expires = now + this.lifetime * 1000;
  }

  /** Takes the bytes of a request. @returns the file, when it is one now. @throws Problem */
  async append(addition: AppendRequest): Promise<SaveResult | null> {
    return await this.#turn(async (signal) => {
      await this.#recover();
      if (checkAppend(addition, this, this.uploader.limits.maxFileSize)) {
        if (addition.spoils) await this.markFailed("length");
        throw addition.overflow();
      }
      if (signal.aborted) throw superseded();
      this.touch();
      const arriving = addition.receive();
      signal.addEventListener("abort", () => arriving.body.stop(superseded()));
      try {
        if (addition.wanted) this.#want(addition.wanted);
        if (addition.size !== null) await this.#agree(addition.size);
        return await new Append(this, addition, arriving).run();
      } finally {
        this.touch();
        arriving.close();
      }
    });
  }

  /**
   * Ends the request that adds bytes, and waits until it has; then runs a step, if the upload is no file by then.
   * @throws Problem also when a crash left it complete, and it cannot become a file
   */
  async withLock(step?: () => Promise<void>): Promise<void> {
    await this.#turn(async () => {
      await this.#recover();
      if (this.record.finished === null) await step?.();
    });
  }

  /** Finishes what a crash, or an error, left complete but not published. */
  async #recover(): Promise<void> {
    const { record, uploader } = this;
    if (record.finished || record.concat?.kind === "partial") return;
    if (record.publishing && (await uploader.storage.published(record.id, record.publishing))) {
      const entry = await uploader.storage.find(record.publishing);
      if (entry?.kind !== "file") return;
      await this.#finished({ file: recoveredFile(record, entry), replaced: false, digest: null });
    } else if (
      record.concat === null &&
      this.#length === record.size &&
      (record.endsByLength || record.publishing)
    ) {
      await this.finish(record.size);
    }
  }

  /**
   * Makes a file of what is there.
   * @param size bytes of the file
   * @param fill brings the bytes first
   */
  async finish(size: number, fill?: (kept: PartialUpload) => Promise<void>): Promise<SaveResult> {
    if (size > this.uploader.limits.maxFileSize) throw tooLarge(this.uploader.limits.maxFileSize);
    const { resumed, upload } = await this.open({ size, networkSeconds: () => 0 });
    try {
      await fill?.(resumed.partial);
    } catch (error) {
      await this.#close(resumed, upload);
      throw error;
    }
    return await this.publish(resumed, upload);
  }

  /** Its bytes are a part of a file now: lets go of its own. */
  async markConcatenated(): Promise<void> {
    await this.#turn(async () => {
      const { concat, id } = this.record;
      if (concat?.kind !== "partial" || concat.used) return;
      concat.used = true;
      this.onSettled(this);
      await this.checkpoint.save();
      await this.uploader.storage.releaseData(id);
    });
  }

  /** Removes it; a file made of it stays. Requests that come after this one find nothing. @throws Problem */
  async delete(): Promise<void> {
    this.#gone = true;
    await this.lock.acquire(async () => {
      await this.checkpoint.written();
      await this.uploader.storage.deletePartial(this.record.id);
    });
  }

  /** Something is known that no note says, and no request is there to write it down. */
  get needsFlush(): boolean {
    return this.checkpoint.stale && !this.settled && !this.#gone && !this.lock.busy;
  }

  /** Writes it down. @throws Problem */
  async flush(): Promise<void> {
    await this.#turn(async () => {
      // What was taken last may not be synced yet.
      const kept = await this.uploader.storage.resume(this.record.id);
      await kept?.suspend();
      await this.checkpoint.rest(Math.min(kept?.saved ?? 0, this.#length));
    });
  }

  /** What `step` does, when it is its turn. @throws Problem not_found, upload_gone when it is of no use any more */
  async #turn<T>(step: (signal: AbortSignal) => Promise<T>): Promise<T> {
    return await this.lock.acquire(async (signal) => {
      if (this.#gone) throw new Problem("not_found", "There is no such upload.");
      if (this.record.spoiled) throw goneFor(this.record.spoiled);
      return await step(signal);
    });
  }

  async #agree(size: number): Promise<void> {
    if (this.record.size !== null) return;
    this.record.size = size;
    await this.checkpoint.save();
  }

  #want(algorithm: NonNullable<AppendRequest["wanted"]>): void {
    if (this.digest.wanted === null) this.#whole = new UploadDigest(this.record.digests, algorithm);
  }

  /** Opens its bytes, to add more. @throws Problem upload_gone, storage_full */
  async open(filling: Pick<UploadRequest, "size" | "networkSeconds" | "checksumSeconds">) {
    const { uploader, record, checkpoint } = this;
    const naming = async (path: FilePath, length: number): Promise<void> => {
      record.publishing = path;
      record.size = length;
      record.measured = opened.upload.timings();
      await checkpoint.save();
    };
    const resumed = { length: this.#length, measured: record.measured };
    const lost = (length: number): void => this.setOffset(length);
    const opened = await openSessionWriter(uploader, record, { ...filling, resumed }, naming, lost);
    return opened;
  }

  /** It stands here now. */
  setOffset(length: number): void {
    this.#length = length;
  }

  /** Makes it a file, or lets it wait complete. @throws Problem */
  async publish(resumed: SessionWriter, upload: Upload): Promise<SaveResult> {
    try {
      await resumed.waitForMetadata(this.checkpoint.written());
      const digest = await this.verify(resumed.partial);
      const outcome = { ...(await upload.finish()), digest };
      this.#length = resumed.length;
      await this.#finished(outcome);
      return outcome;
    } catch (error) {
      await this.#close(resumed, upload);
      if (error instanceof Problem && error.code === "digest_mismatch") await this.markFailed("digest");
      throw error;
    }
  }

  /** Compares the digests of its bytes. @returns the wanted one. @throws Problem digest_mismatch */
  async verify(kept: PartialUpload): Promise<SaveResult["digest"]> {
    return await this.digest.finish(kept, () => this.#gone);
  }

  /** Nothing can become of it: remembers why, and lets go of its bytes. @throws Problem */
  async markFailed(why: FailureReason): Promise<void> {
    this.record.spoiled = why;
    this.ended("failed", goneFor(why));
    this.onSettled(this);
    await this.checkpoint.save();
    await this.uploader.storage.releaseData(this.record.id);
  }

  /** Tells those who watch that no file will become of it. */
  ended(outcome: "failed" | "forgotten", cause?: Problem): void {
    const { name, path, measured } = this.record;
    this.uploader.recentUploads.add({
      id: name,
      path,
      outcome,
      size: this.#length,
      ended: new Date().toISOString(),
      flow: buildFlowReport(measured, this.#length),
      ...(cause && { error: failureReason(cause) }),
    });
  }

  async #close(resumed: SessionWriter, upload: Upload): Promise<void> {
    this.record.measured = upload.timings();
    await upload.discard();
    this.#length = resumed.length;
  }

  async #finished({ file, replaced, digest }: SaveResult): Promise<void> {
    this.record.finished = { file, replaced, digest: digest && formatDigest(digest.algorithm, digest.value) };
    this.touch();
    this.onSettled(this);
    await this.checkpoint.save();
    await this.uploader.storage.releaseData(this.record.id);
  }
}

function goneFor(why: FailureReason): Problem {
  const reason = why === "length" ? "went past its length" : "were not those of Repr-Digest";
  return new Problem("upload_gone", `The bytes of this upload ${reason}: start a new one.`);
}
