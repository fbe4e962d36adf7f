// Hooks: tells webhooks and commands what has happened, and asks them before an upload begins.

import type { Access } from "../access/access.ts";
import type { Hook } from "../access/database/snapshot.ts";
import { Problem } from "../errors.ts";
import { SingleFlight } from "../system/single-flight.ts";
import { runCommand } from "./command.ts";
import { type DeliveryResult, type HookEvent, hooksFor, newDeliveryId } from "./event.ts";
import { HookQueue } from "./queue.ts";
import { sendWebhook } from "./webhook.ts";

/** Questions to `upload.before` hooks that run at once; more uploads wait. */
const MOST_ASKED = 16;
/** Questions that wait for their turn: clients that have gone leave theirs behind. */
const MOST_WAITING = 256;

export interface HooksOptions {
  access: Access;
  /** The folder that is served, absolute. */
  root: string;
  warn: (message: string) => void;
  /** Seconds between attempts of one delivery. */
  backoff?: readonly number[];
}

export class Hooks {
  readonly queue: HookQueue;
  /** Each question has an id of its own, so that none shares the answer to another. */
  readonly #questions = new SingleFlight<DeliveryResult>({ concurrency: MOST_ASKED });

  constructor(readonly options: HooksOptions) {
    const { access, warn, backoff } = options;
    const deliver = (hook: Hook, id: string, event: HookEvent) => this.#deliver(hook, id, event);
    this.queue = new HookQueue({ access, deliver, warn, ...(backoff && { backoff }) });
  }

  /** Tells every hook that wants to know of an event. */
  emit(event: HookEvent): void {
    for (const hook of hooksFor(this.options.access.snapshot.hooks, event)) this.queue.add(hook, event);
  }

  /** Whether a hook wants to be asked before uploads. */
  get asks(): boolean {
    return this.options.access.snapshot.hooks.some((hook) => hook.events.includes("upload.before"));
  }

  /** Asks every hook whether an upload may begin. @throws Problem hook_refused with its sentence; hook_failed when one gives no answer */
  async ask(event: HookEvent): Promise<void> {
    for (const hook of hooksFor(this.options.access.snapshot.hooks, event)) {
      if (this.#questions.queued >= MOST_WAITING)
        throw failed("Too many uploads wait for the programs that check them.");
      const id = newDeliveryId();
      const { end, reason } = await this.#questions.run(id, () => this.#deliver(hook, id, event));
      if (end === "done") continue;
      if (end === "refused") throw new Problem("hook_refused", reason);
      this.options.warn(`The hook ${hook.id} gave no answer before the upload of ${event.path}: ${reason}`);
      throw failed("A program that checks uploads on this server gave no answer.");
    }
  }

  async close(): Promise<void> {
    await this.queue.close();
  }

  /** Sends one event to one hook, once. Never throws. @param root the folder that is served, absolute */
  static async deliver(hook: Hook, id: string, event: HookEvent, root: string): Promise<DeliveryResult> {
    if (hook.kind === "webhook") return await sendWebhook(hook, id, event);
    return await runCommand(hook, id, event, root);
  }

  async #deliver(hook: Hook, id: string, event: HookEvent): Promise<DeliveryResult> {
    return await Hooks.deliver(hook, id, event, this.options.root);
  }
}

function failed(detail: string): Problem {
  return new Problem("hook_failed", detail, { headers: { "retry-after": "30" } });
}
