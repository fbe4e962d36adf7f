// Group "tls": one large file up and down by TLS, with HTTP/1.1 and HTTP/2, beside nginx with TLS.

import { join } from "node:path";
import type { Bench, Group } from "../bench.ts";
import type { Server } from "../contestant.ts";
import { type Figure, ratios, target } from "../table.ts";
import { nginxTls, sluiceTls } from "../tls-servers.ts";
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

/** Uploads and downloads of one server, for each version. */
function tracksOf(bench: Bench, server: Server, file: string, bytes: number): Track[] {
  return VERSIONS.flatMap(({ name, flag }) => [
    serverTrack(bench, `PUT, ${name}: ${server.name}`, server, bytes, () =>
      curl(bench, flag, "--upload-file", file, `${server.files}large`),
    ),
    serverTrack(bench, `GET, ${name}: ${server.name}`, server, bytes, async () => {
      await Bun.write(join(server.root, "large"), Bun.file(file));
      return await curl(bench, flag, `${server.files}large`);
    }),
  ]);
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

  const sluice = stack.use(await sluiceTls.start(bench.workspace));
  await warm(bench, sluice, file);
  const own = tracksOf(bench, sluice, file, bytes);
  if ("missing" in nginxTls.version) {
    await runRounds(bench, own);
    return own.map((track) => ({ name: track.name, sluice: `${rate(track)}, ${processor(track)}` }));
  }
  const nginx = stack.use(await nginxTls.start(bench.workspace));
  await warm(bench, nginx, file);
  const others = tracksOf(bench, nginx, file, bytes);
  // Each pair directly after the other.
  await runRounds(
    bench,
    own.flatMap((track, index) => [track, others[index] ?? track]),
  );
  return own.flatMap((track, index) => figures(track, others[index] ?? track));
}

function figures(own: Track, other: Track): Figure[] {
  const [name = own.name] = own.name.split(": ");
  const ratio = ratios(own.processor, other.processor);
  return [
    {
      name,
      sluice: rate(own),
      versus: nginxTls.name,
      other: rate(other),
      ratio: ratios(own.rates, other.rates),
    },
    {
      name: `processor time, ${name}`,
      sluice: processor(own),
      versus: nginxTls.name,
      other: processor(other),
      ratio,
      target: target(ratio, "≤", PROCESSOR_BOUND),
    },
  ];
}

/** Rate and processor time of one large file by TLS. */
export const tls: Group = {
  key: "tls",
  title: "One file of 512 MiB by TLS",
  method:
    "one transfer at a time by curl, TLS 1.3 with AES-128-GCM and a certificate of ECDSA P-256, without the handshake. Sluice answers an upload when the file and its name are synced; nginx does not sync. " +
    "Processor time is user and system time of the server and its children.",
  run,
};
