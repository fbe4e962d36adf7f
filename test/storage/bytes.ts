// Bytes whose every stretch is unlike the others, so that a lost, doubled or misplaced piece is seen.

/** KiB and MiB, in bytes. */
export const KIB = 1024;
export const MIB = 1024 * 1024;

// A prime length: shifted by whole KiB the pattern never meets itself.
const pattern = makePattern(1_000_003);

/** The same bytes for the same size and seed. */
export function bytes(size: number, seed = 0): Uint8Array<ArrayBuffer> {
  const all = new Uint8Array(size);
  for (let at = 0, from = seed % pattern.length; at < size; from = 0) {
    const piece = pattern.subarray(from, from + size - at);
    all.set(piece, at);
    at += piece.length;
  }
  return all;
}

/** Cuts bytes into chunks of the lengths given, the last length again and again. */
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

/** Where two byte strings begin to differ, or `null`: a failed comparison that fits on a screen. */
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
