// Appends the bytes of one request to a session. An error keeps the bytes received, unless they are known to be wrong.

import { Problem } from "../../errors.ts";
import { FILES, Stopwatch } from "../../system/stopwatch.ts";
import { addTimings, NO_TIMINGS, type Timings } from "../report/flow-report.ts";
import type { SaveResult } from "../upload/saved-file.ts";
import { type AppendRequest, checkAppend, expectEmptyBody, type IncomingBody } from "./append-request.ts";
import type { OpenSession, UploadSession } from "./session.ts";
import { superseded } from "./takeover-lock.ts";

/** Problems after which no byte of the request may be kept. */
const INVALIDATING = new Set([
  "inconsistent_length",
  "checksum_mismatch",
  "digest_mismatch",
  "file_too_large",
]);

const suspensions = new Stopwatch(FILES);

/** Appends the bytes of a request. @returns the file, when these bytes complete it. @throws Problem */
export async function append(session: UploadSession, request: AppendRequest): Promise<SaveResult | null> {
  return await session.acquire(async (signal) => {
    await session.recover();
    if (checkAppend(request, session, session.uploader.limits.maxFileSize)) {
      if (request.spoils) await session.markFailed("length");
      throw request.overflow();
    }
    if (signal.aborted) throw superseded();
    session.touch();
    const incoming = request.receive();
    signal.addEventListener("abort", () => incoming.body.stop(superseded()));
    try {
      if (request.wanted) session.requestDigest(request.wanted);
      if (request.size !== null) await session.setLength(request.size);
      // Also for an empty body: the last request of all may bring no bytes.
      if (session.complete) return await expectEmptyBody(incoming.body, request);
      return await new Append(session, request, incoming).run();
    } finally {
      session.touch();
      incoming.close();
    }
  });
}

/** The state of one append. */
class Append {
  #position: number;
  #overrun = false;

  constructor(
    readonly session: UploadSession,
    readonly request: AppendRequest,
    readonly incoming: IncomingBody,
  ) {
    this.#position = request.offset;
  }

  /** @returns the file, when it is one now. @throws Problem */
  async run(): Promise<SaveResult | null> {
    const { session, request, incoming } = this;
    const { record, digest } = session;
    const before = digest.seconds;
    const checking = (): number =>
      request.checks.reduce((sum, { seconds }) => sum + seconds, digest.seconds - before);
    const network = (): number => incoming.body.waited;
    const open = await session.open({
      size: record.size ?? undefined,
      networkSeconds: network,
      checksumSeconds: checking,
    });
    try {
      await this.#receive(open);
      if (!this.#ended) {
        await this.#suspend(open);
        return null;
      }
    } catch (error) {
      await this.#fail(open, error);
      throw error;
    }
    return await session.publish(open);
  }

  get #ended(): boolean {
    const { concat, size } = this.session.record;
    const { ends } = this.request;
    return concat === null && (ends === true || (ends === "length" && this.#position === size));
  }

  async #receive({ writer, upload }: OpenSession): Promise<void> {
    const { request, incoming } = this;
    const { record, checkpoint, digest } = this.session;
    const { checks } = request;
    if (checks.length > 0 || record.unverified !== null)
      await writer.waitForMetadata(this.#verified(checks.length > 0 ? request.offset : null));
    await writer.waitForMetadata(checkpoint.prepare(request.offset));
    for await (const chunk of incoming.body.chunks()) {
      const offset = this.#position;
      this.#position += chunk.byteLength;
      this.#overrun = record.size !== null && this.#position > record.size;
      if (this.#overrun) throw request.overflow();
      for (const check of checks) check.update(chunk);
      digest.update(chunk, offset);
      const ready = upload.write(chunk);
      if (ready) await ready;
      if (checkpoint.due(writer.saved)) checkpoint.markLater(writer.saved, upload.timings());
    }
    incoming.saving();
    for (const check of checks) check.finish();
    if (request.ends === true && record.size !== null && this.#position !== record.size)
      throw request.overflow();
    record.unverified = null;
    this.session.setOffset(this.#position);
  }

  async #verified(from: number | null): Promise<void> {
    this.session.record.unverified = from;
    await this.session.checkpoint.save();
  }

  async #suspend({ writer, upload }: OpenSession): Promise<void> {
    const { session, request } = this;
    const { record, checkpoint } = session;
    // A complete part is reported as such and not sent again, so it must be durable before the answer.
    const part = record.concat !== null && this.#position === record.size;
    if (part) await session.verify(writer.partial);
    const measured = upload.timings();
    const start = performance.now();
    const synced = suspensions.start();
    await (part ? writer.suspend() : writer.suspendLazily());
    await upload.suspend();
    session.setOffset(writer.length);
    await checkpoint.written();
    const after = syncing((performance.now() - start) / 1000, synced());
    await checkpoint.mark(writer.saved, addTimings(measured, after), part || request.checks.length > 0);
  }

  /** Keeps the bytes received before an error, or truncates those that are known to be wrong. */
  async #fail({ writer, upload }: OpenSession, error: unknown): Promise<void> {
    const { session, request } = this;
    const { record, checkpoint } = session;
    const code = error instanceof Problem ? error.code : null;
    const measured = upload.timings();
    // Bytes whose checksum was never verified are discarded, whatever the error.
    const wrong = (code !== null && INVALIDATING.has(code)) || record.unverified !== null;
    if (wrong)
      await writer.partial.truncate(request.offset).catch(() => {
        // The storage failed as well: what it has is found when it is resumed.
      });
    await upload.suspend();
    session.setOffset(Math.min(writer.length, record.unverified ?? writer.length));
    await checkpoint.written();
    if (this.#overrun && request.spoils) return await session.markFailed("length");
    if (code === "digest_mismatch" && record.unverified === null) return await session.markFailed("digest");
    // The request that took over waits for the bytes to be durable, not for this checkpoint.
    // After a failed sync the bytes exist but are not known to be durable.
    void checkpoint.mark(Math.min(session.length, writer.saved), measured, false).catch(() => {
      // The client hears of the error that made it end.
    });
  }
}

/** Timings of the sync at the end of a request, in seconds. */
function syncing(seconds: number, waited: number): Timings {
  return { ...NO_TIMINGS, seconds, work: { ...NO_TIMINGS.work, syncWaited: waited, syncBusy: waited } };
}
