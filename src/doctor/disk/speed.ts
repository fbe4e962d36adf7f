// Measures a disk through one open file: how fast it takes and gives bytes, how long a small sync takes. Bounded in bytes and time.

/** The calls that are measured, and the clock. Replaced in tests. */
export interface Device {
  write(bytes: Uint8Array<ArrayBuffer>, position: number): Promise<number>;
  read(into: Uint8Array<ArrayBuffer>, position: number): Promise<number>;
  datasync(): Promise<void>;
  /** Milliseconds. */
  now(): number;
}

/** Where a measurement stops, whatever comes first. */
export interface Bounds {
  readonly bytes: number;
  readonly seconds: number;
  readonly signal: AbortSignal;
}

/** What one way of moving bytes took. */
export interface Moved {
  readonly bytes: number;
  readonly seconds: number;
}

const MIB = 2 ** 20;
/** Bytes of one call. */
const BLOCK = MIB;
/** Bytes between two syncs, as uploads have them. */
const WINDOW = 32 * MIB;

/**
 * Writes and syncs windows that grow from 1 MiB to 32, so that a slow disk is not given more than it can take in time.
 * @returns `taken`: until the system had the bytes; `synced`: until the disk had them, syncs included
 */
export async function measureWriting(
  device: Device,
  { bytes, seconds, signal }: Bounds,
): Promise<{ taken: Moved; synced: Moved }> {
  // Bytes no disk can compress.
  const block = randomBytes(BLOCK);
  let written = 0;
  let taking = 0;
  let window = MIB;
  const began = device.now();
  const spent = () => (device.now() - began) / 1000;
  do {
    const start = device.now();
    const end = Math.min(bytes, written + window);
    while (written < end) written += await device.write(block.subarray(0, end - written), written);
    taking += (device.now() - start) / 1000;
    await device.datasync();
    const left = Math.max(0, seconds - spent()) * (written / spent());
    window = Math.floor(Math.min(WINDOW, 2 * window, left));
  } while (written < bytes && window >= MIB && !signal.aborted);
  return { taken: { bytes: written, seconds: taking }, synced: { bytes: written, seconds: spent() } };
}

/** Reads from the beginning. */
export async function measureReading(device: Device, { bytes, seconds, signal }: Bounds): Promise<Moved> {
  const block = new Uint8Array(BLOCK);
  const began = device.now();
  const spent = () => (device.now() - began) / 1000;
  let position = 0;
  while (position < bytes && spent() < seconds && !signal.aborted) {
    const count = await device.read(block, position);
    if (count === 0) break;
    position += count;
  }
  return { bytes: position, seconds: spent() };
}

/** Seconds of each small write and its sync, sorted. Two seconds or `most` of them, but at least one. */
export async function measureSyncs(
  device: Device,
  from: number,
  { seconds, signal }: Bounds,
  most = 200,
): Promise<number[]> {
  const block = randomBytes(4096);
  const began = device.now();
  const samples: number[] = [];
  do {
    const start = device.now();
    await device.write(block, from + samples.length * block.byteLength);
    await device.datasync();
    samples.push((device.now() - start) / 1000);
  } while (samples.length < most && device.now() - began < seconds * 1000 && !signal.aborted);
  return samples.toSorted((one, other) => one - other);
}

/** The value below which `share` of the sorted samples are. */
export function quantile(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}

function randomBytes(length: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(length);
  for (let at = 0; at < length; at += 65_536) crypto.getRandomValues(bytes.subarray(at, at + 65_536));
  return bytes;
}
