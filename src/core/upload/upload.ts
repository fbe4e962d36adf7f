// One upload in progress: enforces limits, computes the digest, reports progress, and publishes the file.

import { Problem } from "../../errors.ts";
import { failedCondition, unconditional } from "../../http/conditions.ts";
import type { FilePath } from "../../path.ts";
import type { FileEntry } from "../../storage/entry.ts";
import type { PartialUpload, Published, StoredUpload } from "../../storage/storage.ts";
import { FILES, Stopwatch } from "../../system/stopwatch.ts";
import { tooLarge } from "../admission/free-space.ts";
import type { Reservation } from "../admission/reservation.ts";
import { Digester } from "../digest/digester.ts";
import type { FileDigestCache } from "../digest/file-digests.ts";
import { claimName, type NamingServices } from "../naming/conflict.ts";
import { forgetProperties } from "../naming/dav-followers.ts";
import type { PathLocks } from "../naming/path-locks.ts";
import { preconditionFailed } from "../naming/refusals.ts";
import type { ActiveUpload, ActiveUploads, RunningUpload } from "../report/active-uploads.ts";
import {
  addTimings,
  buildFlowReport,
  type FlowReport,
  isTelling,
  NO_TIMINGS,
  type Timings,
  withCap,
} from "../report/flow-report.ts";
import { failureReason, type RecentUpload, type RecentUploads } from "../report/recent-uploads.ts";
import type { Receipts } from "./receipts.ts";
import { receiptOf, sameFile } from "./repeat.ts";
import { type SaveResult, savedFile } from "./saved-file.ts";
import type { Limits, UploadRequest } from "./upload-request.ts";

/** The part of the uploader that one upload needs. */
export interface UploadServices extends NamingServices {
  readonly limits: Limits;
  readonly pathLocks: PathLocks;
  readonly activeUploads: ActiveUploads;
  readonly recentUploads: RecentUploads;
  readonly receipts: Receipts;
  readonly fileDigests: FileDigestCache;
  /** Bytes received since the server started. */
  receivedBytes: number;
}

/** Receives the bytes of one upload. With `suspendLazily` it is resumable: an error keeps its bytes. */
export type UploadTarget = StoredUpload & Partial<Pick<PartialUpload, "suspendLazily">>;
const spaceChecks = new Stopwatch(FILES);

export class Upload implements RunningUpload {
  readonly #started = performance.now();
  readonly #startedAt = new Date();
  /** `networkSeconds` of the request when the upload started. */
  readonly #networkBefore: number;
  #network: number | undefined;
  #received = 0;
  /** Seconds spent waiting for other uploads that publish the same name. */
  #lockWaited = 0;
  /** Seconds of free-space checks. */
  #spaceWaited = 0;
  readonly #digester: Digester;
  #cancelled: Problem | undefined;
  /** The file of an earlier upload with the same bytes, which is the answer to this one. */
  #earlier: FileEntry | null = null;

