// Databases that the Go packages bbolt 1.5 and storm 3.2 wrote, in the form of filebrowser 2, and ways to change their bytes.

import { join } from "node:path";

/** Four users, five links and the settings of a small server. */
export const small = await unpacked("filebrowser.db.gz");
/** 600 of 700 users, one of them with 400 rules, and 500 links: branch pages, overflow pages and freed pages. */
export const large = await unpacked("filebrowser-large.db.gz");

export const PAGE = 4096;

async function unpacked(name: string): Promise<Uint8Array> {
  return Bun.gunzipSync(await Bun.file(join(import.meta.dir, name)).bytes());
}

/** A copy, changed by a function. */
export function changed(bytes: Uint8Array, change: (view: DataView, bytes: Uint8Array) => void): Uint8Array {
  const copy = new Uint8Array(bytes);
  change(new DataView(copy.buffer), copy);
  return copy;
}

/** The numbers of the pages of one type: 1 branch, 2 leaf. */
export function pagesOf(bytes: Uint8Array, type: number): number[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const numbers = Array.from({ length: bytes.length / PAGE }, (_, number) => number);
  return numbers.filter((number) => number > 1 && view.getUint16(number * PAGE + 8, true) === type);
}

/** Gives both meta pages the checksums of their data again. */
export function seal(view: DataView): void {
  for (const page of [0, PAGE]) {
    let hash = 0xcbf29ce484222325n;
    for (let at = 16; at < 72; at++)
      hash = BigInt.asUintN(64, (hash ^ BigInt(view.getUint8(page + at))) * 0x100000001b3n);
    view.setBigUint64(page + 72, hash, true);
  }
}
