// Downloads whose rate the system limits: their connections are paced while the answer is sent, and free afterwards.

import type { CapShare } from "../../../core/admission/cap-share.ts";
import { type CapClock, SYSTEM_CLOCK } from "../../../core/admission/fair-queue.ts";
import { isAnswering } from "../../../plugins/request-info.ts";
import type { Connection } from "../../../system/pacing.ts";
import type { BunServer } from "../idle-timeout.ts";
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

/** An answer under a cap. */
interface RunningAnswer {
  request: Request;
  server: BunServer;
  share: CapShare;
  ended: boolean;
}

/** Whether it has been sent, even if that has not been noticed yet. */
function isOver({ request, server, ended }: RunningAnswer): boolean {
  return ended || !server || !isAnswering(request, server);
}

/** The answers under a cap on one connection: one in HTTP/1.1, any number in HTTP/2. */
class RunningAnswers {
  readonly #answers = new Set<RunningAnswer>();
  #rate = 0;

  constructor(public connection: PacedConnection) {}

  /** The sum of their shares. */
  get rate(): number {
    return [...this.#answers].reduce((sum, { share }) => sum + share.rate, 0);
  }

  get size(): number {
    return this.#answers.size;
  }

  /**
   * @param connection one with the same ends may be newer
   * @returns whether it is limited now
   */
  add(answer: RunningAnswer, connection: PacedConnection): boolean {
    this.connection = connection;
    for (const earlier of this.#answers) if (isOver(earlier)) this.#leave(earlier);
    this.#answers.add(answer);
    answer.share.onChange = () => this.#follow();
    this.#rate = this.rate;
    if (this.connection.pace(this.#rate)) return true;
    this.#answers.delete(answer);
    return false;
  }

  remove(answer: RunningAnswer): void {
    if (!this.#answers.has(answer)) return;
    this.#leave(answer);
    if (this.#answers.size === 0) this.connection.unpace();
    else this.#follow();
  }

  /** The others get the share, and their connection its rate, when it no longer counts here. */
  #leave(answer: RunningAnswer): void {
    this.#answers.delete(answer);
    answer.share.leave();
  }

  #follow(): void {
    const { rate } = this;
    if (rate === this.#rate || rate === 0) return;
    this.#rate = rate;
    this.connection.pace(rate);
  }
}

/** The paced connections of one server. */
export class Pacing {
  readonly #running = new Map<string, RunningAnswers>();

  constructor(
    readonly find: (request: Request, server: BunServer) => PacedConnection | null = connectionOf,
    readonly clock: CapClock = SYSTEM_CLOCK,
  ) {}

  /**
   * Limits the connection of a request to a share from now on, besides those of its other answers. Resolves when the answer
   * may be sent: its first bytes, to which the system applies no limit, are held back for the time that they would take.
   * @returns null when the connection cannot be limited
   */
  async begin(
    request: Request,
    server: BunServer,
    share: CapShare,
    bytes: number,
  ): Promise<PacedAnswer | null> {
    const connection = this.find(request, server);
    if (!connection) return null;
    const running = this.#running.get(connection.ends) ?? new RunningAnswers(connection);
    const answer: RunningAnswer = { request, server, share, ended: false };
    if (!running.add(answer, connection)) return null;
    this.#running.set(connection.ends, running);
    await this.#hold(share, Math.min(bytes, connection.unpaced), request.signal);
    return { ended: () => this.#end(running, answer) };
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
  #end(running: RunningAnswers, answer: RunningAnswer): void {
    const { connection, rate } = running;
    answer.ended = true;
    this.clock.after(rate > 0 ? connection.queued / rate : 0, () => {
      running.remove(answer);
      if (running.size === 0) this.#running.delete(connection.ends);
    });
  }
}
