// The uploader every dialect uses: admits an upload, says no early where it can, and hands out the upload itself.

import type { Config, Conflict } from "../../config/config.ts";
import { Problem } from "../../errors.ts";
import { failedCondition, type Preconditions } from "../../http/conditions.ts";
import type { Digest, DigestAlgorithm } from "../../http/digest.ts";
import type { FilePath } from "../../path.ts";
import type { Entry } from "../../storage/entry.ts";
import type { Storage, StoredUpload } from "../../storage/storage.ts";
import { FreeSpace, type SpaceReservation, tooLarge } from "../admission/free-space.ts";
import { Slots } from "../admission/slots.ts";
import { PathLocks } from "../naming/path-locks.ts";
import { nameTaken, preconditionFailed, replaceNotAllowed } from "../naming/refusals.ts";
import { ActiveUploads } from "../report/active-uploads.ts";
import type { Timings } from "../report/flow-report.ts";
import { RecentUploads } from "../report/recent-uploads.ts";
import { Upload } from "./upload.ts";

/** What an upload is meant to become. */
export interface UploadRequest {
  path: FilePath;
  conflict: Conflict;
  /** Announced length in bytes, `undefined` when unknown. */
  size: number | undefined;
  conditions: Preconditions;
  /** Digests to check, and the one to tell. */
  digests: readonly Digest[];
  wantedDigest: DigestAlgorithm | null;
  /** What the upload is called in `GET /api/uploads`. */
  id: string;
  /** Seconds the sender was waited for so far: live, read at both ends of the upload. */
  networkSeconds: () => number;
  /** Seconds spent on checksums beside the digests, live. */
  checksumSeconds?: () => number;
  /** What was there and known before this request. */
  resumed?: { length: number; measured: Timings };
}

/** The limits the uploader keeps, from the options of the same names. */
export type Limits = Pick<Config, "maxFileSize" | "maxUploads" | "keepFree" | "allow">;

export class Uploader {
  readonly activeUploads = new ActiveUploads();
  readonly recentUploads = new RecentUploads();
  /** Held while a precondition is looked at and the name changes hands. */
  readonly pathLocks = new PathLocks();
  /** Held while the next free number of a name is looked for; may be taken inside `locks`. */
  readonly numberingLocks = new PathLocks();
  readonly slots: Slots;
  /** Bytes that arrived since the start. */
  receivedBytes = 0;
  readonly #room: FreeSpace;
  #draining = false;

  constructor(
    readonly storage: Storage,
    readonly limits: Limits,
  ) {
    this.slots = new Slots(limits.maxUploads);
    this.#room = new FreeSpace(storage, limits.keepFree);
  }

  get draining(): boolean {
    return this.#draining;
  }

  /** From now on nothing new is taken; what runs goes on. */
  drain(): void {
    this.#draining = true;
  }

  /**
   * A place for one request that uploads; call the result when the request ends.
   * @throws Problem draining, too_many_uploads
   */
  admit(): () => void {
    this.assertAccepting();
    return this.slots.acquire();
  }

  /** @throws Problem draining */
  assertAccepting(): void {
    if (this.#draining)
      throw new Problem("draining", "The server is stopping; try again when it is back.", {
        headers: { "retry-after": "10" },
      });
  }

  /** Does something that a server that stops waits for. @throws Problem draining */
  async track<T>(step: () => Promise<T>): Promise<T> {
    this.assertAccepting();
    return await this.slots.track(step);
  }

  /** Space for so many bytes, to be released. @throws Problem storage_full */
  async reserve(bytes: number): Promise<SpaceReservation> {
    return await this.#room.reserve(bytes);
  }

  /** Proves that one more byte would be taken now. @throws Problem storage_full */
  async assertFreeSpace(): Promise<void> {
    (await this.#room.reserve(1)).release();
  }

  /**
   * Starts an upload. Everything that is wrong already is said here, before a byte of the body is read.
   * The caller ends it with `finish` or `discard`.
   * @throws Problem
   */
  async begin(intent: UploadRequest): Promise<Upload> {
    await this.#refuse(intent);
    return await this.receive(intent, () => this.storage.begin(intent.path));
  }

  /**
   * Says of an upload that is made now and filled later what `begin` would say.
   * @throws Problem
   */
  async check(intent: UploadRequest): Promise<void> {
    await this.#refuse(intent);
    (await this.#room.reserve(intent.size)).release();
  }

  /**
   * Takes the bytes of an upload that is there: nothing is looked at but the space for what is still to come.
   * @throws Problem storage_full, and that of `open`
   */
  async receive(intent: UploadRequest, open: () => Promise<StoredUpload>): Promise<Upload> {
    const { size, resumed } = intent;
    const share = await this.#room.reserve(size === undefined ? undefined : size - (resumed?.length ?? 0));
    try {
      const upload = new Upload(this, intent, await open(), share);
      this.activeUploads.add(upload);
      return upload;
    } catch (error) {
      share.release();
      throw error;
    }
  }

  async #refuse(intent: UploadRequest): Promise<void> {
    if (intent.size !== undefined && intent.size > this.limits.maxFileSize)
      throw tooLarge(this.limits.maxFileSize);
    this.refuseEarly(intent, await this.storage.probe(intent.path));
  }

  /**
   * What the entry that has the name now makes impossible. The storage decides again when the file is published;
   * preconditions are looked at again then, too.
   */
  refuseEarly(intent: UploadRequest, current: Entry | null): void {
    const failed = failedCondition(intent.conditions, current);
    if (failed !== null) throw preconditionFailed(failed);
    if (current === null || intent.conflict === "rename") return;
    if (current.kind === "folder") throw new Problem("is_folder", "A folder has this name.");
    if (intent.conflict === "fail") throw nameTaken();
    if (!this.limits.allow.has("replace")) throw replaceNotAllowed();
  }
}
