// Admits uploads of every protocol: enforces limits, rejects early what cannot succeed, and creates the `Upload`.

import { Problem } from "../../errors.ts";
import { failedCondition } from "../../http/conditions.ts";
import type { Entry } from "../../storage/entry.ts";
import type { Storage } from "../../storage/storage.ts";
import type { Allowance } from "../admission/allowance.ts";
import { FreeSpace, tooLarge } from "../admission/free-space.ts";
import type { Claim, Wanted } from "../admission/quota/claim.ts";
import { Quotas } from "../admission/quota/quotas.ts";
import { Reservation } from "../admission/reservation.ts";
import { Slots } from "../admission/slots.ts";
import { FileDigestCache } from "../digest/file-digests.ts";
import { Locks } from "../locks/locks.ts";
import { refuseEarly } from "../naming/conflict.ts";
import { lockFollower, propertyFollower } from "../naming/dav-followers.ts";
import { Followers } from "../naming/follower.ts";
import { FreshFiles } from "../naming/fresh-files.ts";
import { PathLocks } from "../naming/path-locks.ts";
import { preconditionFailed } from "../naming/refusals.ts";
import { ActiveUploads } from "../report/active-uploads.ts";
import { RecentUploads } from "../report/recent-uploads.ts";
import { CountedUpload } from "./counted-upload.ts";
import { Receipts } from "./receipts.ts";
import { Upload, type UploadServices, type UploadTarget } from "./upload.ts";
import type { Limits, UploadRequest } from "./upload-request.ts";

export class Uploader implements UploadServices {
  readonly activeUploads = new ActiveUploads();
  readonly recentUploads = new RecentUploads();
  /** Held from the check of a precondition until the file is published. */
  readonly pathLocks = new PathLocks();
  /** Held while the next free number of a name is searched; may be acquired while `pathLocks` is held. */
  readonly numberingLocks = new PathLocks();
  readonly slots: Slots;
  readonly receipts: Receipts;
  readonly fileDigests: FileDigestCache;
  readonly quotas: Quotas;
  readonly fresh = new FreshFiles();
  readonly locks: Locks;
  /** Told of every move and removal. */
  readonly followers: Followers;
  /** Bytes received since the server started. */
  receivedBytes = 0;
  readonly #freeSpace: FreeSpace;
  #draining = false;

  constructor(
    readonly storage: Storage,
    readonly limits: Limits,
  ) {
    this.slots = new Slots(limits.maxUploads, limits.maxUploadsPerClient);
    this.receipts = new Receipts(storage);
    this.fileDigests = new FileDigestCache(storage);
    this.locks = new Locks(storage);
    this.followers = new Followers(propertyFollower(storage), lockFollower(this.locks));
    this.quotas = new Quotas(storage, new PathLocks());
    this.#freeSpace = new FreeSpace(storage, limits.keepFree);
  }

  get draining(): boolean {
    return this.#draining;
  }

  /** Rejects new uploads from now on; running ones continue. */
  drain(): void {
    this.#draining = true;
  }

  /**
   * Acquires a slot for one upload request; call the result to release it.
   * @param client that is counted; `undefined` for work of the server
   * @throws Problem draining, too_many_uploads
   */
  admit(client?: string): () => void {
    this.assertAccepting();
    return this.slots.acquire(client);
  }

  /** @throws Problem draining */
  assertAccepting(): void {
    if (this.#draining)
      throw new Problem("draining", "The server is stopping; try again when it is back.", {
        headers: { "retry-after": "10" },
      });
  }

  /** Runs `step` so that shutdown waits for it. @throws Problem draining */
  async track<T>(step: () => Promise<T>): Promise<T> {
    this.assertAccepting();
    return await this.slots.track(step);
  }

  /**
   * Reserves free space, and bytes in the quotas above a path; the caller must release the reservation.
   * @throws Problem quota_exceeded, storage_full
   */
  async reserve(wanted: Wanted): Promise<Reservation> {
    const claim = this.quotas.none ? this.quotas.claimAnyway(wanted) : await this.quotas.claim(wanted);
    try {
      return new Reservation(this.quotas, await this.#freeSpace.reserve(wanted.size), claim);
    } catch (error) {
      claim.release();
      throw error;
    }
  }

  /** Checks that at least one more byte can be stored. @throws Problem storage_full */
  async assertFreeSpace(): Promise<void> {
    (await this.#freeSpace.reserve(1)).release();
  }

  /**
   * Starts an upload. Rejects what can be rejected before a byte of the body is read.
   * The caller must call `finish` or `discard` on the result.
   * @throws Problem
   */
  async begin(request: UploadRequest): Promise<Upload> {
    const { path, size } = request;
    const replaced = replacedBy(request, await this.#refuse(request));
    const reservation = await this.reserve({ path, size, replaced });
    let allowance: Allowance | undefined;
    try {
      allowance = request.allow?.();
      return this.#start(request, await this.storage.begin(path), reservation, allowance);
    } catch (error) {
      reservation.release();
      allowance?.release();
      throw error;
    }
  }

  /**
   * Runs the checks of `begin` for an upload that is created now but receives its bytes later.
   * @param wanted the bytes that it reserves in the quotas
   * @returns the claim, which the caller must release
   * @throws Problem
   */
  async check(request: UploadRequest, wanted: Wanted = request): Promise<Claim> {
    const replaced = replacedBy(request, await this.#refuse(request));
    const reservation = await this.reserve({ ...wanted, replaced });
    reservation.space.release();
    return reservation.claim;
  }

  /**
   * Continues an upload whose earlier bytes are stored already; only the free space for the remaining bytes is checked.
   * The caller must call `finish`, `suspend` or `discard` on the result.
   * @param reserved what it has reserved in the quotas, and in a budget; the caller must release it
   * @throws Problem storage_full
   */
  async resume(
    request: UploadRequest,
    stored: UploadTarget,
    { current, allowance }: { current: Claim; allowance?: Allowance | undefined },
  ): Promise<Upload> {
    const { size, resumed = { length: 0 } } = request;
    const space = await this.#freeSpace.reserve(size === undefined ? undefined : size - resumed.length);
    return this.#start(request, stored, new Reservation(this.quotas, space, current, resumed), allowance);
  }

  #start(
    request: UploadRequest,
    stored: UploadTarget,
    reservation: Reservation,
    allowance: Allowance | undefined,
  ): Upload {
    const target = allowance ? new CountedUpload(stored, allowance) : stored;
    const upload = new Upload(this, request, target, reservation);
    this.activeUploads.add(upload);
    return upload;
  }

  /**
   * Rejects what cannot succeed. The name and the preconditions are checked again when the file is published.
   * @returns the entry that has the name now
   * @throws Problem
   */
  async #refuse({ path, size, conflict, conditions, key, may }: UploadRequest): Promise<Entry | null> {
    if (size !== undefined && size > this.limits.maxFileSize) throw tooLarge(this.limits.maxFileSize);
    // The name and the conditions were met when the first request of this key was made.
    if (key !== undefined && this.receipts.find(key)) return null;
    const does = conflict === "replace" ? "write" : "create";
    if (!this.locks.none) await this.locks.permit({ path, does }, may);
    const current = await this.storage.probe(path);
    const failed = failedCondition(conditions, current);
    if (failed !== null) throw preconditionFailed(failed);
    refuseEarly({ conflict, may }, "upload", current);
    return current;
  }
}

/** Bytes of the file that an upload replaces. */
function replacedBy({ conflict }: UploadRequest, current: Entry | null): number {
  return conflict === "replace" && current?.kind === "file" ? current.size : 0;
}
