// How fast bytes go to a server and come from it: requests that grow until they take a second, on one connection or several.

import { open, type Target, type Wire, WireError } from "./wire.ts";

const SMALLEST = 64 * 1024;
const LARGEST = 2 ** 28;
const BLOCK = 256 * 1024;
/** Seconds a request should take: shorter ones measure the latency, longer ones cannot be stopped in time. */
const AIM = 0.8;

export interface Load {
  readonly way: "upload" | "download";
  readonly streams: number;
  readonly seconds: number;
  /** All streams together. */
  readonly bytes: number;
  /** Largest body a request may have. */
  readonly body: number;
}

export interface Throughput {
  readonly bytesPerSecond: number;
  readonly bytes: number;
  /** Size of a body that was refused though its announced length was let through. */
  readonly refused?: number;
}

/** @throws WireError when nothing at all could be moved */
export async function throughput(target: Target, load: Load): Promise<Throughput> {
  const shared = { moved: 0, refused: undefined as number | undefined };
  const streams = Array.from({ length: load.streams }, () => stream(target, load, shared));
  const settled = await Promise.allSettled(streams);
  const rates = settled.flatMap((one) => (one.status === "fulfilled" ? [one.value] : []));
  const failed = settled.find((one) => one.status === "rejected");
  if (shared.moved === 0) throw failed?.reason ?? new WireError("nothing could be moved");
  return {
    bytesPerSecond: rates.reduce((sum, rate) => sum + rate, 0),
    bytes: shared.moved,
    ...(shared.refused !== undefined && { refused: shared.refused }),
  };
}

async function stream(
  target: Target,
  { way, seconds, bytes, body }: Load,
  shared: { moved: number; refused: number | undefined },
): Promise<number> {
  const began = performance.now();
  const spent = () => (performance.now() - began) / 1000;
  const done: { bytes: number; from: number; to: number }[] = [];
  let wire: Wire | undefined;
  let size = Math.min(SMALLEST, body);
  try {
    while ((spent() < seconds || done.length === 0) && shared.moved < bytes && !target.signal.aborted) {
      wire ??= await open(target);
      const from = spent();
      const answer = await (way === "upload" ? send(wire, target, size) : receive(wire, target, size));
      const to = spent();
      if (answer.status === 413 && size > 1) {
        // A proxy that counts bytes instead of believing their announced number.
        shared.refused = Math.min(shared.refused ?? size, size);
        size = Math.floor(size / 4);
        body = size;
        wire.close();
        wire = undefined;
        continue;
      }
      if (answer.status !== 200) throw new WireError(`the answer was ${answer.status}`);
      done.push({ bytes: size, from, to });
      shared.moved += size;
      if (answer.headers.get("connection")?.toLowerCase() === "close") {
        wire.close();
        wire = undefined;
      }
      const fitting = size * Math.min(4, (AIM + 0.2) / Math.max(to - from, 0.001));
      size = Math.max(Math.min(SMALLEST, body), Math.min(fitting, body, LARGEST) | 0);
    }
  } catch (error) {
    if (!(error instanceof WireError) || done.length === 0) throw error;
  } finally {
    wire?.close();
  }
  // The first quarter is the time in which a line gets up to speed.
  const steady = done.filter(({ from }) => from >= seconds / 4);
  const counted = steady.length > 0 ? steady : done.slice(-1);
  const total = counted.reduce((sum, one) => sum + one.bytes, 0);
  return total / Math.max(1e-6, (counted.at(-1)?.to ?? 0) - (counted[0]?.from ?? 0));
}

async function send(wire: Wire, target: Target, size: number) {
  await wire.ask(target, "PUT /api/probe", { "Content-Length": String(size) });
  for (let left = size; left > 0 && !wire.spoken; left -= BLOCK) {
    await wire.send(left < BLOCK ? block.subarray(0, left) : block);
  }
  return await wire.answer(20);
}

async function receive(wire: Wire, target: Target, size: number) {
  await wire.ask(target, `GET /api/probe?bytes=${size}`);
  return await wire.answer(20);
}

const block = new Uint8Array(BLOCK);
for (let at = 0; at < BLOCK; at += 65_536) crypto.getRandomValues(block.subarray(at, at + 65_536));
