// One upload that can wait: what it is, whose turn it is, and how it becomes a file when it is complete.

import { Problem } from "../../errors.ts";
import { formatDigest } from "../../http/digest.ts";
import type { FilePath } from "../../path.ts";
import type { KeptUpload } from "../../storage/storage.ts";
import { tooLarge } from "../admission/free-space.ts";
import { flowOf } from "../report/flow-report.ts";
import { reasonOf } from "../report/recent-uploads.ts";
import type { Outcome, Upload } from "../upload/upload.ts";
import type { Engine, Intent } from "../upload/uploader.ts";
import { Filling } from "./append.ts";
import { type Addition, refuse } from "./append-request.ts";
import { Journal } from "./checkpoint.ts";
import type { Spoiled, UploadRecord } from "./record.ts";
import { recovered } from "./recovered.ts";
import { openKept, type Resumed } from "./session-writer.ts";
import { superseded, Turns } from "./takeover-lock.ts";
import { WholeDigest } from "./whole-digest.ts";

export class Waiting {
  readonly turns = new Turns();
  readonly journal: Journal;
  /** Milliseconds since 1970. */
  expires = 0;
  #whole: WholeDigest | undefined;
  #length: number;
  #gone = false;

  /**
   * @param length bytes that lie there
   * @param lifetime seconds until it is forgotten in which nothing happens
   * @param onSettled called when its bytes are a file, or a part of one, or of no use
   */
  constructor(
    readonly engine: Engine,
    readonly record: UploadRecord,
    length: number,
    readonly lifetime: number,
    readonly onSettled: (upload: Waiting) => void,
  ) {
    this.journal = new Journal(engine.storage, record);
    this.#length = this.journal.certain(length);
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
  get whole(): WholeDigest {
    this.#whole ??= new WholeDigest(this.record.digests, this.record.wanted);
    return this.#whole;
  }

  /** When something happened last, in milliseconds since 1970. */
  get touched(): number {
    return this.expires - this.lifetime * 1000;
  }

  /** Something happened: it waits anew. */
  touch(now = Date.now()): void {
    this.expires = now + this.lifetime * 1000;
  }

  /** Takes the bytes of a request. @returns the file, when it is one now. @throws Problem */
  async append(addition: Addition): Promise<Outcome | null> {
    return await this.#turn(async (signal) => {
      await this.#recover();
      if (refuse(addition, this, this.engine.limits.maxFileSize)) {
        if (addition.spoils) await this.spoil("length");
        throw addition.overflow();
      }
      if (signal.aborted) throw superseded();
      this.touch();
      const arriving = addition.receive();
      signal.addEventListener("abort", () => arriving.body.stop(superseded()));
      try {
        if (addition.wanted) this.#want(addition.wanted);
        if (addition.size !== null) await this.#agree(addition.size);
        return await new Filling(this, addition, arriving).run();
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
  async look(step?: () => Promise<void>): Promise<void> {
    await this.#turn(async () => {
      await this.#recover();
      if (this.record.finished === null) await step?.();
    });
  }

  /** Finishes what a crash, or an error, left complete but not published. */
  async #recover(): Promise<void> {
    const { record, engine } = this;
    if (record.finished || record.concat?.kind === "partial") return;
    if (record.publishing && (await engine.storage.published(record.id, record.publishing))) {
      const entry = await engine.storage.find(record.publishing);
      if (entry?.kind !== "file") return;
      await this.#finished({ file: recovered(record, entry), replaced: false, digest: null });
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
  async finish(size: number, fill?: (kept: KeptUpload) => Promise<void>): Promise<Outcome> {
    if (size > this.engine.limits.maxFileSize) throw tooLarge(this.engine.limits.maxFileSize);
    const { resumed, upload } = await this.open({ size, network: () => 0 });
    try {
      await fill?.(resumed.kept);
    } catch (error) {
      await this.#close(resumed, upload);
      throw error;
    }
    return await this.publish(resumed, upload);
  }

  /** Its bytes are a part of a file now: lets go of its own. */
  async use(): Promise<void> {
    await this.#turn(async () => {
      const { concat, id } = this.record;
      if (concat?.kind !== "partial" || concat.used) return;
      concat.used = true;
      this.onSettled(this);
      await this.journal.save();
      await this.engine.storage.settle(id);
    });
  }

