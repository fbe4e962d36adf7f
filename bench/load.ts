// Starts the load programs in clients/, each as a separate process, and parses the line of JSON that they print at the end.

import { join } from "node:path";
import type { Answer } from "./clients/answers.ts";
import type { Opened } from "./clients/open-access.ts";
import type { Workspace } from "./workspace.ts";

/** A running load program. */
export interface Load<Result> {
  /** Stops a program that runs until its standard input is closed. */
  end(): void;
  /** The program's result; rejects with its output if it fails. */
  result: Promise<Result>;
}

/** When a load began and ended, in milliseconds since 1970. */
export interface Span {
  start: number;
  end: number;
}

/** The result of sending large bodies. */
export interface Sent extends Span {
  answers: Answer[];
}

/** The result of an upload whose connection is cut repeatedly. */
export interface Resumes {
  /** Milliseconds of each HEAD request for the offset. */
  heads: number[];
  /** Total duration, without the last request, which completes the file. */
  seconds: number;
  /** Bytes sent twice. */
  again: number;
  /** Hash of the bytes as sent. */
  sha256: string;
  /** URL path of the file. */
  location: string;
}

function run<Result>(workspace: Workspace, program: string, order: string): Load<Result> {
  const child = workspace.spawn([process.execPath, join(import.meta.dir, "clients", program), order]);
  const output = Promise.all([child.stdout.text(), child.stderr.text(), child.exited]);
  const result = output.then(([stdout, stderr, code]): Result => {
    if (code !== 0) throw new Error(`${program} ended with ${code}: ${stderr}`);
    return JSON.parse(stdout);
  });
  return { end: () => void child.stdin.end(), result };
}

/** From the first start of several loads to the last end. */
export function spanOf(all: readonly Span[]): Span {
  return { start: Math.min(...all.map(({ start }) => start)), end: Math.max(...all.map(({ end }) => end)) };
}

/** Sends large bodies of zeros concurrently; throws if one is not saved. */
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

/**
 * Requests a page every few milliseconds until `end`, or saves a file of one byte under the URL and a number;
 * samples are `[milliseconds since 1970, duration in milliseconds]`.
 */
export function ping(
  workspace: Workspace,
  url: string,
  { every = 5, put = false } = {},
): Load<{ samples: [number, number][] }> {
  return run(workspace, "ping.ts", JSON.stringify({ url, every, put }));
}

/** Sends small files, in one form or by concurrent PUTs; returns files saved per second. */
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

/** Starts slow uploads concurrently. `statuses` counts the answers by status, and the connections that failed. */
export function sendSlowly(
  workspace: Workspace,
  order: { url: string; uploads: number; bytesPerSecond: number; seconds: number },
): Load<{ end: number; statuses: Record<string, number> }> {
  return run(workspace, "slow.ts", JSON.stringify(order));
}

/** Sends one file of zeros by tus; returns its seconds, or with `parts` only those of the concatenation. */
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

/** Sends one file by tus over a connection that is cut repeatedly; see clients/resume.ts. */
export async function resume(
  workspace: Workspace,
  order: { url: string; cuts: number; piece: number },
): Promise<Resumes> {
  return await run<Resumes>(workspace, "resume.ts", JSON.stringify(order)).result;
}

/** Starts uploads and disconnects in the middle, half of them with a reset. */
export async function abort(
  workspace: Workspace,
  order: { url: string; uploads: number; connections: number },
): Promise<void> {
  await run(workspace, "abort.ts", JSON.stringify(order)).result;
}

/** The result of large downloads. */
export interface Received extends Span {
  bytes: number;
}

/** Downloads files, each on its own connection, in one process that disconnects after `seconds` if given. */
export function receive(
  workspace: Workspace,
  order: { urls: string[]; bytesPerSecond?: number; seconds?: number },
): Promise<Received> {
  return run<Received>(workspace, "receive.ts", JSON.stringify(order)).result;
}

/** Downloads small files repeatedly; returns files per second. */
export async function receiveSmall(
  workspace: Workspace,
  order: { url: string; names: number; files: number; connections: number; head?: string },
): Promise<number> {
  const { seconds } = await run<{ seconds: number }>(workspace, "receive-small.ts", JSON.stringify(order))
    .result;
  return order.files / seconds;
}

/** Opens a database of accounts as a server does at its start. */
export function openAccess(workspace: Workspace, order: { file: string }): Promise<Opened> {
  return run<Opened>(workspace, "open-access.ts", JSON.stringify(order)).result;
}

/** Sends wrong logins without a pause until `end`; `statuses` counts the answers by status. */
export function logIn(
  workspace: Workspace,
  order: { url: string; connections: number },
): Load<{ statuses: Record<string, number> }> {
  return run(workspace, "log-in.ts", JSON.stringify(order));
}
