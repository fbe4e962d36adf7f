// Starts the load programs of clients/, each a process of its own, and reads the line of JSON they end with.

import { join } from "node:path";
import type { Answer } from "./clients/answers.ts";
import type { Workspace } from "./workspace.ts";

/** A load program that runs. */
export interface Load<Result> {
  /** Asks a program that runs until it is told to end. */
  end(): void;
  /** Its result; rejects with what it said when it fails. */
  result: Promise<Result>;
}

/** What a load of large bodies tells: times in milliseconds since 1970. */
export interface Sent {
  start: number;
  end: number;
  answers: Answer[];
}

/** What a line that is cut again and again tells. */
export interface Resumes {
  /** Milliseconds of each HEAD that asked where to go on. */
  heads: number[];
  /** Of everything, without what was sent by the last request, which completes the file. */
  seconds: number;
  /** Bytes that were sent twice. */
  again: number;
  /** Of the file, as it was sent. */
  sha256: string;
  /** Its URL, a path. */
  location: string;
}

function run<Result>(workspace: Workspace, program: string, order: string): Load<Result> {
  const child = workspace.spawn([process.execPath, join(import.meta.dir, "clients", program), order]);
  const output = Promise.all([child.stdout.text(), child.stderr.text(), child.exited]);
  const result = output.then(([said, complained, code]): Result => {
    if (code !== 0) throw new Error(`${program} ended with ${code}: ${complained}`);
    return JSON.parse(said);
  });
  return { end: () => void child.stdin.end(), result };
}

/** Sends large bodies of zeros, all at once; throws when one is not saved. */
export async function send(
  workspace: Workspace,
  url: string,
  bytes: number,
  { connections = 1, form = false } = {},
): Promise<Sent> {
  const sent = await run<Sent>(workspace, "send.ts", JSON.stringify({ url, bytes, connections, form }))
    .result;
  const refused = sent.answers.find(({ status }) => status < 200 || status > 299);
  if (refused)
    throw new Error(`An upload was answered with ${refused.status}: ${refused.body.slice(0, 500)}`);
  return sent;
}

/** Asks for a page every few milliseconds until `end`; samples are `[milliseconds since 1970, milliseconds it took]`. */
export function ping(workspace: Workspace, url: string, every = 5): Load<{ samples: [number, number][] }> {
  return run(workspace, "ping.ts", JSON.stringify({ url, every }));
}

/** Sends small files, in one form or by PUTs of which some run at once; returns files saved per second. */
export async function sendSmall(
  workspace: Workspace,
  order: { url: string; files: number; bytes: number; connections?: number; form?: boolean },
): Promise<number> {
  const { seconds, saved } = await run<{ seconds: number; saved: number }>(
    workspace,
    "small.ts",
    JSON.stringify(order),
  ).result;
  if (saved !== order.files) throw new Error(`Only ${saved} of ${order.files} small files were saved.`);
  return saved / seconds;
}

/** Begins slow uploads, all at once. `statuses` counts the answers, or what came in their place. */
export function sendSlowly(
  workspace: Workspace,
  order: { url: string; uploads: number; bytesPerSecond: number; seconds: number },
): Load<{ end: number; statuses: Record<string, number> }> {
  return run(workspace, "slow.ts", JSON.stringify(order));
}

/** Sends one file of zeros by tus; returns seconds, those of the concatenation alone when there are `parts`. */
export async function sendByTus(
  workspace: Workspace,
  order: { url: string; bytes: number; chunk: number; parts?: number },
): Promise<number> {
  return (await run<{ seconds: number }>(workspace, "tus.ts", JSON.stringify(order)).result).seconds;
}

/** Sends one file with tus-js-client; returns seconds. */
export async function sendByTusJs(
  workspace: Workspace,
  order: { url: string; file: string; streams: number },
): Promise<number> {
  return (await run<{ seconds: number }>(workspace, "tus-js.ts", JSON.stringify(order)).result).seconds;
}

/** Sends one file by tus over a line that is cut again and again; see clients/resume.ts. */
export async function resume(
  workspace: Workspace,
  order: { url: string; cuts: number; piece: number },
): Promise<Resumes> {
  return await run<Resumes>(workspace, "resume.ts", JSON.stringify(order)).result;
}

/** Begins uploads and leaves in the middle, half of them with a reset. */
export async function abort(
  workspace: Workspace,
  order: { url: string; uploads: number; connections: number },
): Promise<void> {
  await run(workspace, "abort.ts", JSON.stringify(order)).result;
}

/** What a load of large downloads tells: times in milliseconds since 1970. */
export interface Received {
  start: number;
  end: number;
  bytes: number;
}

/** Gets files, each on a connection of its own in one process; with `seconds` it goes away after these. */
export function receive(
  workspace: Workspace,
  order: { urls: string[]; bytesPerSecond?: number; seconds?: number },
): Promise<Received> {
  return run<Received>(workspace, "receive.ts", JSON.stringify(order)).result;
}

/** Gets small files again and again; returns files per second. */
export async function receiveSmall(
  workspace: Workspace,
  order: { url: string; names: number; files: number; connections: number },
): Promise<number> {
  const { seconds } = await run<{ seconds: number }>(workspace, "receive-small.ts", JSON.stringify(order))
    .result;
  return order.files / seconds;
}
