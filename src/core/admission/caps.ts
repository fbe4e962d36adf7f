// The caps of links, accounts and the server, and the downloads under them.

import { Cap } from "./cap.ts";
import { CapShare } from "./cap-share.ts";
import { type CapClock, SYSTEM_CLOCK } from "./fair-queue.ts";

/** Caps created between two searches for those that nothing uses any more. */
const SWEEP_INTERVAL = 256;

/** The caps of links, accounts and the server. Transfers hold their caps; the registry does not keep them alive. */
export class Caps {
  readonly #caps = new Map<string, WeakRef<Cap>>();
  #created = 0;
  /** Downloads that are running under a cap. */
  downloads = 0;
  /** The cap of all uploads together, and of all downloads together. */
  readonly server: Cap | undefined;

  /** @param serverRate bytes per second, from --cap; undefined for no cap */
  constructor(
    serverRate: number | undefined,
    readonly clock: CapClock = SYSTEM_CLOCK,
  ) {
    if (serverRate !== undefined) this.server = new Cap(serverRate, "this server", clock);
  }

  /** Caps that are remembered. */
  get size(): number {
    return this.#caps.size;
  }

  /**
   * The cap of a key, the same one for all transfers that run at the same time. With another rate it is another cap, which
   * transfers that begin from now on use.
   * @param key such as `link:ID`
   * @param rate bytes per second
   */
  of(key: string, rate: number, label: string): Cap {
    const known = this.#caps.get(key)?.deref();
    if (known?.rate === rate) return known;
    const cap = new Cap(rate, label, this.clock);
    this.#caps.set(key, new WeakRef(cap));
    this.#created += 1;
    if (this.#created % SWEEP_INTERVAL === 0) this.sweep();
    return cap;
  }

  /** Begins a download under at least one cap; the caller must call `leave` on the result. */
  share(caps: readonly Cap[]): CapShare {
    this.downloads += 1;
    return new CapShare(caps, () => {
      this.downloads -= 1;
    });
  }

  /** Forgets the caps that nothing uses any more. */
  sweep(): void {
    for (const [key, cap] of this.#caps) if (cap.deref() === undefined) this.#caps.delete(key);
  }
}
