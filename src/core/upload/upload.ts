// One upload on its way: limits, digest, report, and the rules of names when it becomes a file.

import { Problem } from "../../errors.ts";
import { failedCondition, unconditional } from "../../http/conditions.ts";
import type { Digest } from "../../http/digest.ts";
import { type FilePath, nameOf, urlOf } from "../../path.ts";
import type { FileEntry } from "../../storage/entry.ts";
import type { Published, StoredUpload } from "../../storage/storage.ts";
import { FILES, Stopwatch } from "../../system/stopwatch.ts";
import { type SpaceReservation, tooLarge } from "../admission/free-space.ts";
import { Digester } from "../digest/digester.ts";
import { claimNumbered } from "../naming/numbered-name.ts";
import type { PathLocks } from "../naming/path-locks.ts";
import { nameTaken, preconditionFailed, replaceNotAllowed } from "../naming/refusals.ts";
import type { ActiveUpload, ReportsProgress } from "../report/active-uploads.ts";
import {
  addTimings,
  buildFlowReport,
  type FlowReport,
  NO_TIMINGS,
  type Timings,
} from "../report/flow-report.ts";
import { failureReason, type RecentUpload } from "../report/recent-uploads.ts";
import type { Uploader, UploadRequest } from "./uploader.ts";

/** A saved file, as clients see it. */
export interface SavedFile {
  path: FilePath;
  name: string;
  size: number;
  etag: string;
  modified: string;
  url: string;
  /** The name that was asked for, when it was taken. */
  renamedFrom?: string;
  flow: FlowReport;
}

/** @param asked the path that was asked for */
export function savedFile(entry: FileEntry, asked: FilePath, flow: FlowReport): SavedFile {
  return {
    path: entry.path,
    name: nameOf(entry.path),
    size: entry.size,
    etag: entry.etag,
    modified: entry.modified.toISOString(),
    url: urlOf(entry.path),
    ...(entry.path !== asked && { renamedFrom: nameOf(asked) }),
    flow,
  };
}

/** What `finish` tells the dialect beside the file. */
export interface SaveResult {
  file: SavedFile;
  replaced: boolean;
  digest: Digest | null;
}

const rooms = new Stopwatch(FILES);

export class Upload implements ReportsProgress {
  readonly #started = performance.now();
  readonly #startedAt = new Date();
  readonly #networkBefore: number;
  #network: number | undefined;
  #received = 0;
  /** Seconds in line behind uploads that are getting the same name. */
  #inLine = 0;
  /** Seconds until the free space was known. */
  #roomWaited = 0;
  readonly #digester: Digester;