  /** Removes it; a file made of it stays. Requests that come after this one find nothing. @throws Problem */
  async forget(): Promise<void> {
    this.#gone = true;
    await this.turns.take(async () => {
      await this.journal.written();
      await this.engine.storage.forget(this.record.id);
    });
  }

  /** Something is known that no note says, and no request is there to write it down. */
  get resting(): boolean {
    return this.journal.stale && !this.settled && !this.#gone && !this.turns.busy;
  }

  /** Writes it down. @throws Problem */
  async rest(): Promise<void> {
    await this.#turn(async () => {
      // What was taken last may not be synced yet.
      const kept = await this.engine.storage.resume(this.record.id);
      await kept?.pause();
      await this.journal.rest(Math.min(kept?.saved ?? 0, this.#length));
    });
  }

  /** What `step` does, when it is its turn. @throws Problem not_found, upload_gone when it is of no use any more */
  async #turn<T>(step: (signal: AbortSignal) => Promise<T>): Promise<T> {
    return await this.turns.take(async (signal) => {
      if (this.#gone) throw new Problem("not_found", "There is no such upload.");
      if (this.record.spoiled) throw goneFor(this.record.spoiled);
      return await step(signal);
    });
  }

  async #agree(size: number): Promise<void> {
    if (this.record.size !== null) return;
    this.record.size = size;
    await this.journal.save();
  }

  #want(algorithm: NonNullable<Addition["wanted"]>): void {
    if (this.whole.wanted === null) this.#whole = new WholeDigest(this.record.digests, algorithm);
  }

  /** Opens its bytes, to add more. @throws Problem upload_gone, storage_full */
  async open(filling: Pick<Intent, "size" | "network" | "checking">) {
    const { engine, record, journal } = this;
    const naming = async (path: FilePath, length: number): Promise<void> => {
      record.publishing = path;
      record.size = length;
      record.measured = opened.upload.measured();
      await journal.save();
    };
    const resumed = { length: this.#length, measured: record.measured };
    const lost = (length: number): void => this.stand(length);
    const opened = await openKept(engine, record, { ...filling, resumed }, naming, lost);
    return opened;
  }

  /** It stands here now. */
  stand(length: number): void {
    this.#length = length;
  }

  /** Makes it a file, or lets it wait complete. @throws Problem */
  async publish(resumed: Resumed, upload: Upload): Promise<Outcome> {
    try {
      await resumed.noting(this.journal.written());
      const digest = await this.verify(resumed.kept);
      const outcome = { ...(await upload.finish()), digest };
      this.#length = resumed.length;
      await this.#finished(outcome);
      return outcome;
    } catch (error) {
      await this.#close(resumed, upload);
      if (error instanceof Problem && error.code === "digest_mismatch") await this.spoil("digest");
      throw error;
    }
  }

  /** Compares the digests of its bytes. @returns the wanted one. @throws Problem digest_mismatch */
  async verify(kept: KeptUpload): Promise<Outcome["digest"]> {
    return await this.whole.finish(kept, () => this.#gone);
  }

  /** Nothing can become of it: remembers why, and lets go of its bytes. @throws Problem */
  async spoil(why: Spoiled): Promise<void> {
    this.record.spoiled = why;
    this.ended("failed", goneFor(why));
    this.onSettled(this);
    await this.journal.save();
    await this.engine.storage.settle(this.record.id);
  }

  /** Tells those who watch that no file will become of it. */
  ended(outcome: "failed" | "forgotten", cause?: Problem): void {
    const { name, path, measured } = this.record;
    this.engine.ended.add({
      id: name,
      path,
      outcome,
      size: this.#length,
      ended: new Date().toISOString(),
      flow: flowOf(measured, this.#length),
      ...(cause && { error: reasonOf(cause) }),
    });
  }

  async #close(resumed: Resumed, upload: Upload): Promise<void> {
    this.record.measured = upload.measured();
    await upload.discard();
    this.#length = resumed.length;
  }

  async #finished({ file, replaced, digest }: Outcome): Promise<void> {
    this.record.finished = { file, replaced, digest: digest && formatDigest(digest.algorithm, digest.value) };
    this.touch();
    this.onSettled(this);
    await this.journal.save();
    await this.engine.storage.settle(this.record.id);
  }
}

function goneFor(why: Spoiled): Problem {
  const reason = why === "length" ? "went past its length" : "were not those of Repr-Digest";
  return new Problem("upload_gone", `The bytes of this upload ${reason}: start a new one.`);
}
