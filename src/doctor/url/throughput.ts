// How fast bytes go to a server and come from it: requests that grow until they take a second, on one connection or several.

import { type Answer, open, type RawConnection, RawConnectionError, type Target } from "./raw-http.ts";

const SMALLEST = 64 * 1024;
const LARGEST = 2 ** 28;
const BLOCK = 256 * 1024;
/** Seconds a request should take: shorter ones measure the latency, longer ones cannot be stopped in time. */
const AIM = 1;

export interface Load {
  readonly way: "upload" | "download";
  readonly streams: number;
  readonly seconds: number;
  /** All streams together. */
  readonly bytes: number;
  /** Largest body a request may have. */
  readonly body: number;
  /** Is told the port of every connection on this machine. */
  readonly opened?: (port: number | undefined) => void;
}

export interface Throughput {
  readonly bytesPerSecond: number;
  readonly bytes: number;
  /** Seconds in which there was something to send, of all streams together. */
  readonly sending: number;
  /** A body that was refused, or cut, though its announced length was let through and a smaller one arrived. */
  readonly refused?: Refused;
}

/** `why` completes a sentence: "the answer was 413". */
export interface Refused {
  readonly bytes: number;
  readonly why: string;
}

/** @throws WireError when nothing at all could be moved */
export async function throughput(target: Target, load: Load): Promise<Throughput> {
  const shared: Shared = { moved: 0, sending: 0 };
  const began = performance.now();
  const spent = () => (performance.now() - began) / 1000;
  const streams = Array.from({ length: load.streams }, () => stream(target, load, shared, spent));
  const settled = await Promise.allSettled(streams);
  const done = settled.flatMap((one) => (one.status === "fulfilled" ? [one.value] : []));
  const failed = settled.find((one) => one.status === "rejected");
  if (shared.moved === 0) throw failed?.reason ?? new RawConnectionError("nothing could be moved");
  return {
    bytesPerSecond: steadyRate(done, load.seconds),
    bytes: shared.moved,
    sending: shared.sending,
    ...(shared.refused && { refused: shared.refused }),
  };
}

/** What all streams add to. */
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
        // Smaller ones passed, so it is the size: a proxy that counts bytes instead of believing their announced number.
        if (target.signal.aborted || size <= SMALLEST) throw new RawConnectionError(failed);
        if (size < (shared.refused?.bytes ?? Number.POSITIVE_INFINITY))
          shared.refused = { bytes: size, why: failed };
        size = most = Math.max(SMALLEST, Math.floor(size / 4));
      } else {
        done.push({ bytes: size, from, to });
        shared.moved += size;
        const fitting = size * Math.min(4, AIM / Math.max(to - from, 0.001));
        size = Math.min(most, LARGEST, Math.max(SMALLEST, Math.floor(fitting)));
      }
      if (!wire.spoken) continue;
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

/** One request that is over: from when to when, in seconds. */
export interface Done {
  readonly bytes: number;
  readonly from: number;
  readonly to: number;
}

/**
 * Bytes per second of all streams in the time in which all of them ran. The first quarter, in which a line gets up to
 * speed, does not count; of requests that reach over an end, their share does.
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

/** One request. @returns why it failed */
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
    for (let left = size; left > 0 && !wire.spoken; left -= BLOCK)
      await wire.send(left < BLOCK ? block.subarray(0, left) : block);
  } catch (error) {
    // What was said before the connection ended says more than that it did.
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
