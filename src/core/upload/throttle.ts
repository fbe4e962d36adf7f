// Slows one request body down to its caps, and measures for how long each of them made it wait.

import type { Cap } from "../admission/cap.ts";
import { type CapClock, type QueuedUpload, SYSTEM_CLOCK, type Ticket } from "../admission/fair-queue.ts";
import type { CapWait } from "../report/flow-report.ts";

/** One of the caps of the body. */
interface Member {
  readonly cap: Cap;
  readonly queued: QueuedUpload;
  /** The bytes that arrived last. */
  ticket: Ticket | undefined;
  /** Seconds for which this cap was the last one to allow the body to be read on. */
  waited: number;
}

/** A wait that is running. */
interface Wait {
  began: number;
  end: () => void;
}

export class Throttle {
  readonly #members: readonly Member[];
  #wait: Wait | undefined;

  /** @param signal aborted when the connection is closed: then only bytes that have arrived before are left to be read */
  constructor(
    caps: readonly Cap[],
    readonly signal?: AbortSignal,
    readonly clock: CapClock = SYSTEM_CLOCK,
  ) {
    this.#members = caps.map((cap) => ({ cap, queued: cap.uploads.join(), ticket: undefined, waited: 0 }));
  }

  /** Seconds waited so far, the current wait included, and the cap that took most of them; undefined when there were none. */
  get waited(): CapWait | undefined {
    const running = this.#wait && this.clock.now() - this.#wait.began;
    const strictest = this.#pending().reduce<Member | undefined>(
      (one, other) => (one && one.cap.rate <= other.cap.rate ? one : other),
      undefined,
    );
    const secondsOf = (member: Member): number => member.waited + (member === strictest ? (running ?? 0) : 0);
    const seconds = this.#members.reduce((sum, member) => sum + secondsOf(member), 0);
    if (seconds === 0) return undefined;
    const longest = this.#members.reduce((one, other) => (secondsOf(other) > secondsOf(one) ? other : one));
    return { seconds, name: longest.cap.name };
  }

  /** Counts bytes that have arrived. */
  count(bytes: number): void {
    for (const member of this.#members) member.ticket = member.queued.add(bytes);
  }

  /** Waits until all caps allow the body to be read on. @returns undefined when they do already */
  wait(): Promise<void> | undefined {
    const pending = this.#pending();
    if (pending.length === 0 || this.signal?.aborted) return undefined;
    const { promise, resolve } = Promise.withResolvers<void>();
    const wake = (): void => this.wake();
    this.signal?.addEventListener("abort", wake, { once: true });
    const end = (): void => {
      this.signal?.removeEventListener("abort", wake);
      resolve();
    };
    this.#wait = { began: this.clock.now(), end };
    for (const member of pending)
      if (member.ticket)
        member.ticket.onAllowed = () => {
          if (this.#pending().length === 0) this.#end(member, member.ticket?.at);
        };
    return promise;
  }

  /** Ends the current wait. */
  wake(): void {
    const [member] = this.#pending();
    if (member) this.#end(member);
  }

  /** @param at the time at which the wait should have ended: the delay of a late timer is not the cap's */
  #end(member: Member, at = Number.POSITIVE_INFINITY): void {
    const wait = this.#wait;
    if (!wait) return;
    this.#wait = undefined;
    member.waited += Math.max(0, Math.min(this.clock.now(), at) - wait.began);
    wait.end();
  }

  #pending(): Member[] {
    return this.#members.filter(({ ticket }) => ticket && !ticket.allowed);
  }
}
