// Detects how downloads end. Bun sends files without reporting completion, so their state is polled.

import type { Access } from "../../access/access.ts";
import type { CapShare } from "../../core/admission/cap-share.ts";
import type { Log } from "../../plugins/log.ts";
import { isAnswering, requestInfoOf } from "../../plugins/request-info.ts";
import { stillHas } from "../../plugins/revoking/revoking.ts";
import type { StoredFile } from "../../storage/stored-file.ts";
import type { AnswerCut } from "./connection/answer-cut.ts";
import type { BunServer } from "./idle-timeout.ts";

/** Milliseconds between two polls. */
const POLL_INTERVAL = 100;
/** The same for a download under a cap, because others wait for its share. */
const CAPPED_POLL_INTERVAL = 20;

/** A file being sent. */
export interface Delivery {
  request: Request;
  /** Kept open until sending ends. */
  file: StoredFile;
  /** Bytes of the answer's body. */
  bytes: number;
  /** Bytes the file must still have for the answer to be complete. */
  needs: number;
  /** Ends it before its end. */
  cut: AnswerCut;
  /** The share in the caps that apply to it. */
  share: CapShare | null;
  /** Called when sending has ended. */
  ended: () => void;
}

interface RunningDelivery extends Delivery {
  server: NonNullable<BunServer>;
  began: number;
  signal: AbortSignal;
  revoked: boolean;
}

/** The downloads in progress. */
export class Deliveries {
  readonly #running = new Set<RunningDelivery>();
  /** Under a cap: each is polled by a timer of its own. */
  readonly #capped = new Set<RunningDelivery>();
  readonly #access: Access | undefined;
  #timer: Timer | undefined;

  constructor(
    readonly log: Log,
    access?: Access,
  ) {
    access?.onChange(() => {
      for (const watched of [...this.#running, ...this.#capped]) this.#cutUnlessAllowed(access, watched);
    });
    this.#access = access;
  }

  /**
   * Closes the file once it is sent, and logs the download. Must be called in the same turn as the answer is returned.
   * @param onSlow called if the file is not sent within the turn
   */
  watch(delivery: Delivery, server: NonNullable<BunServer>, onSlow: () => void): void {
    const { signal } = delivery.request;
    requestInfoOf(delivery.request)?.logOnFinish();
    const watched = { ...delivery, server, signal, began: performance.now(), revoked: false };
    // Most files are small and already sent by then.
    setImmediate(() => {
      if (this.#poll(watched)) return;
      onSlow();
      // The grants may have changed since the route has looked at them.
      if (this.#access) this.#cutUnlessAllowed(this.#access, watched);
      if (delivery.share) return this.#pollOften(watched);
      this.#running.add(watched);
      this.#timer ??= setInterval(() => this.#pollAll(), POLL_INTERVAL).unref();
    });
  }

  #pollOften(watched: RunningDelivery): void {
    this.#capped.add(watched);
    const timer = setInterval(() => {
      if (!this.#poll(watched)) return;
      clearInterval(timer);
      this.#capped.delete(watched);
    }, CAPPED_POLL_INTERVAL).unref();
  }

  /** Cuts the connection of an answer whose asker may not read the file any more, by its path or by the one behind links. */
  #cutUnlessAllowed(access: Access, watched: RunningDelivery): void {
    const { request, file, cut } = watched;
    const { path, target = path } = file.entry;
    const asker = requestInfoOf(request)?.asker;
    if (!asker || stillHas(access, asker, { word: "read", paths: [path, target] })) return;
    watched.revoked = true;
    cut.cut();
  }

  #pollAll(): void {
    for (const watched of this.#running) if (this.#poll(watched)) this.#running.delete(watched);
    if (this.#running.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  /** Whether sending has ended. */
  #poll(delivery: RunningDelivery): boolean {
    const { request, file, bytes, needs, server, signal, began, share, revoked } = delivery;
    if (isAnswering(request, server)) return false;
    const shrank = !signal.aborted && sizeOf(file) < needs;
    // Bun sends the bytes there are and keeps the connection open: the client would read the next answer as missing bytes.
    if (shrank || (revoked && !signal.aborted)) server.closeIdleConnections();
    void file.close();
    const seconds = (performance.now() - began) / 1000;
    const ending = revoked ? "revoked" : shrank ? "shrank" : signal.aborted ? "cut" : "sent";
    this.log.sent(request, { path: file.entry.path, bytes, seconds, ending, cap: share?.name });
    delivery.ended();
    return true;
  }
}

function sizeOf(file: StoredFile): number {
  try {
    return file.stat().size;
  } catch {
    return 0;
  }
}