  /** Bytes stored by earlier requests. */
  get #before(): number {
    return this.request.resumed?.length ?? 0;
  }

  /** Created by `Uploader` only. */
  constructor(
    readonly services: UploadServices,
    readonly request: UploadRequest,
    readonly stored: UploadTarget,
    readonly reservation: Reservation,
  ) {
    this.#networkBefore = request.networkSeconds();
    this.#digester = new Digester(request.digests, request.wantedDigest, request.key !== undefined);
  }

  /**
   * Appends the next bytes. If it returns a promise, await it before the next call.
   * @throws Problem file_too_large, quota_exceeded, storage_full, …; then only `discard` and `suspend` may be called
   */
  write(chunk: Uint8Array<ArrayBuffer>): Promise<void> | undefined {
    if (this.#cancelled) throw this.#cancelled;
    this.#received += chunk.byteLength;
    this.services.receivedBytes += chunk.byteLength;
    if (this.#before + this.#received > this.services.limits.maxFileSize)
      throw tooLarge(this.services.limits.maxFileSize);
    const spaceCheck = this.reservation.consume(chunk.byteLength);
    if (spaceCheck) return this.#appendAfter(spaceCheck, chunk);
    return this.#append(chunk);
  }

  /**
   * Waits for the free-space check. When every pool thread is blocked on a slow disk, statfs() queues behind them, so
   * this wait counts as disk time.
   */
  async #appendAfter(spaceCheck: Promise<void>, chunk: Uint8Array<ArrayBuffer>): Promise<void> {
    const elapsed = spaceChecks.start();
    await spaceCheck;
    this.#spaceWaited += elapsed();
    await this.#append(chunk);
  }

  #append(chunk: Uint8Array<ArrayBuffer>): Promise<void> | undefined {
    this.#digester.update(chunk);
    return this.stored.append(chunk);
  }

  /**
   * Publishes the upload as a file. When it throws, nothing was published, and the upload was discarded, or suspended if it is resumable.
   * @throws Problem digest_mismatch, precondition_failed, name_taken, not_allowed, …
   */
  async finish(): Promise<SaveResult> {
    // The last byte has arrived: later time is not spent on the network.
    this.#network = this.request.networkSeconds() - this.#networkBefore;
    try {
      if (this.#cancelled) throw this.#cancelled;
      const digest = this.#digester.finish();
      this.#earlier = await this.#findEarlier();
      const { entry, replaced } = this.#earlier
        ? { entry: this.#earlier, replaced: false }
        : await this.#publish();
      const flow = buildFlowReport(this.timings(), entry.size);
      const file = savedFile(entry, this.request.path, flow, this.#earlier !== null);
      if (this.#earlier) {
        await this.discard();
        return { file, replaced, digest };
      }
      await this.#writeReceipt(entry);
      this.#end({ path: file.path, outcome: "saved", size: file.size, flow: file.flow });
      return { file, replaced, digest };
    } catch (error) {
      await (this.stored.suspendLazily ? this.suspend() : this.discard(error));
      throw error;
    }
  }

  /** Ends this request but keeps the bytes of a resumable upload, so that a later one can continue. Never throws. */
  async suspend(): Promise<void> {
    await this.stored.suspendLazily?.().catch(() => {
      // The bytes that reached the disk are kept; the caller reports the error that interrupted the upload.
    });
    this.#end();
  }

  /**
   * Removes every trace of the upload. Never throws; does nothing once the upload has ended.
   * @param cause the failure reason; omit it when the upload was only a probe
   */
  async discard(cause?: unknown): Promise<void> {
    await this.stored.discard();
    if (cause === undefined) return this.#end();
    this.#end({
      path: this.request.path,
      outcome: "failed",
      size: this.#received,
      flow: this.#flow(),
      error: failureReason(cause),
    });
  }

  cancel(problem: Problem): boolean {
    if (this.#network !== undefined) return false;
    this.#cancelled = problem;
    this.request.stop?.(problem);
    return true;
  }

  report(): ActiveUpload {
    const flow = this.#flow();
    return {
      id: this.request.id,
      path: this.request.path,
      ...(this.request.size !== undefined && { size: this.request.size }),
      received: this.#before + this.#received,
      saved: this.stored.saved,
      bytesPerSecond: flow.bytesPerSecond,
      bottleneck: flow.bottleneck,
      started: this.#startedAt.toISOString(),
      state: this.#network === undefined ? "receiving" : "saving",
      ...(isTelling(flow) && { explanation: flow.explanation }),
    };
  }

  async #publish(): Promise<Published> {
    const { path, conflict, conditions } = this.request;
    const conditional = !unconditional(conditions);
    if (!conditional && conflict !== "replace") return await this.#claimName();
    // Checked under the lock, so that nothing changes between the check and the publication.
    return await this.#withLock(this.services.pathLocks, path, async () => {
      if (!conditional) return await this.#claimName();
      const failed = failedCondition(conditions, await this.services.storage.probe(path));
      if (failed !== null) throw preconditionFailed(failed);
      return await this.#claimName();
    });
  }

  async #claimName(): Promise<Published> {
    const { services } = this;
    const { path, conflict, conditions, may } = this.request;
    const mustBeNew = conditions.ifNoneMatch === "*";
    try {
      return await claimName(
        services,
        // `If-None-Match: *` names one exact path, so `conflict=rename` must not pick another.
        { to: path, conflict: mustBeNew ? "fail" : conflict, may },
        "file",
        (to, replace) => this.#takeName(to, replace),
        (to, step) => this.#withLock(services.numberingLocks, to, step),
      );
    } catch (error) {
      if (mustBeNew && error instanceof Problem && error.code === "name_taken")
        throw preconditionFailed("If-None-Match");
      throw error;
    }
  }

  async #takeName(to: FilePath, replace: boolean): Promise<Published> {
    try {
      const { stored, reservation } = this;
      const published = await reservation.publish({ to, kind: "file", size: stored.length, replace }, () =>
        stored.finish(to, { replace, modified: this.request.modified ?? undefined }),
      );
      if (!published.replaced) await forgetProperties(this.services.storage, to);
      return published;
    } catch (error) {
      // Not before the name is taken: of concurrent uploads of the same bytes, the first one is saved.
      if (to === this.request.path && error instanceof Problem && error.code === "name_taken")
        this.#earlier = await this.#findSame();
      if (!this.#earlier) throw error;
      return { entry: this.#earlier, replaced: false };
    }
  }

  /** The file that the first request with this key saved. @throws Problem idempotency_key_reused */
  async #findEarlier(): Promise<FileEntry | null> {
    const { services, request, stored } = this;
    const { identity } = this.#digester;
    const receipt = receiptOf(services, request, { size: stored.length, digest: identity });
    return receipt && identity && (await sameFile(services, receipt.path, stored.length, identity));
  }

  /** The file that has the requested name, if it has these bytes. */
  async #findSame(): Promise<FileEntry | null> {
    const { services, request, stored } = this;
    const { identity } = this.#digester;
    // The session of a resumable upload answers a repeated request itself.
    if (!identity || stored.suspendLazily || request.conflict === "fail") return null;
    if (!unconditional(request.conditions)) return null;
    return await sameFile(services, request.path, stored.length, identity);
  }

  async #writeReceipt({ path, size }: FileEntry): Promise<void> {
    const { key, path: target } = this.request;
    const { identity } = this.#digester;
    if (key === undefined || !identity) return;
    await this.services.receipts.add({ key, target, path, size, digest: identity });
  }

  async #withLock<T>(locks: PathLocks, path: FilePath, step: () => Promise<T>): Promise<T> {
    const start = performance.now();
    return await locks.withLock(path, () => {
      this.#lockWaited += (performance.now() - start) / 1000;
      return step();
    });
  }

  /** The timings so far, earlier requests included. */
  timings(): Timings {
    const { diskWaited, diskBusy, syncWaited, syncBusy } = this.stored.work;
    return addTimings(this.request.resumed?.measured ?? NO_TIMINGS, {
      bytes: this.#received,
      seconds: (performance.now() - this.#started) / 1000,
      network: this.#network ?? this.request.networkSeconds() - this.#networkBefore,
      hash: this.#digester.seconds + (this.request.checksumSeconds?.() ?? 0),
      // The upload that holds the lock is syncing its bytes and directory entry, so waiting for the lock counts as sync time.
      work: {
        diskWaited: diskWaited + this.#spaceWaited,
        diskBusy,
        syncWaited: syncWaited + this.#lockWaited,
        syncBusy,
      },
      ...withCap(this.request.capWait?.()),
    });
  }

  #flow(): FlowReport {
    return buildFlowReport(this.timings());
  }

  #end(ended?: Omit<RecentUpload, "id" | "ended">): void {
    this.reservation.release();
    if (!this.services.activeUploads.remove(this) || !ended) return;
    const { id, madeBy } = this.request;
    this.services.recentUploads.add({ id, ended: new Date().toISOString(), ...ended }, madeBy);
  }
}
