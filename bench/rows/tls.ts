// Group "tls": one large file up and down by TLS, with HTTP/1.1 and HTTP/2, beside nginx with TLS.

import { join } from "node:path";
import { type Bench, type Group, startAll } from "../bench.ts";
import type { Server } from "../contestant.ts";
import { type Figure, ratios, target } from "../table.ts";
import { dropTls, nginxTls, sluiceTls } from "../tls-servers.ts";
import { processor, rate, runRounds, serverTrack, type Track } from "../track.ts";

const VERSIONS = [
  { name: "HTTP/1.1", flag: "--http1.1" },
  { name: "HTTP/2", flag: "--http2" },
] as const;
/** The aim for processor time, as a multiple of nginx. */
const PROCESSOR_BOUND = 1.5;
/** Both servers prefer another one, if the client leaves it to them. */
const CIPHER = ["--tlsv1.3", "--tls13-ciphers", "TLS_AES_128_GCM_SHA256"];

/** Runs curl. @returns the seconds between the handshake and the end */
async function curl({ workspace }: Bench, ...words: string[]): Promise<number> {
  const written = "%{stderr}%{http_version} %{time_appconnect} %{time_total}";
  const common = ["--silent", "--insecure", "--fail", "--output", "/dev/null", "--write-out", written];
  const child = workspace.spawn(["curl", ...common, ...CIPHER, ...words]);
  const [text, code] = [await child.stderr.text(), await child.exited];
  const [, connected, total] = text.trim().split(" ").map(Number);
  if (code !== 0 || connected === undefined || total === undefined)
    throw new Error(`curl ended with ${code}: ${text}`);
  return total - connected;
}

/** An upload and a download with one version of HTTP. */
interface Pair {
  put: Track;
  get: Track;
}

/** A pair for each version. */
function pairsOf(bench: Bench, server: Server, file: string, bytes: number): Pair[] {
  return VERSIONS.map(({ name, flag }) => ({
    put: serverTrack(bench, `PUT, ${name}: ${server.name}`, server, bytes, () =>
      curl(bench, flag, "--upload-file", file, `${server.files}large`),
    ),
    get: serverTrack(bench, `GET, ${name}: ${server.name}`, server, bytes, async () => {
      await Bun.write(join(server.root, "large"), Bun.file(file));
      return await curl(bench, flag, `${server.files}large`);
    }),
  }));
}

/** The first uploads to a server do not count. */
async function warm(bench: Bench, server: Server, file: string): Promise<void> {
  for (const { flag } of VERSIONS) await curl(bench, flag, "--upload-file", file, `${server.files}warm`);
  bench.workspace.empty(server.root);
}

async function run(bench: Bench): Promise<Figure[]> {
  await using stack = new AsyncDisposableStack();
  const bytes = (bench.quick ? 64 : 512) * 2 ** 20;
  const file = join(bench.workspace.makeFolder("tls"), "large");
  const writer = Bun.file(file).writer();
  for (let written = 0; written < bytes; written += 2 ** 20) writer.write(new Uint8Array(2 ** 20));
  await writer.end();

  const installed = [sluiceTls, dropTls, nginxTls].filter(({ version }) => "found" in version);
  const servers = await startAll(bench, installed, stack);
  for (const server of servers) await warm(bench, server, file);
  const pairs = servers.map((server) => ({ server, of: pairsOf(bench, server, file, bytes) }));
  const [sluice, ...others] = pairs;
  // Those that are compared directly follow each other.
  const order = VERSIONS.flatMap((_, version) => [
    ...pairs.flatMap(({ of }) => of[version]?.put ?? []),
    ...pairs.flatMap(({ server, of }) => (server.name === dropTls.name ? [] : (of[version]?.get ?? []))),
  ]);
  await runRounds(bench, order);
  return VERSIONS.flatMap(({ name }, version) => {
    const own = sluice?.of[version];
    if (!own) return [];
    return others.flatMap(({ server, of }) => {
      const other = of[version];
      if (!other) return [];
      if (server.name === dropTls.name) return [processorFigure(`PUT, ${name}`, own.put, other.put, server)];
      return [
        rateFigure(`PUT, ${name}`, own.put, other.put, server),
        processorFigure(`PUT, ${name}`, own.put, other.put, server, PROCESSOR_BOUND),
        rateFigure(`GET, ${name}`, own.get, other.get, server),
        processorFigure(`GET, ${name}`, own.get, other.get, server, PROCESSOR_BOUND),
      ];
    });
  });
}

function rateFigure(name: string, own: Track, other: Track, { name: versus }: Server): Figure {
  return { name, sluice: rate(own), versus, other: rate(other), ratio: ratios(own.rates, other.rates) };
}

function processorFigure(
  name: string,
  own: Track,
  other: Track,
  { name: versus }: Server,
  bound?: number,
): Figure {
  const ratio = ratios(own.processor, other.processor);
  return {
    name: `processor time, ${name}`,
    sluice: processor(own),
    versus,
    other: processor(other),
    ratio,
    ...(bound !== undefined && { target: target(ratio, "≤", bound) }),
  };
}

/** Rate and processor time of one large file by TLS. */
export const tls: Group = {
  key: "tls",
  title: "One file of 512 MiB by TLS",
  method:
    "one transfer at a time by curl, TLS 1.3 with AES-128-GCM and a certificate of ECDSA P-256, without the handshake. Sluice answers an upload when the file and its name are synced; nginx does not sync. “Read and discard” is `bun bench/drop-server.ts` with TLS, below which no server in Bun can be. " +
    "Processor time is user and system time of the server and its children.",
  run,
};
