// The names of the members of a tar, in order.

/** Only short ASCII names: longer ones are in pax records, which are skipped. */
export function namesInTar(bytes: Buffer): string[] {
  const found: string[] = [];
  for (let at = 0; bytes[at] !== 0; ) {
    const size = Number.parseInt(bytes.toString("latin1", at + 124, at + 135), 8);
    if (bytes.toString("latin1", at + 156, at + 157) !== "x")
      found.push(bytes.toString("latin1", at, bytes.indexOf(0, at)));
    at += 512 * (1 + Math.ceil(size / 512));
  }
  return found;
}
