// Remembers right passwords for a few minutes, so that a client that sends Basic with each request costs one hash.

import { SingleFlight } from "../../system/single-flight.ts";

/** Milliseconds after the hash; then the password is verified again. */
const LIFETIME = 5 * 60_000;
const MOST_ENTRIES = 1024;

export class BasicCache {
  /** Without it, the keys would be fast hashes of passwords. It exists only in this process. */
  readonly #secret = crypto.getRandomValues(new Uint8Array(32));
  /** When each entry expires, by key; the oldest first. */
  readonly #right = new Map<string, number>();
  readonly #flights = new SingleFlight<boolean>({ joinRunning: true });
  readonly #now: () => number;

  /** @param now a monotonic clock, in milliseconds */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  /**
   * @param account whose password it is; undefined when there is none. What is remembered is not found any more once the epoch is
   * another one, because the password has changed, or the uid, because another account has the name. Of a link: its hash and serial
   */
  keyOf(name: string, password: string, account: { uid: string; epoch: number } | undefined): string {
    const { uid, epoch } = account ?? { uid: "", epoch: 0 };
    // Lengths keep "a" + "bc" apart from "ab" + "c".
    return new Bun.CryptoHasher("sha256", this.#secret)
      .update(`${uid}:${epoch}:${name.length}:${name}${password}`)
      .digest("base64");
  }

  /** Whether the password of this key was right a short time ago. */
  knows(key: string): boolean {
    const expires = this.#right.get(key);
    if (expires === undefined) return false;
    if (this.#now() < expires) return true;
    this.#right.delete(key);
    return false;
  }

  /**
   * Whether the password of this key is right: remembered, or found out by `verify`, which concurrent callers share. Wrong
   * passwords are not remembered.
   * @throws what `verify` throws
   */
  async check(key: string, verify: () => Promise<boolean>): Promise<boolean> {
    if (this.knows(key)) return true;
    return this.#flights.run(key, async () => {
      const right = await verify();
      if (right) this.#remember(key);
      return right;
    });
  }

  #remember(key: string): void {
    const [oldest] = this.#right.keys();
    if (oldest !== undefined && this.#right.size >= MOST_ENTRIES) this.#right.delete(oldest);
    this.#right.delete(key);
    this.#right.set(key, this.#now() + LIFETIME);
  }
}
