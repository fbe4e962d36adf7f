// The engine every dialect uses: admits an upload, says no early where it can, and hands out the upload itself.

import type { Config, Conflict } from "../../config/config.ts";
import { Problem } from "../../errors.ts";
import { failedCondition, type Preconditions } from "../../http/conditions.ts";
import type { Digest, DigestAlgorithm } from "../../http/digest.ts";
import type { FilePath } from "../../path.ts";
import type { Entry, Storage, StoredUpload } from "../../storage/storage.ts";
import { Room, type Share, Slots, tooLarge } from "../admission/free-space.ts";
import { Locks } from "../naming/path-locks.ts";
import { nameTaken, preconditionFailed, replaceNotAllowed } from "../naming/refusals.ts";
import { Running } from "../report/active-uploads.ts";
import type { Measured } from "../report/flow-report.ts";
import { Ended } from "../report/recent-uploads.ts";
import { Upload } from "./upload.ts";

/** What an upload is meant to become. */
export interface Intent {
  path: FilePath;
  conflict: Conflict;
  /** Announced length in bytes, `undefined` when unknown. */
  size: number | undefined;
  conditions: Preconditions;
  /** Digests to check, and the one to tell. */
  digests: readonly Digest[];
  wanted: DigestAlgorithm | null;
  /** What the upload is called in `GET /api/uploads`. */
  id: string;
  /** Seconds the sender was waited for so far: live, read at both ends of the upload. */
  network: () => number;
  /** Seconds spent on checksums beside the digests, live. */
  checking?: () => number;
  /** What was there and known before this request. */
  resumed?: { length: number; measured: Measured };
}

/** The limits the engine keeps, from the options of the same names. */
export type Limits = Pick<Config, "maxFileSize" | "maxUploads" | "keepFree" | "allow">;

export class Engine {
  readonly running = new Running();
  readonly ended = new Ended();
  /** Held while a precondition is looked at and the name changes hands. */
  readonly locks = new Locks();
  /** Held while the next free number of a name is looked for; may be taken inside `locks`. */
  readonly numbering = new Locks();
  readonly slots: Slots;
  /** Bytes that arrived since the start. */
  received = 0;
  readonly #room: Room;
  #draining = false;

  constructor(
    readonly storage: Storage,
    readonly limits: Limits,
  ) {
    this.slots = new Slots(limits.maxUploads);
    this.#room = new Room(storage, limits.keepFree);
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
    this.proveOpen();
    return this.slots.take();
  }

  /** @throws Problem draining */
  proveOpen(): void {
    if (this.#draining)
      throw new Problem("draining", "The server is stopping; try again when it is back.", {
        headers: { "retry-after": "10" },
      });
  }

  /** Does something that a server that stops waits for. @throws Problem draining */
  async during<T>(step: () => Promise<T>): Promise<T> {
    this.proveOpen();
    return await this.slots.beside(step);
  }

  /** Space for so many bytes, to be released. @throws Problem storage_full */
  async reserve(bytes: number): Promise<Share> {
    return await this.#room.admit(bytes);
  }

  /** Proves that one more byte would be taken now. @throws Problem storage_full */
  async proveRoom(): Promise<void> {
    (await this.#room.admit(1)).release();
  }

  /**
   * Starts an upload. Everything that is wrong already is said here, before a byte of the body is read.
   * The caller ends it with `finish` or `discard`.
   * @throws Problem
   */
  async begin(intent: Intent): Promise<Upload> {
    await this.#refuse(intent);
    return await this.receive(intent, () => this.storage.begin(intent.path));
  }

  /**
   * Says of an upload that is made now and filled later what `begin` would say.
   * @throws Problem
   */
  async check(intent: Intent): Promise<void> {
    await this.#refuse(intent);
    (await this.#room.admit(intent.size)).release();
  }

  /**
   * Takes the bytes of an upload that is there: nothing is looked at but the space for what is still to come.
   * @throws Problem storage_full, and that of `open`
   */
  async receive(intent: Intent, open: () => Promise<StoredUpload>): Promise<Upload> {
    const { size, resumed } = intent;
    const share = await this.#room.admit(size === undefined ? undefined : size - (resumed?.length ?? 0));
    try {
      const upload = new Upload(this, intent, await open(), share);
      this.running.add(upload);
      return upload;
    } catch (error) {
      share.release();
      throw error;
    }
  }

  async #refuse(intent: Intent): Promise<void> {
    if (intent.size !== undefined && intent.size > this.limits.maxFileSize)
      throw tooLarge(this.limits.maxFileSize);
    this.refuseEarly(intent, await this.storage.probe(intent.path));
  }

  /**
   * What the entry that has the name now makes impossible. The storage decides again when the file is published;
   * preconditions are looked at again then, too.
   */
  refuseEarly(intent: Intent, current: Entry | null): void {
    const failed = failedCondition(intent.conditions, current);
    if (failed !== null) throw preconditionFailed(failed);
    if (current === null || intent.conflict === "rename") return;
    if (current.kind === "folder") throw new Problem("is_folder", "A folder has this name.");
    if (intent.conflict === "fail") throw nameTaken();
    if (!this.limits.allow.has("replace")) throw replaceNotAllowed();
  }
}
