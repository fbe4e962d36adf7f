// One upload that can wait: takes bytes from one request after another, and becomes a file when it is complete.

import { Problem } from "../errors.ts";
import type { FilePath } from "../path.ts";
import type { KeptUpload } from "../storage/storage.ts";
import { type Addition, type Arriving, type Checked, refuse, takeNothing } from "./addition.ts";
import type { Body } from "./body.ts";
import type { Engine } from "./engine.ts";
import { addUp, type Measured, UNMEASURED } from "./flow.ts";
import { tooLarge } from "./limit.ts";
import { type UploadRecord, writeRecord } from "./record.ts";
import { recovered } from "./recovered.ts";
import { openKept, type Resumed } from "./resumed.ts";
import { superseded, Turns } from "./turns.ts";
import type { Outcome, Upload } from "./upload.ts";

/** Problems after which nothing of the request may stay. */
const BREAKS = new Set(["inconsistent_length", "checksum_mismatch", "file_too_large"]);

export class Waiting {
  readonly turns = new Turns();
  /** Milliseconds since 1970. */
  expires = 0;
  /** What was measured in this run of the server. */
  #measured: Measured = UNMEASURED;
  #length: number;
  #gone = false;

  /**
   * @param lifetime seconds until it is forgotten in which nothing happens
   * @param onSettled called when its bytes are a file, or a part of one
   */
  constructor(
    readonly engine: Engine,
    readonly record: UploadRecord,
    length: number,
    readonly lifetime: number,
    readonly onSettled: (upload: Waiting) => void,
  ) {
    this.#length = Math.min(length, record.unverified ?? length);
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

  /** It is only remembered: its bytes are a file, or a part of one. */
  get settled(): boolean {
    return this.record.finished !== null || this.#used;
  }

  /** Something happened: it waits anew. */
  touch(now = Date.now()): void {
    this.expires = now + this.lifetime * 1000;
  }

  /** Takes the bytes of a request. @returns the file, when it is one now. @throws Problem */
  async append(addition: Addition): Promise<Outcome | null> {
    return await this.#turn(async (signal) => {
      await this.#recover();
      refuse(addition, this, this.engine.limits.maxFileSize);
      if (signal.aborted) throw superseded();
      this.touch();
      const arriving = addition.receive();
      signal.addEventListener("abort", () => arriving.body.stop(superseded()));
      try {
        if (addition.size !== null) await this.#agree(addition.size);
        return await this.#take(addition, arriving);
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
      const file = recovered(record, entry, this.#measured);
      await this.#finished({ file, replaced: false, digest: null });
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
    const { resumed, upload } = await this.#open(size);
    try {
      await fill?.(resumed.kept);
      this.#length = resumed.kept.length;
      return await this.#publish(resumed, upload);
    } catch (error) {
      await upload.discard();
      this.#length = resumed.length;
      throw error;
    }
  }

  /** Its bytes are a part of a file now: lets go of its own. */
  async use(): Promise<void> {
    await this.#turn(async () => {
      const { concat, id } = this.record;
      if (concat?.kind !== "partial" || concat.used) return;
      concat.used = true;
      this.onSettled(this);
      await this.save();
      await this.engine.storage.settle(id);
    });
  }

  /** Removes it; a file made of it stays. Requests that come after this one find nothing. @throws Problem */
  async forget(): Promise<void> {
    await this.turns.take(async () => {
      this.#gone = true;
      await this.engine.storage.forget(this.record.id);
    });
  }

  /** What `step` does, when it is its turn. @throws Problem not_found when it was forgotten meanwhile */
  async #turn<T>(step: (signal: AbortSignal) => Promise<T>): Promise<T> {
    return await this.turns.take(async (signal) => {
      if (this.#gone) throw new Problem("not_found", "There is no such upload.");
      return await step(signal);
    });
  }

  async save(): Promise<void> {
    await this.engine.storage.note(this.record.id, writeRecord(this.record));
  }

  async #agree(size: number): Promise<void> {
    if (this.record.size !== null) return;
    this.record.size = size;
    await this.save();
  }

  async #verified(from: number | null): Promise<void> {
    this.record.unverified = from;
    await this.save();
  }

  #open(size: number | undefined, body?: Body, checksum?: Checked | null) {
    const { engine, record } = this;
    const naming = async (path: FilePath, length: number): Promise<void> => {
      record.publishing = path;
      record.size = length;
      await this.save();
    };
    const resumed = { length: this.#length, measured: this.#measured };
    const checking = () => checksum?.seconds ?? 0;
    return openKept(engine, record, { size, resumed, checking, network: () => body?.waited ?? 0 }, naming);
  }

  async #take(addition: Addition, { body, saving }: Arriving): Promise<Outcome | null> {
    const { offset, ends, checksum } = addition;
    const { record } = this;
    // Also for an empty one: the last request of all may bring nothing.
    if (this.complete) return await takeNothing(body, addition);
    const { resumed, upload } = await this.#open(record.size ?? undefined, body, checksum);
    let position = offset;
    let right = checksum === null;
    try {
      if (checksum || record.unverified !== null) await this.#verified(checksum ? offset : null);
      for await (const chunk of body.chunks()) {
        position += chunk.byteLength;
        if (record.size !== null && position > record.size) throw addition.overflow();
        checksum?.update(chunk);
        const room = upload.write(chunk);
        if (room) await room;
      }
      saving();
      right = checksum?.matches() ?? true;
      if (!right)
        throw new Problem("checksum_mismatch", "The bytes that arrived are not those of Upload-Checksum.");
      if (ends === true && record.size !== null && position !== record.size) throw addition.overflow();
      record.unverified = null;
      this.#length = position;
      const whole = position === record.size;
      if (record.concat === null && (ends === true || (ends === "length" && whole)))
        return await this.#publish(resumed, upload);
      await this.#pause(resumed, upload);
      if (checksum) await this.#verified(null);
      return null;
    } catch (error) {
      const wrong = error instanceof Problem && BREAKS.has(error.code);
      await this.#keep(resumed, upload, wrong || !right ? offset : null);
      throw error;
    }
  }

  async #publish(resumed: Resumed, upload: Upload): Promise<Outcome> {
    const outcome = await upload.finish();
    this.#length = resumed.length;
    await this.#finished(outcome);
    return outcome;
  }

  async #finished(outcome: Outcome): Promise<void> {
    const { id } = this.record;
    this.record.finished = { file: outcome.file, replaced: outcome.replaced };
    this.touch();
    this.onSettled(this);
    await this.save();
    await this.engine.storage.settle(id);
  }

  async #pause(resumed: Resumed, upload: Upload): Promise<void> {
    const measured = upload.measured();
    const start = performance.now();
    await resumed.pause();
    const synced = (performance.now() - start) / 1000;
    const work = { ...UNMEASURED.work, syncWaited: synced, syncBusy: synced };
    this.#measured = addUp(measured, { ...UNMEASURED, seconds: synced, work });
    await upload.discard();
    this.#length = resumed.length;
  }

  /** Keeps what arrived before an error, or cuts it off where it is not to be trusted. */
  async #keep(resumed: Resumed, upload: Upload, from: number | null): Promise<void> {
    const measured = upload.measured();
    if (from !== null)
      await resumed.kept.rewind(from).catch(() => {
        // The storage failed as well: what it has is found when it is resumed.
      });
    await upload.discard();
    this.#measured = measured;
    this.#length = Math.min(resumed.length, this.record.unverified ?? resumed.length);
  }
}
