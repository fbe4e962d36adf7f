// Group "logins": the cost of a login per request, and other requests while the server checks wrong passwords.

import { join } from "node:path";
import { type Bench, type Group, largeFile } from "../bench.ts";
import type { Server } from "../contestant.ts";
import { logIn, ping, receiveSmall, send, spanOf } from "../load.ts";
import { processorSeconds } from "../process.ts";
import { type Figure, median, quantile, ratios, spread, target } from "../table.ts";
import type { Workspace } from "../workspace.ts";

const MAIN = join(import.meta.dir, "../../src/main.ts");
const PASSWORD = "correct horse battery staple";
const FILE_BYTES = 1024;
const CONNECTIONS = 8;
const UPLOADS = 4;
/** Connections of the flood: fewer than may wait, so that a password is being checked all the time. */
const FLOOD = 12;
/** Microseconds of processor time that a login may add to a request. */
const MOST_ADDED = { bearer: 5, cookie: 5, Basic: 10 } as const;
/** The rate with a login as a part of the rate without one, at least. */
const LEAST_RATE = 0.85;

type Way = "none" | keyof typeof MOST_ADDED;

/** Requests of one way to log in. */
interface Track {
  way: Way;
  head: string;
  /** Microseconds of processor time per request. */
  processor: number[];
  /** Requests per second. */
  rate: number[];
}

/** Runs a command on the accounts of a root. @returns its output */
async function sluice(workspace: Workspace, root: string, words: string[], input = ""): Promise<string> {
  const child = workspace.spawn([process.execPath, MAIN, ...words, "--root", root]);
  child.stdin.write(input);
  void child.stdin.end();
  const [output, errors, code] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited]);
  if (code !== 0) throw new Error(`sluice ${words.join(" ")} ended with ${code}: ${errors}`);
  return output;
}

/** A root with one file and one account. @returns the root, and a token of the account */
async function prepare({ workspace }: Bench): Promise<{ root: string; token: string }> {
  const root = workspace.makeFolder("logins-root");
  await Bun.write(join(root, "file-0"), new Uint8Array(FILE_BYTES));
  await sluice(workspace, root, ["user", "add", "alice", "--owner", "--password", "-"], `${PASSWORD}\n`);
  const made: { token: string } = JSON.parse(
    await sluice(workspace, root, ["token", "add", "bench", "--for", "alice", "--json"]),
  );
  return { root, token: made.token };
}

async function tracksOf({ origin }: Server, token: string): Promise<Track[]> {
  const login = await fetch(`${origin}/api/session`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ name: "alice", password: PASSWORD }),
  });
  const [cookie = ""] = (login.headers.get("set-cookie") ?? "").split(";");
  if (login.status !== 204 || cookie === "") throw new Error(`The login was answered with ${login.status}.`);
  const heads: [Way, string][] = [
    ["none", ""],
    ["bearer", `Authorization: Bearer ${token}\r\n`],
    ["cookie", `Cookie: ${cookie}\r\n`],
    ["Basic", `Authorization: Basic ${btoa(`alice:${PASSWORD}`)}\r\n`],
  ];
  return heads.map(([way, head]) => ({ way, head, processor: [], rate: [] }));
}

async function measure({ workspace, quick }: Bench, server: Server, track: Track): Promise<void> {
  const files = quick ? 2000 : 40_000;
  const before = processorSeconds(server.pid);
  const order = { url: `${server.files}file-`, names: 1, files, connections: CONNECTIONS, head: track.head };
  track.rate.push(await receiveSmall(workspace, order));
  track.processor.push(((processorSeconds(server.pid) - before) / files) * 1e6);
}

/** The 95th percentile of `GET /health` in milliseconds during four uploads. */
async function waits(bench: Bench, server: Server): Promise<number> {
  const pings = ping(bench.workspace, `${server.origin}/health`);
  const urls = Array.from({ length: UPLOADS }, (_, index) => `${server.files}large-${index}-`);
  const sent = await Promise.all(urls.map((url) => send(bench.workspace, url, largeFile(bench))));
  pings.end();
  const { start, end } = spanOf(sent);
  const { samples } = await pings.result;
  return quantile(
    samples.filter(([at]) => at >= start && at <= end).map(([, took]) => took),
    0.95,
  );
}

async function run(bench: Bench): Promise<Figure[]> {
  const { root, token } = await prepare(bench);
  await using server = await bench.sluice.start(bench.workspace, [], root);
  const tracks = await tracksOf(server, token);
  for (const track of tracks)
    await measure({ ...bench, quick: true }, server, { ...track, rate: [], processor: [] });
  const [quiet, flooded]: [number[], number[]] = [[], []];
  for (let round = 1; round <= bench.rounds; round += 1) {
    for (const track of tracks) await measure(bench, server, track);
    quiet.push(await waits(bench, server));
    const flood = logIn(bench.workspace, { url: `${server.origin}/api/session`, connections: FLOOD });
    flooded.push(await waits(bench, server));
    flood.end();
    const { statuses } = await flood.result;
    if (!statuses["401"]) throw new Error(`No password was checked: ${JSON.stringify(statuses)}`);
    const costs = tracks.map(({ way, processor }) => `${way} ${processor.at(-1)?.toFixed(1)}`).join(", ");
    bench.say(
      `  ${round}: ${costs} µs; /health p95 ${quiet.at(-1)?.toFixed(1)}, with ${statuses["401"]} logins ${flooded.at(-1)?.toFixed(1)} ms`,
    );
  }
  const ratio = ratios(flooded, quiet);
  return [
    ...costs(tracks),
    {
      name: "GET /health during four uploads and a flood of logins, p95",
      sluice: spread(flooded, 1, "ms"),
      versus: "without the flood",
      other: spread(quiet, 1, "ms"),
      ratio,
      target: target(ratio, "≤", 1.1),
    },
  ];
}

function costs([none, ...others]: readonly Track[]): Figure[] {
  if (!none) return [];
  return others.flatMap((track): Figure[] => {
    if (track.way === "none") return [];
    const most = MOST_ADDED[track.way];
    const added = track.processor.map((value, round) => value - (none.processor[round] ?? Number.NaN));
    const ratio = ratios(track.rate, none.rate);
    return [
      {
        name: `GET of a file of 1 KiB, ${track.way}: processor time`,
        sluice: spread(track.processor, 1, "µs"),
        versus: "without a login",
        other: spread(none.processor, 1, "µs"),
        target: { text: `≤ +${most} µs`, met: median(added) <= most },
      },
      {
        name: `GET of a file of 1 KiB, ${track.way}: requests per second`,
        sluice: spread(track.rate, 0, ""),
        versus: "without a login",
        other: spread(none.rate, 0, ""),
        ratio,
        target: target(ratio, "≥", LEAST_RATE),
      },
    ];
  });
}

/** The cost of logins. */
export const logins: Group = {
  key: "logins",
  title: "Logins",
  method:
    "one server with an account, whose files anyone may read: 40,000 downloads of a file of 1 KiB on eight connections without a login, with a token, with the cookie of a session, and with Basic, in turn. Then four uploads of 1 GB with and without twelve clients that send wrong passwords without a pause.",
  run,
};
