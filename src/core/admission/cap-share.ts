// The share of one download in its caps, and a stream that keeps to it.

import type { Cap, Sharer } from "./cap.ts";
import { type CapClock, CREDIT, SHORTEST_WAIT, SYSTEM_CLOCK } from "./fair-queue.ts";

/** Bytes that a stream sends at once: a tenth of a second of its rate, within these bounds. */
const PIECE_SECONDS = 0.1;
const [SMALLEST_PIECE, LARGEST_PIECE] = [1024, 65_536];

/** One running download under at least one cap. Its rate is the smallest of its shares, and changes as others begin and end. */
export class CapShare implements Sharer {
  #left = false;
  /** Called when the rate may have changed. */
  onChange: (() => void) | undefined;

  /** @param onLeave called once, when the share is left */
  constructor(
    readonly caps: readonly Cap[],
    readonly onLeave: () => void = () => {},
  ) {
    for (const cap of caps) cap.join(this);
  }

  /** Bytes per second. */
  get rate(): number {
    return Math.min(...this.caps.map(({ share }) => share));
  }

  /** The cap that decides: `cap of this link (5 MB/s)`. */
  get name(): string | undefined {
    return this.caps.find(({ share }) => share === this.rate)?.name;
  }

  changed(): void {
    this.onChange?.();
  }

  /** Gives the share to the others. Calling it again has no effect. */
  leave(): void {
    if (this.#left) return;
    this.#left = true;
    this.onChange = undefined;
    for (const cap of this.caps) cap.leave(this);
    this.onLeave();
  }
}

/**
 * The same bytes at the rate of a share, which is left when the stream ends, fails or is cancelled.
 * @param renew called before each piece
 */
export function paced(
  stream: ReadableStream<Uint8Array<ArrayBuffer>>,
  share: CapShare,
  renew: () => void = () => {},
  clock: CapClock = SYSTEM_CLOCK,
): ReadableStream<Uint8Array<ArrayBuffer>> {
  const reader = stream.getReader();
  let rest = new Uint8Array();
  let due = clock.now();
  let wake: (() => void) | undefined;
  const sleep = async (seconds: number): Promise<void> => {
    const { promise, resolve } = Promise.withResolvers<void>();
    const cancelTimer = clock.after(seconds, resolve);
    wake = resolve;
    await promise;
    cancelTimer();
  };
  /** The next bytes; undefined at the end. */
  const next = async (): Promise<Uint8Array<ArrayBuffer> | undefined> => {
    while (rest.byteLength === 0) {
      const { done, value } = await reader.read();
      if (done) return undefined;
      rest = value;
    }
    const most = Math.round(Math.min(LARGEST_PIECE, Math.max(SMALLEST_PIECE, share.rate * PIECE_SECONDS)));
    const piece = rest.subarray(0, most);
    rest = rest.subarray(most);
    return piece;
  };
  return new ReadableStream(
    {
      async pull(controller) {
        renew();
        try {
          const piece = await next();
          if (piece === undefined) {
            share.leave();
            return controller.close();
          }
          due = Math.max(due, clock.now() - CREDIT) + piece.byteLength / share.rate;
          const seconds = due - clock.now();
          if (seconds >= SHORTEST_WAIT) await sleep(seconds);
          controller.enqueue(piece);
        } catch (error) {
          share.leave();
          throw error;
        }
      },
      async cancel(reason) {
        share.leave();
        wake?.();
        await reader.cancel(reason);
      },
    },
    { highWaterMark: 0 },
  );
}
