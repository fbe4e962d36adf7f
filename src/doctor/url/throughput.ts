// Measures upload and download rates with requests that grow until each takes a second, on one or more connections.

import { type Answer, open, type RawConnection, RawConnectionError, type Target } from "./raw-http.ts";

const SMALLEST = 64 * 1024;
const LARGEST = 2 ** 28;
const BLOCK = 256 * 1024;
/** Target duration of a request, in seconds: shorter ones measure latency, longer ones end too late. */
const TARGET_SECONDS = 1;

export interface Load {
  readonly way: "upload" | "download";
  readonly streams: number;
  readonly seconds: number;
  /** Bytes after which all streams together stop. */
  readonly bytes: number;
  /** Largest body of one request, in bytes. */
  readonly body: number;
  /** Called with the local port of every connection. */
  readonly opened?: (port: number | undefined) => void;
}

export interface Throughput {
  readonly bytesPerSecond: number;
  readonly bytes: number;
  /** Seconds in which there was data to send, summed over all streams. */
  readonly sending: number;
  /** The smallest body that failed although its announced length was accepted and smaller bodies arrived. */
  readonly refused?: Refused;
}

/** A failed body; `why` is a clause such as "the answer was 413". */
export interface Refused {
  readonly bytes: number;
  readonly why: string;
}

/** @throws RawConnectionError when no data could be transferred */
export async function throughput(target: Target, load: Load): Promise<Throughput> {
  const shared: Shared = { moved: 0, sending: 0 };
  const began = performance.now();
  const spent = () => (performance.now() - began) / 1000;
  const streams = Array.from({ length: load.streams }, () => stream(target, load, shared, spent));
  const settled = await Promise.allSettled(streams);
  const done = settled.flatMap((one) => (one.status === "fulfilled" ? [one.value] : []));
  const failed = settled.find((one) => one.status === "rejected");
  if (shared.moved === 0) throw failed?.reason ?? new RawConnectionError("no data could be transferred");
  return {
    bytesPerSecond: steadyRate(done, load.seconds),
    bytes: shared.moved,
    sending: shared.sending,
    ...(shared.refused && { refused: shared.refused }),
  };
}

/** Totals of all streams. */
interface Shared {
  moved: number;
  sending: number;
  refused?: Refused;
}

async function stream(
  target: Target,
  { way, seconds, bytes, body, opened }: Load,
  shared: Shared,
  spent: () => number,
): Promise<Done[]> {
  const done: Done[] = [];
  let wire: RawConnection | undefined;
  let [size, most] = [Math.min(SMALLEST, body), body];
  try {
    while ((spent() < seconds || done.length === 0) && shared.moved < bytes) {
      if (wire === undefined) {
        wire = await open(target);
        opened?.(wire.socket.localPort);
      }
      const from = spent();
      const failed = await move(wire, target, { way, size, shared });
      const to = spent();
      if (failed !== undefined) {
        // Smaller bodies arrived, so a proxy limits the bytes it receives rather than the announced length.
        if (target.signal.aborted || size <= SMALLEST) throw new RawConnectionError(failed);
        if (size < (shared.refused?.bytes ?? Number.POSITIVE_INFINITY))
          shared.refused = { bytes: size, why: failed };
        size = most = Math.max(SMALLEST, Math.floor(size / 4));
      } else {
        done.push({ bytes: size, from, to });
        shared.moved += size;
        const fitting = size * Math.min(4, TARGET_SECONDS / Math.max(to - from, 0.001));
        size = Math.min(most, LARGEST, Math.max(SMALLEST, Math.floor(fitting)));
      }
      if (!wire.responded) continue;
      wire.close();
      wire = undefined;
    }
  } catch (error) {
    if (!(error instanceof RawConnectionError) || done.length === 0) throw error;
  } finally {
    wire?.close();
  }
  return done;
}

/** One finished request; `from` and `to` are seconds since the measurement began. */
export interface Done {
  readonly bytes: number;
  readonly from: number;
  readonly to: number;
}

/**
 * The rate of all streams, in bytes per second, while all of them ran. Leaves out the first quarter, in which TCP is still
 * speeding up. A request that extends beyond this period counts in proportion.
 */
export function steadyRate(streams: readonly (readonly Done[])[], seconds: number): number {
  const busy = streams.filter((done) => done.length > 0);
  const last = Math.min(...busy.map((done) => done.at(-1)?.to ?? 0));
  const first = Math.max(...busy.map((done) => done[0]?.from ?? 0));
  const begin = last > seconds / 4 ? Math.max(first, seconds / 4) : first;
  if (last <= begin) return busy.flat().reduce((sum, { bytes, from, to }) => sum + bytes / (to - from), 0);
  const within = ({ bytes, from, to }: Done): number =>
    (bytes * Math.max(0, Math.min(to, last) - Math.max(from, begin))) / (to - from);
  return busy.flat().reduce((sum, done) => sum + within(done), 0) / (last - begin);
}

interface Move {
  readonly way: Load["way"];
  readonly size: number;
  readonly shared: Shared;
}

/** Sends one request. @returns the reason when it failed */
async function move(
  wire: RawConnection,
  target: Target,
  { way, size, shared }: Move,
): Promise<string | undefined> {
  try {
    const { status, bytes, headers } =
      way === "upload" ? await send(wire, target, size, shared) : await receive(wire, target, size);
    if (headers.get("connection")?.toLowerCase() === "close") wire.fail("the connection was closed");
    if (status === 200 && (way === "upload" || bytes === size)) return undefined;
    wire.fail("the request failed");
    return `the answer was ${status}`;
  } catch (error) {
    if (error instanceof RawConnectionError) return error.message;
    throw error;
  }
}

async function send(wire: RawConnection, target: Target, size: number, shared: Shared): Promise<Answer> {
  const began = performance.now();
  await wire.ask(target, "PUT /api/probe", { "Content-Length": String(size) });
  try {
    for (let left = size; left > 0 && !wire.responded; left -= BLOCK)
      await wire.send(left < BLOCK ? block.subarray(0, left) : block);
  } catch (error) {
    // A response that arrived before the connection ended explains more than this error.
    if (!(error instanceof RawConnectionError)) throw error;
  }
  shared.sending += (performance.now() - began) / 1000;
  return await wire.answer(20);
}

async function receive(wire: RawConnection, target: Target, size: number): Promise<Answer> {
  await wire.ask(target, `GET /api/probe?bytes=${size}`);
  return await wire.answer(20);
}

const block = new Uint8Array(BLOCK);
for (let at = 0; at < BLOCK; at += 65_536) crypto.getRandomValues(block.subarray(at, at + 65_536));
