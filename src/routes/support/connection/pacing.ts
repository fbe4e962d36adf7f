// Downloads whose rate the system limits: their connections are paced while the answer is sent, and free afterwards.

import type { CapShare } from "../../../core/admission/cap-share.ts";
import { type CapClock, SYSTEM_CLOCK } from "../../../core/admission/fair-queue.ts";
import type { Connection } from "../../../system/pacing.ts";
import type { Listener } from "../idle-timeout.ts";
import { connectionOf } from "./connection.ts";

/** Seconds between two looks at the share while the first bytes are held back. */
const STEP = 0.1;
/** Seconds for which an answer is held back, at most: clients and proxies do not wait for long. */
const LONGEST_HOLD = 10;

/** An answer that is being sent. */
export interface PacedAnswer {
  /** Must be called when the answer has ended, sent or not: the next one on this connection has no limit, or its own. */
  ended(): void;
}

/** The part of a connection that is needed here. */
export type PacedConnection = Pick<Connection, "ends" | "pace" | "unpace" | "queued" | "unpaced">;

/** The paced connections of one server. */
export class Pacing {
  /** The share of the latest paced answer of each connection. */
  readonly #latest = new Map<string, CapShare>();

  constructor(
    readonly find: (request: Request, server: Listener) => PacedConnection | null = connectionOf,
    readonly clock: CapClock = SYSTEM_CLOCK,
  ) {}

  /**
   * Limits the connection of a request to a share from now on. Resolves when the answer may be sent: its first bytes, to
   * which the system applies no limit, are held back for the time that they would take.
   * @returns null when the connection cannot be limited
   */
  async begin(
    request: Request,
    server: Listener,
    share: CapShare,
    bytes: number,
  ): Promise<PacedAnswer | null> {
    const connection = this.find(request, server);
    if (!connection) return null;
    // A connection has one answer at a time: the earlier one is over, even if that has not been noticed yet.
    this.#latest.get(connection.ends)?.leave();
    let { rate } = share;
    if (!connection.pace(rate)) return null;
    this.#latest.set(connection.ends, share);
    share.onChange = () => {
      if (share.rate === rate) return;
      ({ rate } = share);
      connection.pace(rate);
    };
    await this.#hold(share, Math.min(bytes, connection.unpaced), request.signal);
    return { ended: () => this.#end(connection, share) };
  }

  async #hold(share: CapShare, bytes: number, signal: AbortSignal): Promise<void> {
    const end = this.clock.now() + LONGEST_HOLD;
    let left = bytes;
    while (left >= share.rate * 0.001 && !signal.aborted && this.clock.now() < end) {
      const seconds = Math.min(left / share.rate, STEP);
      left -= seconds * share.rate;
      await new Promise<void>((resolve) => this.clock.after(seconds, resolve));
    }
  }

  /** The end of the answer still lies in the socket's buffer, and leaves it at the same rate. */
  #end(connection: PacedConnection, share: CapShare): void {
    this.clock.after(connection.queued / share.rate, () => {
      share.leave();
      if (this.#latest.get(connection.ends) !== share) return;
      this.#latest.delete(connection.ends);
      connection.unpace();
    });
  }
}
