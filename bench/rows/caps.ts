// Group "caps": how exactly a cap on the rate is kept, by uploads and by downloads, alone and by three at once.

import { join } from "node:path";
import type { Bench, Group } from "../bench.ts";
import type { Server } from "../contestant.ts";
import { receive, type Span, send, spanOf } from "../load.ts";
import { processorSeconds } from "../process.ts";
import { type Figure, median, spread } from "../table.ts";

/** Bytes per second of each cap, in all. */
const CAPS = [1e6, 6e6, 20e6, 100e6];
/** Seconds that a transfer should last: a cap allows bursts of 50 ms. */
const SECONDS = 5;
const CONCURRENT = 3;
/** How far a rate may be from its cap. */
const TOLERANCE = 0.05;
/** The slowest of three transfers as a part of the fastest, at least. */
const FAIR = 0.9;

/** A server with a cap, and the rates that it kept, as parts of the cap. */
interface Track {
  server: Server;
  cap: number;
  bytes: number;
  up: number[];
  down: number[];
  /** Of three at once, from the first start to the last end. */
  upTogether: number[];
  downTogether: number[];
  /** The rate of the slowest of three, as a part of that of the fastest. */
  upFair: number[];
  downFair: number[];
  /** Seconds of processor time per second of one download. */
  processor: number[];
}

async function start(bench: Bench, cap: number): Promise<Track> {
  const server = await bench.sluice.start(bench.workspace, ["--cap", `${cap}`]);
  const bytes = cap * (bench.quick ? 1 : SECONDS);
  await Bun.write(join(server.root, "file"), new Uint8Array(bytes));
  return {
    server,
    cap,
    bytes,
    up: [],
    down: [],
    upTogether: [],
    downTogether: [],
    upFair: [],
    downFair: [],
    processor: [],
  };
}

const three = Array.from({ length: CONCURRENT }, (_, index) => index);

async function measure({ workspace }: Bench, track: Track): Promise<void> {
  const { server, cap, bytes } = track;
  const rate = ({ start, end }: Span, size: number): number => size / ((end - start) / 1000) / cap;
  const url = `${server.files}file`;
  track.up.push(rate(await send(workspace, `${server.files}up-`, bytes), bytes));
  const before = processorSeconds(server.pid);
  const one = await receive(workspace, { urls: [url] });
  track.processor.push((processorSeconds(server.pid) - before) / ((one.end - one.start) / 1000));
  track.down.push(rate(one, bytes));
  const sent = await Promise.all(three.map((index) => send(workspace, `${server.files}up-${index}-`, bytes)));
  track.upTogether.push(rate(spanOf(sent), CONCURRENT * bytes));
  track.upFair.push(fairness(sent));
  const received = await Promise.all(three.map(() => receive(workspace, { urls: [url] })));
  track.downTogether.push(rate(spanOf(received), CONCURRENT * bytes));
  track.downFair.push(fairness(received));
}

function fairness(all: readonly Span[]): number {
  const times = all.map(({ start, end }) => end - start);
  return Math.min(...times) / Math.max(...times);
}

async function run(bench: Bench): Promise<Figure[]> {
  await using stack = new AsyncDisposableStack();
  const tracks: Track[] = [];
  for (const cap of CAPS) {
    const track = await start(bench, cap);
    stack.use(track.server);
    tracks.push(track);
  }
  for (let round = 0; round < bench.rounds; round += 1)
    for (const track of tracks) {
      await measure(bench, track);
      bench.say(
        `  ${round + 1} ${track.cap / 1e6} MB/s: up ${track.up.at(-1)?.toFixed(3)}, down ${track.down.at(-1)?.toFixed(3)}`,
      );
    }
  return tracks.flatMap(figures);
}

function figures(track: Track): Figure[] {
  const { cap, up, down, upTogether, downTogether, upFair, downFair, processor } = track;
  const name = `${cap / 1e6} MB/s`;
  const line = (what: string, rates: number[]): Figure => ({
    name: `${name}: ${what}, of the cap`,
    sluice: spread(rates, 3, ""),
    target: {
      text: `1 ± ${TOLERANCE * 100} %`,
      met: Math.abs(median(rates) - 1) <= TOLERANCE,
    },
  });
  const fair = (what: string, parts: number[]): Figure => ({
    name: `${name}: the slowest of three ${what}, of the fastest`,
    sluice: spread(parts, 3, ""),
    target: { text: `≥ ${FAIR}`, met: median(parts) >= FAIR },
  });
  return [
    line("one upload", up),
    line("three uploads together", upTogether),
    fair("uploads", upFair),
    line("one download", down),
    line("three downloads together", downTogether),
    fair("downloads", downFair),
    {
      name: `${name}: processor time of a download`,
      sluice: spread(
        processor.map((share) => share * 100),
        1,
        "%",
      ),
    },
  ];
}

/** Accuracy of caps. */
export const caps: Group = {
  key: "caps",
  title: "Caps",
  method:
    "servers with a cap of 1, 6, 20 and 100 MB/s (`--cap`) in turn: an upload and a download that last five seconds, then three of each at once. Rates are those that the clients measured, divided by the cap.",
  run,
};
