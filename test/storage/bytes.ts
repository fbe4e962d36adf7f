// Test data without repetitions, so that lost, duplicated or misplaced pieces are detected.

/** KiB and MiB in bytes. */
export const KIB = 1024;
export const MIB = 1024 * 1024;

// A prime length, so that the pattern differs from itself when shifted by whole KiB.
const pattern = makePattern(1_000_003);

/** Deterministic bytes for a size and a seed. */
export function bytes(size: number, seed = 0): Uint8Array<ArrayBuffer> {
  const all = new Uint8Array(size);
  for (let at = 0, from = seed % pattern.length; at < size; from = 0) {
    const piece = pattern.subarray(from, from + size - at);
    all.set(piece, at);
    at += piece.length;
  }
  return all;
}

/** Splits bytes into chunks of the given lengths; the last length is repeated. */
export function* chunksOf(
  all: Uint8Array<ArrayBuffer>,
  ...lengths: number[]
): Generator<Uint8Array<ArrayBuffer>, void, void> {
  let length = all.length;
  for (let at = 0; at < all.length; at += length) {
    length = lengths.length > 1 ? (lengths.shift() ?? length) : (lengths[0] ?? length);
    yield all.subarray(at, at + length);
  }
}

/** A short description of the first difference between two byte strings, or `null` if they are equal. */
export function difference(one: Uint8Array, other: Uint8Array): string | null {
  if (Buffer.compare(one, other) === 0) return null;
  const at = one.findIndex((byte, index) => byte !== other[index]);
  return `lengths ${one.length} and ${other.length}, first difference at ${at === -1 ? one.length : at}`;
}

function makePattern(length: number): Uint8Array<ArrayBuffer> {
  const pattern = new Uint8Array(length);
  let state = 0x9e3779b9;
  for (let at = 0; at < length; at += 1) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    pattern[at] = state;
  }
  return pattern;
}
