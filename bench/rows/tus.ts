// Group "tus": one large file by tus, in one PATCH, in chunks and as parallel streams, compared with PUT and @tus/server.

import { join } from "node:path";
import { type Bench, type Group, largeFile, startAll } from "../bench.ts";
import { send, sendByTus, sendByTusJs } from "../load.ts";
import { tusServer } from "../servers.ts";
import { type Figure, ratios, target } from "../table.ts";
import { processor, rate, runRounds, serverTrack, type Track } from "../track.ts";

const CHUNK = 8 * 2 ** 20;
const STREAMS = 4;

/** Creates a file of zeros, for clients that read a file. */
async function zeros({ workspace }: Bench, bytes: number): Promise<string> {
  const file = join(workspace.makeFolder("sent"), "zeros");
  await workspace.spawn(["fallocate", "-l", String(bytes), file]).exited;
  return file;
}

async function run(bench: Bench): Promise<Figure[]> {
  const { workspace } = bench;
  const bytes = largeFile(bench);
  await using stack = new AsyncDisposableStack();
  const sluice = stack.use(await bench.sluice.start(workspace));
  const [peer] = await startAll(bench, [tusServer], stack);
  const url = `${sluice.origin}/uploads`;
  const file = await zeros(bench, bytes);

  const put = serverTrack(bench, "PUT", sluice, bytes, async () => {
    const { start, end } = await send(workspace, `${sluice.files}large-`, bytes);
    return (end - start) / 1000;
  });
  const tus = (name: string, server: typeof sluice, to: string, chunk: number): Track =>
    serverTrack(bench, name, server, bytes, () => sendByTus(workspace, { url: to, bytes, chunk }));
  const js = (name: string, streams: number): Track =>
    serverTrack(bench, name, sluice, bytes, () => sendByTusJs(workspace, { url, file, streams }));

  const whole = tus("one PATCH", sluice, url, bytes);
  const chunks = tus("8 MiB chunks", sluice, url, CHUNK);
  const others = peer
    ? [tus("@tus/server", peer, peer.files, bytes), tus("@tus/server, 8 MiB chunks", peer, peer.files, CHUNK)]
    : [];
  const [one, several] = [js("one stream", 1), js(`${STREAMS} streams`, STREAMS)];
  for (const server of peer ? [url, peer.files] : [url])
    await sendByTus(workspace, { url: server, bytes: 20e6, chunk: CHUNK });
  await runRounds(bench, [put, whole, chunks, ...others, one, several]);
  return [
    rates("tus, one PATCH", whole, "PUT", put, 0.95),
    rates("tus, chunks of 8 MiB", chunks, "one PATCH", whole, 0.8),
    ...others.flatMap((other, index) => compared([whole, chunks][index] ?? whole, other, index === 0)),
    rates(`tus-js-client, ${STREAMS} streams`, several, "one stream", one),
  ];
}

function rates(name: string, track: Track, versus: string, other: Track, least?: number): Figure {
  const ratio = ratios(track.rates, other.rates);
  return {
    name,
    sluice: rate(track),
    versus,
    other: rate(other),
    ratio,
    ...(least !== undefined && { target: target(ratio, "≥", least) }),
  };
}

function compared(track: Track, other: Track, bound: boolean): Figure[] {
  const ratio = ratios(track.processor, other.processor);
  return [
    rates(`tus, ${track.name}`, track, other.name, other, bound ? 1.5 : undefined),
    {
      name: `processor time, tus, ${track.name}`,
      sluice: processor(track),
      versus: other.name,
      other: processor(other),
      ratio,
      ...(bound && { target: target(ratio, "≤", 0.7) }),
    },
  ];
}

/** tus, compared with PUT and with another tus server. */
export const tus: Group = {
  key: "tus",
  title: "One file of 1 GB by tus",
  method:
    "as in the group put: one upload at a time, zeros from memory, each measurement directly after a dd. The time includes creating the upload; chunks use one connection. When Sluice answers 204, all but 32 MiB of the bytes are synced; at the last answer, all are. " +
    "Compared with `bun bench/tus-server.ts`: @tus/server 2.4.5 with @tus/file-store on Bun, which syncs nothing. The streams are tus-js-client's `parallelUploads` on Bun, sending a sparse file; " +
    "the time includes their concatenation.",
  run,
};
