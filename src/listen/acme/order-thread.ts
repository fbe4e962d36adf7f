// Orders certificates in a thread that ends after each, so that its memory is free for the months until the next one.

import { messageOf } from "../../system/errno.ts";
import { WorkerThread } from "../../system/worker-thread.ts";
import type { Failure, Issued, Order, OrderAnswer } from "./order-worker.ts";

/** Milliseconds after which an order is given up. Authorities answer within seconds; a busy one may take minutes. */
const LONGEST = 300_000;

export class OrderThread {
  readonly #thread = new WorkerThread<Order, OrderAnswer>({
    script: "listen/acme/order-worker.ts",
    ended: (cause) => cause,
  });

  /** Never rejects: a thread that ended without an answer is a failure. */
  async order(order: Order): Promise<Issued | Failure> {
    const timer = setTimeout(
      () => this.#thread.end(new Error(`no certificate within ${LONGEST / 60_000} minutes`)),
      LONGEST,
    );
    try {
      const { id: _, ...answer } = await this.#thread.ask(order).answer;
      return answer;
    } catch (error) {
      return { failed: messageOf(error), kind: "unreachable" };
    } finally {
      clearTimeout(timer);
      this.stop();
    }
  }

  /** Ends a running order, which fails. */
  stop(): void {
    this.#thread.end(new Error("the server is stopping"));
  }
}
