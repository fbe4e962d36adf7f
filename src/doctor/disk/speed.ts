// Measures a disk through one open file: write rate, read rate, duration of a small sync. Bounded in bytes and time.

/** The measured system calls and the clock; tests replace them. */
export interface Device {
  write(bytes: Uint8Array<ArrayBuffer>, position: number): Promise<number>;
  read(into: Uint8Array<ArrayBuffer>, position: number): Promise<number>;
  datasync(): Promise<void>;
  /** Milliseconds. */
  now(): number;
}

/** Limits of one measurement; the first one reached stops it. */
export interface Bounds {
  readonly bytes: number;
  readonly seconds: number;
  readonly signal: AbortSignal;
}

/** The result of writing or reading. */
export interface Moved {
  readonly bytes: number;
  readonly seconds: number;
}

const MIB = 2 ** 20;
/** Bytes per call. */
const BLOCK = MIB;
/** Bytes between two syncs, as for uploads. */
const WINDOW = 32 * MIB;

/**
 * Writes and syncs windows that grow from 1 MiB to 32 MiB, so that a slow disk is not overloaded.
 * @returns `taken`: time until the kernel had the bytes; `synced`: time until the disk had them
 */
export async function measureWriting(
  device: Device,
  { bytes, seconds, signal }: Bounds,
): Promise<{ taken: Moved; synced: Moved }> {
  // Random bytes, which no disk can compress.
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

/** Reads the file from its start. */
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

/** Durations of small synced writes in seconds, sorted: two seconds or `most` of them, at least one. */
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

/** The quantile `share` (0 to 1) of sorted samples. */
export function quantile(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}

function randomBytes(length: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(length);
  for (let at = 0; at < length; at += 65_536) crypto.getRandomValues(bytes.subarray(at, at + 65_536));
  return bytes;
}
