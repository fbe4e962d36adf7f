// One request's bytes on their way into an upload that waits: what arrived stays, unless it turns out to be wrong.

import { Problem } from "../../errors.ts";
import { FILES, Stopwatch } from "../../system/stopwatch.ts";
import { addUp, type Measured, UNMEASURED } from "../report/flow-report.ts";
import type { Outcome, Upload } from "../upload/upload.ts";
import { type Addition, type Arriving, takeNothing } from "./append-request.ts";
import type { Waiting } from "./session.ts";
import type { Resumed } from "./session-writer.ts";

/** Problems after which nothing of the request may stay. */
const BREAKS = new Set(["inconsistent_length", "checksum_mismatch", "digest_mismatch", "file_too_large"]);

const pauses = new Stopwatch(FILES);

/** Made for one request. */
export class Filling {
  #position: number;
  #overrun = false;

  constructor(
    readonly waiting: Waiting,
    readonly addition: Addition,
    readonly arriving: Arriving,
  ) {
    this.#position = addition.offset;
  }

  /** @returns the file, when it is one now. @throws Problem */
  async run(): Promise<Outcome | null> {
    const { waiting, addition, arriving } = this;
    const { record, whole } = waiting;
    // Also for an empty one: the last request of all may bring nothing.
    if (waiting.complete) return await takeNothing(arriving.body, addition);
    const before = whole.seconds;
    const checking = (): number =>
      addition.checks.reduce((sum, { seconds }) => sum + seconds, whole.seconds - before);
    const network = (): number => arriving.body.waited;
    const { resumed, upload } = await waiting.open({ size: record.size ?? undefined, network, checking });
    try {
      await this.#receive(resumed, upload);
      if (!this.#ended) {
        await this.#pause(resumed, upload);
        return null;
      }
    } catch (error) {
      await this.#keep(resumed, upload, error);
      throw error;
    }
    return await waiting.publish(resumed, upload);
  }

  get #ended(): boolean {
    const { concat, size } = this.waiting.record;
    const { ends } = this.addition;
    return concat === null && (ends === true || (ends === "length" && this.#position === size));
  }

  async #receive(resumed: Resumed, upload: Upload): Promise<void> {
    const { addition, arriving } = this;
    const { record, journal, whole } = this.waiting;
    const { checks, offset } = addition;
    if (checks.length > 0 || record.unverified !== null)
      await resumed.noting(this.#verified(checks.length > 0 ? offset : null));
    await resumed.noting(journal.prepare(offset));
    for await (const chunk of arriving.body.chunks()) {
      const at = this.#position;
      this.#position += chunk.byteLength;
      this.#overrun = record.size !== null && this.#position > record.size;
      if (this.#overrun) throw addition.overflow();
      for (const check of checks) check.update(chunk);
      whole.update(chunk, at);
      const room = upload.write(chunk);
      if (room) await room;
      if (journal.due(resumed.saved)) journal.markLater(resumed.saved, upload.measured());
    }
    arriving.saving();
    for (const check of checks) check.finish();
    if (addition.ends === true && record.size !== null && this.#position !== record.size)
      throw addition.overflow();
    record.unverified = null;
    this.waiting.stand(this.#position);
  }

  async #verified(from: number | null): Promise<void> {
    this.waiting.record.unverified = from;
    await this.waiting.journal.save();
  }

  async #pause(resumed: Resumed, upload: Upload): Promise<void> {
    const { waiting, addition } = this;
    const { record, journal } = waiting;
    // A part is told to be complete, and nobody asks for it again.
    const part = record.concat !== null && this.#position === record.size;
    if (part) await waiting.verify(resumed.kept);
    const measured = upload.measured();
    const start = performance.now();
    const synced = pauses.start();
    await (part ? resumed.pause() : resumed.rest());
    await upload.discard();
    waiting.stand(resumed.length);
    await journal.written();
    const after = syncing((performance.now() - start) / 1000, synced());
    await journal.mark(resumed.saved, addUp(measured, after), part || addition.checks.length > 0);
  }

  /** Keeps what arrived before an error, or cuts it off where it is not to be trusted. */
  async #keep(resumed: Resumed, upload: Upload, error: unknown): Promise<void> {
    const { waiting, addition } = this;
    const { record, journal } = waiting;
    const code = error instanceof Problem ? error.code : null;
    const measured = upload.measured();
    // What was not compared is worth nothing, whatever the error was.
    const wrong = (code !== null && BREAKS.has(code)) || record.unverified !== null;
    if (wrong)
      await resumed.kept.rewind(addition.offset).catch(() => {
        // The storage failed as well: what it has is found when it is resumed.
      });
    await upload.discard();
    waiting.stand(Math.min(resumed.length, record.unverified ?? resumed.length));
    await journal.written();
    if (this.#overrun && addition.spoils) return await waiting.spoil("length");
    if (code === "digest_mismatch" && record.unverified === null) return await waiting.spoil("digest");
    // Whoever ended it by a newer request waits for the bytes, not for their mark.
    // A sync that failed leaves bytes that are there, and not certain.
    void journal.mark(Math.min(waiting.length, resumed.saved), measured, false).catch(() => {
      // The client hears of the error that made it end.
    });
  }
}

/** Time in which the storage synced, and what of it was waiting for it. */
function syncing(seconds: number, waited: number): Measured {
  return { ...UNMEASURED, seconds, work: { ...UNMEASURED.work, syncWaited: waited, syncBusy: waited } };
}
