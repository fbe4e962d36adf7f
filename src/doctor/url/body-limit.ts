// Finds the largest request body a proxy accepts, with a few requests that announce a length but send no bytes.

import { open, RawConnectionError, type Target } from "./raw-http.ts";

const KIB = 2 ** 10;
const MIB = 2 ** 20;
const GIB = 2 ** 30;
/** The largest length tried, in bytes; few uploads are larger. */
export const LARGEST = 100 * GIB;
/** Most requests of one search. */
const MAX_REQUESTS = 20;

/** Limits that people and programs commonly set, in ascending order. */
const COMMON_LIMITS: readonly number[] = [
  ...[1e6, MIB, 2 * MIB, 4 * MIB, 5 * MIB, 8 * MIB, 1e7, 10 * MIB, 16 * MIB, 20 * MIB, 25 * MIB, 32 * MIB],
  ...[50 * MIB, 64 * MIB, 1e8, 100 * MIB, 128 * MIB, 2e8, 200 * MIB, 256 * MIB, 500 * MIB, 512 * MIB, 1e9],
  ...[GIB, 2 * GIB, 4 * GIB, 5 * GIB, 8 * GIB, 10 * GIB, 50 * GIB],
  ...[16 * KIB, 64 * KIB, 128 * KIB, 256 * KIB, 512 * KIB],
].toSorted((one, other) => one - other);

/** The result of the search. */
export interface BodyLimit {
  /** In bytes; undefined when there is no limit up to `LARGEST`. */
  readonly limit: number | undefined;
  /** Whether one more byte was refused. Otherwise `limit` is an approximation, usually within 0.1 %. */
  readonly exact: boolean;
  readonly requests: number;
}

/** @param accepts whether a body of `bytes` bytes is accepted */
export async function findLimit(accepts: (bytes: number) => Promise<boolean>): Promise<BodyLimit> {
  let requests = 0;
  const ask = (bytes: number) => {
    requests += 1;
    return accepts(bytes);
  };
  if (await ask(LARGEST)) return { limit: undefined, exact: true, requests };
  let [low, high] = [0, COMMON_LIMITS.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (await ask(COMMON_LIMITS[middle] ?? 0)) low = middle + 1;
    else high = middle;
  }
  let accepted = COMMON_LIMITS[low - 1] ?? 0;
  let refused = COMMON_LIMITS[low] ?? LARGEST;
  if (!(await ask(accepted + 1))) return { limit: accepted, exact: true, requests };
  accepted += 1;
  while (requests < MAX_REQUESTS && refused - accepted > Math.max(1, accepted / 1000)) {
    // A wide gap spans orders of magnitude, where the geometric mean converges faster than the arithmetic mean.
    const middle = refused > 4 * accepted ? Math.sqrt(accepted * refused) : (accepted + refused) / 2;
    const bytes = Math.floor(middle);
    if (await ask(bytes)) accepted = bytes;
    else refused = bytes;
  }
  return { limit: accepted, exact: refused - accepted <= 1, requests };
}

/**
 * Announces a body with `Expect: 100-continue` and reads the first response. A proxy that sends none waits for the body,
 * and has therefore accepted its length.
 * @param silence seconds to wait for the response
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
    return error.message.startsWith("no response within");
  } finally {
    wire.close();
  }
}
