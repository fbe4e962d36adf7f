// One request's bytes on their way into an upload that waits: what arrived stays, unless it turns out to be wrong.

import { Problem } from "../../errors.ts";
import { FILES, Stopwatch } from "../../system/stopwatch.ts";
import { addTimings, NO_TIMINGS, type Timings } from "../report/flow-report.ts";
import type { SaveResult, Upload } from "../upload/upload.ts";
import { type AppendRequest, expectEmptyBody, type IncomingBody } from "./append-request.ts";
import type { UploadSession } from "./session.ts";
import type { SessionWriter } from "./session-writer.ts";

/** Problems after which nothing of the request may stay. */
const BREAKS = new Set(["inconsistent_length", "checksum_mismatch", "digest_mismatch", "file_too_large"]);

const pauses = new Stopwatch(FILES);

/** Made for one request. */
export class Append {
  #position: number;
  #overrun = false;

  constructor(
    readonly waiting: UploadSession,
    readonly addition: AppendRequest,
    readonly arriving: IncomingBody,
  ) {
    this.#position = addition.offset;
  }

  /** @returns the file, when it is one now. @throws Problem */
  async run(): Promise<SaveResult | null> {
    const { waiting, addition, arriving } = this;
    const { record, digest: whole } = waiting;
    // Also for an empty one: the last request of all may bring nothing.
    if (waiting.complete) return await expectEmptyBody(arriving.body, addition);
    const before = whole.seconds;
    const checking = (): number =>
      addition.checks.reduce((sum, { seconds }) => sum + seconds, whole.seconds - before);
    const network = (): number => arriving.body.waited;
    const { resumed, upload } = await waiting.open({
      size: record.size ?? undefined,
      networkSeconds: network,
      checksumSeconds: checking,
    });
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

  async #receive(resumed: SessionWriter, upload: Upload): Promise<void> {
    const { addition, arriving } = this;
    const { record, checkpoint, digest: whole } = this.waiting;
    const { checks, offset } = addition;
    if (checks.length > 0 || record.unverified !== null)
      await resumed.waitForMetadata(this.#verified(checks.length > 0 ? offset : null));
    await resumed.waitForMetadata(checkpoint.prepare(offset));
    for await (const chunk of arriving.body.chunks()) {
      const at = this.#position;
      this.#position += chunk.byteLength;
      this.#overrun = record.size !== null && this.#position > record.size;
      if (this.#overrun) throw addition.overflow();
      for (const check of checks) check.update(chunk);
      whole.update(chunk, at);
      const room = upload.write(chunk);
      if (room) await room;
      if (checkpoint.due(resumed.saved)) checkpoint.markLater(resumed.saved, upload.timings());
    }
    arriving.saving();
    for (const check of checks) check.finish();
    if (addition.ends === true && record.size !== null && this.#position !== record.size)
      throw addition.overflow();
    record.unverified = null;
    this.waiting.setOffset(this.#position);
  }

  async #verified(from: number | null): Promise<void> {
    this.waiting.record.unverified = from;
    await this.waiting.checkpoint.save();
  }

  async #pause(resumed: SessionWriter, upload: Upload): Promise<void> {
    const { waiting, addition } = this;
    const { record, checkpoint } = waiting;
    // A part is told to be complete, and nobody asks for it again.
    const part = record.concat !== null && this.#position === record.size;
    if (part) await waiting.verify(resumed.partial);
    const measured = upload.timings();
    const start = performance.now();
    const synced = pauses.start();
    await (part ? resumed.pause() : resumed.rest());
    await upload.discard();
    waiting.setOffset(resumed.length);
    await checkpoint.written();
    const after = syncing((performance.now() - start) / 1000, synced());
    await checkpoint.mark(resumed.saved, addTimings(measured, after), part || addition.checks.length > 0);
  }

  /** Keeps what arrived before an error, or cuts it off where it is not to be trusted. */
  async #keep(resumed: SessionWriter, upload: Upload, error: unknown): Promise<void> {
    const { waiting, addition } = this;
    const { record, checkpoint } = waiting;
    const code = error instanceof Problem ? error.code : null;
    const measured = upload.timings();
    // What was not compared is worth nothing, whatever the error was.
    const wrong = (code !== null && BREAKS.has(code)) || record.unverified !== null;
    if (wrong)
      await resumed.partial.truncate(addition.offset).catch(() => {
        // The storage failed as well: what it has is found when it is resumed.
      });
    await upload.discard();
    waiting.setOffset(Math.min(resumed.length, record.unverified ?? resumed.length));
    await checkpoint.written();
    if (this.#overrun && addition.spoils) return await waiting.markFailed("length");
    if (code === "digest_mismatch" && record.unverified === null) return await waiting.markFailed("digest");
    // Whoever ended it by a newer request waits for the bytes, not for their mark.
    // A sync that failed leaves bytes that are there, and not certain.
    void checkpoint.mark(Math.min(waiting.length, resumed.saved), measured, false).catch(() => {
      // The client hears of the error that made it end.
    });
  }
}

/** Time in which the storage synced, and what of it was waiting for it. */
function syncing(seconds: number, waited: number): Timings {
  return { ...NO_TIMINGS, seconds, work: { ...NO_TIMINGS.work, syncWaited: waited, syncBusy: waited } };
}