  /** Bytes that were there when it was resumed. */
  get #before(): number {
    return this.request.resumed?.length ?? 0;
  }

  /** Made by the uploader. */
  constructor(
    readonly uploader: Uploader,
    readonly request: UploadRequest,
    readonly stored: StoredUpload,
    readonly reservation: SpaceReservation,
  ) {
    this.#networkBefore = request.networkSeconds();
    this.#digester = new Digester(request.digests, request.wantedDigest);
  }

  /**
   * Takes the next bytes; wait for the promise, if there is one, before giving more.
   * @throws Problem file_too_large, storage_full, …; the upload is then only good for `discard`
   */
  write(chunk: Uint8Array<ArrayBuffer>): Promise<void> | undefined {
    this.#received += chunk.byteLength;
    this.uploader.receivedBytes += chunk.byteLength;
    if (this.#before + this.#received > this.uploader.limits.maxFileSize)
      throw tooLarge(this.uploader.limits.maxFileSize);
    const room = this.reservation.consume(chunk.byteLength);
    if (room) return this.#appendAfter(room, chunk);
    return this.#append(chunk);
  }

  /** Where all threads that work for files wait for a slow disk, so does the question for its space. */
  async #appendAfter(room: Promise<void>, chunk: Uint8Array<ArrayBuffer>): Promise<void> {
    const wait = rooms.start();
    await room;
    this.#roomWaited += wait();
    await this.#append(chunk);
  }

  #append(chunk: Uint8Array<ArrayBuffer>): Promise<void> | undefined {
    this.#digester.update(chunk);
    return this.stored.append(chunk);
  }

  /**
   * Makes the upload a file. When it throws, nothing was published and the upload is discarded already.
   * @throws Problem digest_mismatch, precondition_failed, name_taken, not_allowed, …
   */
  async finish(): Promise<SaveResult> {
    // From here on time is not the network's.
    this.#network = this.request.networkSeconds() - this.#networkBefore;
    try {
      const digest = this.#digester.finish();
      const { entry, replaced } = await this.#publish();
      const file = savedFile(entry, this.request.path, buildFlowReport(this.timings(), entry.size));
      this.#end({ path: file.path, outcome: "saved", size: file.size, flow: file.flow });
      return { file, replaced, digest };
    } catch (error) {
      await this.discard(error);
      throw error;
    }
  }

  /**
   * Removes every trace. Never throws; harmless after the end.
   * @param cause why it failed; what goes on later, or was only a trial, did not
   */
  async discard(cause?: unknown): Promise<void> {
    await this.stored.discard();
    const { path, resumed } = this.request;
    if (cause === undefined || resumed) return this.#end();
    this.#end({
      path,
      outcome: "failed",
      size: this.#received,
      flow: this.#flow(),
      error: failureReason(cause),
    });
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
      ...(flow.bytes > 0 && { explanation: flow.explanation }),
    };
  }

  async #publish(): Promise<Published> {
    const { path, conflict, conditions } = this.request;
    // A client that asked for a new name under a condition did not ask for another one.
    const renames = conflict === "rename" && conditions.ifNoneMatch !== "*";
    const publish = () => (renames ? this.#publishRenamed() : this.#publishAs(path));
    if (unconditional(conditions) && conflict !== "replace") return await publish();
    // What a client saw must still be there at the moment the name changes hands, whoever else replaces it.
    return await this.#next(this.uploader.pathLocks, path, async () => {
      if (unconditional(conditions)) return await publish();
      const failed = failedCondition(conditions, await this.uploader.storage.probe(path));
      if (failed !== null) throw preconditionFailed(failed);
      return await publish();
    });
  }

  async #publishAs(path: FilePath): Promise<Published> {
    const { conflict, conditions } = this.request;
    const fresh = conditions.ifNoneMatch === "*";
    const replace = conflict === "replace" && !fresh && this.uploader.limits.allow.has("replace");
    try {
      return await this.stored.finish(path, { replace });
    } catch (error) {
      if (!(error instanceof Problem) || error.code !== "name_taken") throw error;
      if (fresh) throw preconditionFailed("If-None-Match");
      // What cannot be replaced at all: the storage says what it is.
      if (replace) throw error;
      throw conflict === "replace" ? replaceNotAllowed() : nameTaken();
    }
  }

  async #publishRenamed(): Promise<Published> {
    const { path } = this.request;
    const first = await this.#publishFree(path);
    if (first) return first;
    return await this.#next(this.uploader.numberingLocks, path, () =>
      claimNumbered(this.uploader.storage, path, (name) => this.#publishFree(name)),
    );
  }

  /** `null` when the name is taken. */
  async #publishFree(path: FilePath): Promise<Published | null> {
    try {
      return await this.stored.finish(path, { replace: false });
    } catch (error) {
      if (error instanceof Problem && error.code === "name_taken") return null;
      throw error;
    }
  }

  async #next<T>(locks: PathLocks, path: FilePath, step: () => Promise<T>): Promise<T> {
    const start = performance.now();
    return await locks.withLock(path, () => {
      this.#inLine += (performance.now() - start) / 1000;
      return step();
    });
  }

  /** What was measured so far, in the requests before this one, too. */
  timings(): Timings {
    const { diskWaited, diskBusy, syncWaited, syncBusy } = this.stored.work;
    return addTimings(this.request.resumed?.measured ?? NO_TIMINGS, {
      bytes: this.#received,
      seconds: (performance.now() - this.#started) / 1000,
      network: this.#network ?? this.request.networkSeconds() - this.#networkBefore,
      hash: this.#digester.seconds + (this.request.checksumSeconds?.() ?? 0),
      // Those in front sync their bytes and their name.
      work: {
        diskWaited: diskWaited + this.#roomWaited,
        diskBusy,
        syncWaited: syncWaited + this.#inLine,
        syncBusy,
      },
    });
  }

  #flow(): FlowReport {
    return buildFlowReport(this.timings());
  }

  #end(ended?: Omit<RecentUpload, "id" | "ended">): void {
    this.reservation.release();
    const known = this.uploader.activeUploads.remove(this);
    if (known && ended)
      this.uploader.recentUploads.add({ id: this.request.id, ended: new Date().toISOString(), ...ended });
  }
}
