// The queue of hooks: keeps events in access.db until they are delivered, a few at once, again after failures.

import type { Access } from "../access/access.ts";
import type { Delivery } from "../access/database/deliveries.ts";
import type { Hook } from "../access/database/snapshot.ts";
import { HOUR } from "../units.ts";
import { type DeliveryResult, type HookEvent, newDeliveryId } from "./event.ts";

/** Deliveries that run at once. */
const MOST_RUNNING = 4;
/** Seconds until the next attempt, after each failed one; then the delivery is given up. */
const BACKOFF = [5, 30, 120, 600, 3600, 6 * 3600, 24 * 3600];
/** Events that wait to be saved; more are dropped. */
const MOST_UNSAVED = 10_000;

export interface QueueOptions {
  access: Access;
  /** Delivers an event. Never throws. */
  deliver: (hook: Hook, id: string, event: HookEvent) => Promise<DeliveryResult>;
  warn: (message: string) => void;
  /** Seconds between attempts. */
  backoff?: readonly number[];
}

export class HookQueue {
  /** Saved deliveries that do not run. */
  readonly #waiting = new Map<string, Delivery>();
  readonly #running = new Set<Promise<void>>();
  #unsaved: Delivery[] = [];
  #saving: Promise<void> | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #closed = false;

  constructor(readonly options: QueueOptions) {
    for (const delivery of options.access.deliveries()) this.#waiting.set(delivery.id, delivery);
    this.#run();
  }

  /** Deliveries that run, wait, or are being saved. */
  get size(): number {
    return this.#waiting.size + this.#running.size + this.#unsaved.length;
  }

  /** Adds an event for a hook. It survives a restart from a few milliseconds later on. */
  add(hook: Hook, event: HookEvent): void {
    if (this.#closed) return;
    if (this.#unsaved.length >= MOST_UNSAVED) {
      this.options.warn(`An event of ${event.type} was dropped: too many wait for hooks.`);
      return;
    }
    this.#unsaved.push({
      id: newDeliveryId(),
      hook: hook.id,
      event: JSON.stringify(event),
      attempts: 0,
      due: Date.now(),
    });
    this.#saving ??= this.#save();
  }

  /** Ends waiting and saves what is left. Deliveries that run are begun again by the next start. */
  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#timer);
    await this.#saving;
  }

  async #save(): Promise<void> {
    const { access, warn } = this.options;
    while (this.#unsaved.length > 0) {
      const deliveries = this.#unsaved;
      this.#unsaved = [];
      try {
        const dropped = await access.change("addDeliveries", { deliveries });
        if (dropped > 0) warn(`${dropped} events were dropped: too many wait for hooks.`);
        const added = deliveries.slice(0, deliveries.length - dropped);
        for (const delivery of added) this.#waiting.set(delivery.id, delivery);
        this.#run();
      } catch {
        warn(`${deliveries.length} events of hooks could not be saved and were dropped.`);
      }
    }
    this.#saving = undefined;
  }

  /** Starts deliveries that are due, and looks again when the next one is. */
  #run(): void {
    clearTimeout(this.#timer);
    if (this.#closed) return;
    const now = Date.now();
    let next = Number.POSITIVE_INFINITY;
    for (const delivery of this.#waiting.values()) {
      if (this.#running.size >= MOST_RUNNING) return;
      if (delivery.due > now) next = Math.min(next, delivery.due);
      else this.#start(delivery);
    }
    if (next === Number.POSITIVE_INFINITY) return;
    // The clock may have been set back by years.
    this.#timer = setTimeout(() => this.#run(), Math.min(next - now, HOUR));
    this.#timer.unref();
  }

  #start(delivery: Delivery): void {
    this.#waiting.delete(delivery.id);
    const running = this.#deliver(delivery)
      .catch(() => this.options.warn("A delivery to a hook could not be recorded; it may be sent again."))
      .finally(() => {
        this.#running.delete(running);
        this.#run();
      });
    this.#running.add(running);
  }

  async #deliver(delivery: Delivery): Promise<void> {
    const { access, deliver, warn, backoff = BACKOFF } = this.options;
    const { id, attempts } = delivery;
    const hook = access.snapshot.hooks.find((one) => one.id === delivery.hook);
    if (!hook) return void (await access.change("endDelivery", { id }));
    const event: HookEvent = JSON.parse(delivery.event);
    const { end, reason } = await deliver(hook, id, event);
    if (this.#closed) return;
    if (end === "done") return void (await access.change("endDelivery", { id }));
    const wait = end === "again" ? backoff[attempts] : undefined;
    if (wait === undefined) {
      warn(
        `The hook ${hook.id} did not take ${event.type} of ${event.path}, and is not asked again: ${reason}`,
      );
      return void (await access.change("endDelivery", { id }));
    }
    const next = { ...delivery, attempts: attempts + 1, due: Date.now() + wait * 1000 };
    if (attempts === 0) warn(`The hook ${hook.id} is tried again in ${wait} s: ${reason}`);
    await access.change("retryDelivery", { id, attempts: next.attempts, due: next.due });
    this.#waiting.set(id, next);
  }
}
