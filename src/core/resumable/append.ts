// Appends the bytes of one request to a session. After an error the bytes received are kept, unless they are known to be wrong.

import { asProblem, Problem } from "../../errors.ts";
import { FILES, Stopwatch } from "../../system/stopwatch.ts";
import { addTimings, NO_TIMINGS, type Timings } from "../report/flow-report.ts";
import type { SaveResult } from "../upload/saved-file.ts";
import { type AppendRequest, checkAppend, expectEmptyBody, type IncomingBody } from "./append-request.ts";
import type { OpenSession, UploadSession } from "./session.ts";

/** Problems after which all bytes of the request are discarded. */
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
      if (request.overflowInvalidates) await session.markFailed("length");
      throw request.overflow();
    }
    signal.throwIfAborted();
    session.activity.touch();
    const incoming = request.receive();
    signal.addEventListener("abort", () => incoming.body.stop(asProblem(signal.reason)));
    try {
      if (request.wanted) session.requestDigest(request.wanted);
      if (request.size !== null) await session.setLength(request.size);
      // An empty body is appended as well: the last request may only state that the upload is complete.
      const saved = session.complete
        ? await expectEmptyBody(incoming.body, request)
        : await new Append(session, request, incoming).run();
      if (session.complete && saved === null) session.observer.partCompleted(session);
      return saved;
    } finally {
      session.activity.touch();
      incoming.close();
    }
  });
}

/** The state of one append. */
class Append {
  /** The offset of the next byte. */
  #position: number;
  /** Whether the body went past the length of the upload. */
  #exceeded = false;

  constructor(
    readonly session: UploadSession,
    readonly request: AppendRequest,
    readonly incoming: IncomingBody,
  ) {
    this.#position = request.offset;
  }

  /** @returns the file, when the upload is complete. @throws Problem */
  async run(): Promise<SaveResult | null> {
    const { session, request, incoming } = this;
    const { record, digest } = session;
    const digestSecondsBefore = digest.seconds;
    const checksumSeconds = (): number =>
      request.checks.reduce((sum, { seconds }) => sum + seconds, digest.seconds - digestSecondsBefore);
    const networkSeconds = (): number => incoming.body.waited;
    const open = await session.open({
      size: record.size ?? undefined,
      networkSeconds,
      capWait: incoming.body.measureCapWait(),
      checksumSeconds,
      end: (problem) => incoming.body.stop(problem),
    });
    try {
      await this.#receive(open);
      if (!this.#completesUpload) {
        await this.#suspend(open);
        return null;
      }
    } catch (error) {
      await this.#fail(open, error);
      throw error;
    }
    return await session.publish(open);
  }

  get #completesUpload(): boolean {
    const { concat, size } = this.session.record;
    const { ends } = this.request;
    return concat === null && (ends === true || (ends === "length" && this.#position === size));
  }

  async #receive({ writer, upload }: OpenSession): Promise<void> {
    const { request, incoming } = this;
    const { record, checkpoint, digest } = this.session;
    const { checks } = request;
    if (checks.length > 0 || record.unverified !== null)
      await writer.waitForMetadata(this.#recordUnverified(checks.length > 0 ? request.offset : null));
    await writer.waitForMetadata(checkpoint.prepare(request.offset));
    for await (const chunk of incoming.body.chunks()) {
      const offset = this.#position;
      this.#position += chunk.byteLength;
      this.#exceeded = record.size !== null && this.#position > record.size;
      if (this.#exceeded) throw request.overflow();
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

  /** Records the offset from which on bytes are unverified; `null`: all are verified. @throws Problem */
  async #recordUnverified(from: number | null): Promise<void> {
    this.session.record.unverified = from;
    await this.session.checkpoint.save();
  }

  async #suspend({ writer, upload }: OpenSession): Promise<void> {
    const { session, request } = this;
    const { record, checkpoint } = session;
    // The client will not send a complete part again, so its bytes must be durable before the response.
    const completePart = record.concat !== null && this.#position === record.size;
    if (completePart) await session.verify(writer.partial);
    const measured = upload.timings();
    const start = performance.now();
    const elapsed = suspensions.start();
    await (completePart ? writer.suspend() : writer.suspendLazily());
    await upload.suspend();
    session.setOffset(writer.length);
    await checkpoint.written();
    const sync = syncTimings((performance.now() - start) / 1000, elapsed());
    await checkpoint.mark(
      writer.saved,
      addTimings(measured, sync),
      completePart || request.checks.length > 0,
    );
  }

  /** Keeps the bytes received before an error, or truncates those that are known to be wrong. */
  async #fail({ writer, upload }: OpenSession, error: unknown): Promise<void> {
    const { session, request } = this;
    const { record, checkpoint } = session;
    const code = error instanceof Problem ? error.code : null;
    const measured = upload.timings();
    // Bytes whose checksum was never verified are discarded, whatever the error.
    const discarding = (code !== null && INVALIDATING.has(code)) || record.unverified !== null;
    if (discarding)
      await writer.partial.truncate(request.offset).catch(() => {
        // The storage failed as well; the length of the file is checked when the upload is resumed.
      });
    await upload.suspend();
    session.setOffset(Math.min(writer.length, record.unverified ?? writer.length));
    await checkpoint.written();
    if (this.#exceeded && request.overflowInvalidates) return await session.markFailed("length");
    if (code === "digest_mismatch" && record.unverified === null) return await session.markFailed("digest");
    // Not awaited, so that a request that takes over does not have to wait for this checkpoint.
    // After a failed sync, bytes beyond `saved` exist but are not known to be durable.
    void checkpoint.mark(Math.min(session.length, writer.saved), measured, false).catch(() => {
      // The client gets the error that ended the request.
    });
  }
}

/**
 * The timings of the sync at the end of a request.
 * @param seconds elapsed in total
 * @param waited seconds of them spent waiting for the disk
 */
function syncTimings(seconds: number, waited: number): Timings {
  return { ...NO_TIMINGS, seconds, work: { ...NO_TIMINGS.work, syncWaited: waited, syncBusy: waited } };
}
