// Frames bytes as a deflate stream without compressing them (RFC 1951 section 3.2.4), so that its length is known beforehand.

/** Maximum bytes of a stored block. */
export const MAX_BLOCK = 65_535;
/** The block type and the last-block bit in one byte, then the length and its complement. */
const HEADER = 5;

/** Bytes of the stream for `size` bytes, at least one, framed in chunks of a multiple of `MAX_BLOCK`. */
export function framedSize(size: number): number {
  return size + Math.ceil(size / MAX_BLOCK) * HEADER;
}

/** Frames the next bytes. @param last whether they end the stream */
export function frame(bytes: Uint8Array<ArrayBuffer>, last: boolean): Uint8Array<ArrayBuffer> {
  const framed = Buffer.allocUnsafeSlow(framedSize(bytes.length));
  let at = 0;
  for (let start = 0; start < bytes.length; start += MAX_BLOCK) {
    const block = bytes.subarray(start, start + MAX_BLOCK);
    framed[at] = last && start + MAX_BLOCK >= bytes.length ? 1 : 0;
    framed.writeUInt16LE(block.length, at + 1);
    framed.writeUInt16LE(MAX_BLOCK - block.length, at + 3);
    framed.set(block, at + HEADER);
    at += HEADER + block.length;
  }
  return framed;
}
