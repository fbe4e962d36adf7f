// The largest body a proxy lets through, found with few requests that announce a length and bring no byte.

import { open, RawConnectionError, type Target } from "./raw-http.ts";

const KIB = 2 ** 10;
const MIB = 2 ** 20;
const GIB = 2 ** 30;
/** Larger than what people send. */
export const LARGEST = 100 * GIB;
/** Requests, at most. */
const MOST = 20;

/** What people and programs set as a limit, in order. */
const USUAL: readonly number[] = [
  ...[1e6, MIB, 2 * MIB, 4 * MIB, 5 * MIB, 8 * MIB, 1e7, 10 * MIB, 16 * MIB, 20 * MIB, 25 * MIB, 32 * MIB],
  ...[50 * MIB, 64 * MIB, 1e8, 100 * MIB, 128 * MIB, 2e8, 200 * MIB, 256 * MIB, 500 * MIB, 512 * MIB, 1e9],
  ...[GIB, 2 * GIB, 4 * GIB, 5 * GIB, 8 * GIB, 10 * GIB, 50 * GIB],
  ...[16 * KIB, 64 * KIB, 128 * KIB, 256 * KIB, 512 * KIB],
].toSorted((one, other) => one - other);

/** What was found. */
export interface BodyLimit {
  /** Undefined: none up to `LARGEST`. */
  readonly limit: number | undefined;
  /** Whether one byte more was refused; otherwise it is that within one in a thousand. */
  readonly exact: boolean;
  readonly requests: number;
}

/** @param accepts whether a body of so many bytes is let through */
export async function findLimit(accepts: (bytes: number) => Promise<boolean>): Promise<BodyLimit> {
  let requests = 0;
  const ask = (bytes: number) => {
    requests += 1;
    return accepts(bytes);
  };
  if (await ask(LARGEST)) return { limit: undefined, exact: true, requests };
  let [low, high] = [0, USUAL.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (await ask(USUAL[middle] ?? 0)) low = middle + 1;
    else high = middle;
  }
  let taken = USUAL[low - 1] ?? 0;
  let refused = USUAL[low] ?? LARGEST;
  if (!(await ask(taken + 1))) return { limit: taken, exact: true, requests };
  taken += 1;
  while (requests < MOST && refused - taken > Math.max(1, taken / 1000)) {
    // Over a wide gap the middle of the digits is nearer than the middle of the bytes.
    const middle = refused > 4 * taken ? Math.sqrt(taken * refused) : (taken + refused) / 2;
    const bytes = Math.floor(middle);
    if (await ask(bytes)) taken = bytes;
    else refused = bytes;
  }
  return { limit: taken, exact: refused - taken <= 1, requests };
}

/**
 * Announces a body with `Expect: 100-continue` and looks at the first thing that is said. A proxy that waits for the body
 * in silence has let it through.
 */
export async function letsThrough(target: Target, bytes: number, silence: number): Promise<boolean> {
  const wire = await open(target);
  try {
    await wire.ask(target, "PUT /api/probe?announce=true", {
      "Content-Length": String(bytes),
      Expect: "100-continue",
    });
    const { status, headers } = await wire.answer(silence, true);
    return status < 400 || headers.get("content-type") === "application/problem+json";
  } catch (error) {
    if (!(error instanceof RawConnectionError)) throw error;
    return error.message.startsWith("nothing came");
  } finally {
    wire.close();
  }
}
