// Lets the uploads under one cap go on in turn, so that all of them together keep to its rate and each gets the same part of it.

/** The clock of caps and of those who wait for them. */
export interface CapClock {
  /** Seconds, monotonic. */
  now(): number;
  /** Calls back after some seconds, unless the result is called before. */
  after(seconds: number, callback: () => void): () => void;
}

export const SYSTEM_CLOCK: CapClock = {
  now: () => performance.now() / 1000,
  after(seconds, callback) {
    const timer = setTimeout(callback, seconds * 1000);
    return () => clearTimeout(timer);
  },
};

/** Seconds of unused rate that the next bytes may use: without it, every timer that fires late would lose some of the rate. */
export const CREDIT = 0.05;
/** Seconds of the rate after which the next upload has its turn. */
const TURN = 0.1;
/** Seconds for which the rate is left unused, of what CREDIT allows, until an upload that is behind has read its next bytes. */
const PATIENCE = 0.005;
/** Seconds. A shorter wait is left to the bytes that follow, because timers are no more precise. */
export const SHORTEST_WAIT = 0.001;

/** Bytes of one upload that have arrived. It may read on when they are `allowed`. */
export interface Ticket {
  allowed: boolean;
  /** When they were allowed, or should have been if the timer was late; unknown before. */
  at: number;
  /** Called when they are allowed. */
  onAllowed: (() => void) | undefined;
}

interface WaitingTicket extends Ticket {
  readonly upload: QueuedUpload;
  left: number;
  /** Bytes that its upload had been allowed before, as compared with those of others. */
  start: number;
}

/** One upload under the cap. */
export interface QueuedUpload {
  /** Counts bytes that have arrived. */
  add(bytes: number): Ticket;
}

/**
 * Start-time fair queueing: the upload that has been allowed the fewest bytes is next. Bytes count, not chunks: senders
 * whose chunks are large get no more. An upload that was slower than its part does not catch up later.
 */
export class FairQueue {
  readonly #waiting: WaitingTicket[] = [];
  /** The `start` of the latest ticket that had a turn. */
  #progress = 0;
  /** The time at which all bytes allowed so far fit the rate. */
  #filled: number;
  /** Whether a ticket has its turn. */
  #busy = false;
  /** The upload whose next bytes are awaited, though others wait. */
  #expected: { upload: QueuedUpload; cancel: () => void } | undefined;

  /** @param rate bytes per second */
  constructor(
    readonly rate: number,
    readonly clock: CapClock,
  ) {
    this.#filled = clock.now();
  }

  join(): QueuedUpload {
    let end = 0;
    const upload: QueuedUpload = {
      add: (bytes) => {
        const start = Math.max(end, this.#progress);
        end = start + bytes;
        const ticket = { upload, left: bytes, start, allowed: false, at: Number.NaN, onAllowed: undefined };
        this.#waiting.push(ticket);
        if (!this.#busy && (this.#expected ?? ticket).upload === upload) this.#next();
        return ticket;
      },
    };
    return upload;
  }

  #next(): void {
    this.#expected?.cancel();
    this.#expected = undefined;
    for (let ticket = this.#first(); ticket; ticket = this.#first()) {
      this.#progress = Math.max(this.#progress, ticket.start);
      const bytes = Math.min(ticket.left, this.rate * TURN);
      const now = this.clock.now();
      this.#filled = Math.max(this.#filled, now - CREDIT) + bytes / this.rate;
      if (this.#filled - now >= SHORTEST_WAIT) {
        this.#allowLater(ticket, bytes, this.#filled - now);
        return;
      }
      this.#allow(ticket, bytes);
      if (this.#expects(ticket)) return;
    }
  }

  #allowLater(ticket: WaitingTicket, bytes: number, seconds: number): void {
    this.#busy = true;
    this.clock.after(seconds, () => {
      this.#allow(ticket, bytes);
      this.#busy = false;
      if (!this.#expects(ticket)) this.#next();
    });
  }

  #allow(ticket: WaitingTicket, bytes: number): void {
    ticket.left -= bytes;
    ticket.start += bytes;
    if (ticket.left > 0) return;
    this.#waiting.splice(this.#waiting.indexOf(ticket), 1);
    ticket.allowed = true;
    ticket.at = this.#filled;
    ticket.onAllowed?.();
  }

  /**
   * An upload whose bytes are all allowed reads the next ones in a moment. If it is behind those that wait, these must not
   * have their turn in between: then large chunks would get more than small ones.
   */
  #expects({ upload, allowed, start }: WaitingTicket): boolean {
    const other = this.#first();
    if (!allowed || !other || other.start <= start) return false;
    if (this.clock.now() - this.#filled > CREDIT / 2) return false;
    const cancel = this.clock.after(PATIENCE, () => this.#next());
    this.#expected = { upload, cancel };
    return true;
  }

  /** The ticket whose upload has been allowed the fewest bytes, the earliest of equals. */
  #first(): WaitingTicket | undefined {
    let [first] = this.#waiting;
    for (const ticket of this.#waiting) if (first && ticket.start < first.start) first = ticket;
    return first;
  }
}
