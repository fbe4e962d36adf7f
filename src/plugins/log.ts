// What the server says while it runs: one line per event on standard error, as text or JSON, safe to print.

import { type Log as Format, formatSize, LOG_LEVELS, type LogLevel } from "../config/config.ts";
import type { SavedFile } from "../core/upload/saved-file.ts";
import { Problem } from "../errors.ts";
import { targetOf } from "../http/target.ts";
import { requestInfoOf } from "./request-info.ts";

/** A download that has ended. */
export interface Download {
  path: string;
  /** Bytes that its answer should have; of an archive before it is compressed, and null where that is not known. */
  bytes: number | null;
  seconds: number;
  /**
   * `sent`: the system took all bytes. `cut`: the client went before that. `shrank`: the file became shorter, and the
   * connection was ended. How many bytes went out in the last two cases is not known.
   */
  ending: "sent" | "cut" | "shrank";
}

/** What was done, for the audit. */
export interface Change {
  did: "made" | "moved" | "copied" | "removed" | "put into the trash" | "restored" | "removed from the trash";
  path: string;
  /** Where it is now. */
  to?: string;
  /** The address of whoever asked, as the connection says it. */
  by: string | undefined;
}

/** How a request was answered. */
export interface Answer {
  status: number;
  /** Of the body, where that is known. */
  bytes: number | null;
  /** The route that took it, as it is registered: `/files/*`. */
  route: string | undefined;
}

/** Told of what happens to requests. */
export interface Observer {
  /** A file was saved. */
  saved(request: Request, file: SavedFile): void;
  /** A download ended, well or not. */
  sent(request: Request, download: Download): void;
  /** Something in the root was changed by a request, or by what it began. */
  changed(request: Request, change: Change): void;
  /** A request failed. The cause is logged here and shown to no client. */
  problem(request: Request, problem: Problem): void;
  /** Any request, when its answer is known and not yet sent. */
  answered(request: Request, answer: Answer): void;
}

/** Where lines go, and how they look. */
export interface Log extends Observer {
  /** Something about the server itself. @param level @default info */
  say(message: string, level?: LogLevel): void;
}

/** The log, and somebody who listens as well. */
export function withObserver(log: Log, observer: Observer): Log {
  return {
    saved(...event) {
      log.saved(...event);
      observer.saved(...event);
    },
    sent(...event) {
      log.sent(...event);
      observer.sent(...event);
    },
    changed(...event) {
      log.changed(...event);
      observer.changed(...event);
    },
    problem(...event) {
      log.problem(...event);
      observer.problem(...event);
    },
    answered(...event) {
      log.answered(...event);
      observer.answered(...event);
    },
    say: (...event) => log.say(...event),
  };
}

/** Seconds from which on an answer of which the parts are known is slow. */
const SLOW = 1;
const READING = new Set(["GET", "HEAD", "OPTIONS"]);

/** A line without control characters, terminal sequences or marks that change the direction of the text. */
export function printable(text: string, longest = 500): string {
  const safe = text.replace(
    /[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
  return safe.length > longest ? `${safe.slice(0, longest)}…` : safe;
}

/**
 * @param write takes one line, without its end. @default standard error
 * @param level the least that is written. @default info
 */
export function createLog(
  format: Format,
  write: (line: string) => void = linesTo(process.stderr),
  level: LogLevel = "info",
): Log {
  const most = LOG_LEVELS.indexOf(level);
  const writes = (wanted: LogLevel): boolean => LOG_LEVELS.indexOf(wanted) <= most;
  const line = (event: string, text: string, fields: Record<string, unknown>): void => {
    const time = new Date().toISOString();
    // What `printable` writes instead is how JSON writes it, too.
    const json = () => printable(JSON.stringify({ time, event, ...fields }), Number.POSITIVE_INFINITY);
    write(format === "json" ? json() : `${time} ${text}`);
  };
  /** A line about a request: ends with who sent it, and what it is called. */
  const about = (request: Request, event: string, text: string, fields: Record<string, unknown>): void => {
    const info = requestInfoOf(request);
    if (info) info.logged = true;
    const { id, by } = { id: info?.id, by: info?.by, ...fields };
    const from = by === undefined ? "" : ` · by ${by}`;
    const name = id === undefined ? "" : ` · ${id}`;
    line(event, `${text}${from}${name}`, { request: at(request), ...fields, by, id });
  };
  return {
    saved(request, file) {
      if (!writes("info")) return;
      const { flow } = file;
      about(
        request,
        "saved",
        `saved ${printable(file.path)} · ${formatSize(file.size)} in ${flow.seconds.toFixed(2)} s · ${flow.explanation}`,
        { path: file.path, size: file.size, flow },
      );
    },
    sent(request, { path, bytes, seconds, ending }) {
      if (!writes("info")) return;
      about(
        request,
        "download",
        `${ending} ${printable(path)} · ${sentence(ending, bytes === null ? "it" : formatSize(bytes), seconds)}`,
        { path, bytes, seconds, ending },
      );
    },
    changed(request, { did, path, to, by }) {
      if (!writes("info")) return;
      const where = to === undefined ? "" : ` to ${printable(to)}`;
      const fields = { did, path, ...(to !== undefined && { to }), ...(by !== undefined && { by }) };
      about(request, "changed", `${did} ${printable(path)}${where}`, fields);
    },
    problem(request, problem) {
      if (!writes(levelOf(request, problem))) return;
      const cause = problem.cause === undefined ? "" : ` · ${printable(causeOf(problem.cause))}`;
      about(
        request,
        "problem",
        `${problem.status} ${problem.code} · ${at(request)} · ${printable(problem.detail)}${cause}`,
        {
          code: problem.code,
          status: problem.status,
          detail: problem.detail,
          ...(problem.cause !== undefined && { cause: causeOf(problem.cause) }),
        },
      );
    },
    answered(request, { status, bytes }) {
      const info = requestInfoOf(request);
      if (info === undefined || info.logged || (info.parts === undefined && !writes("debug"))) return;
      const { seconds, parts = new Map<string, number>() } = info;
      const slow = seconds >= SLOW && parts.size > 0;
      if (!writes(slow ? "warn" : "debug")) return;
      const size = bytes === null ? "" : `${formatSize(bytes)} `;
      about(
        request,
        slow ? "slow" : "request",
        `${slow ? "slow " : ""}${at(request)} · ${status} · ${size}in ${seconds.toFixed(seconds < SLOW ? 4 : 2)} s${slow ? `, ${shares(seconds, parts)}` : ""}`,
        { status, bytes, seconds, ...(parts.size > 0 && { parts: Object.fromEntries(parts) }) },
      );
    },
    say(message, level = "info") {
      if (writes(level)) line("server", printable(message), { message });
    },
  };
}

/** What failed by this server's fault, what it refuses for now, what was meant to change something and did not, the rest. */
function levelOf(request: Request, { status }: Problem): LogLevel {
  if (status === 503) return "warn";
  if (status >= 500) return "error";
  return READING.has(request.method) ? "debug" : "info";
}

/** Method and path: not the query, which may hold what is nobody's business. */
function at(request: Request): string {
  return `${request.method} ${printable(targetOf(request).path)}`;
}

/** Where the time of a slow request went. */
function shares(seconds: number, parts: ReadonlyMap<string, number>): string {
  const known = [...parts.values()].reduce((sum, part) => sum + part, 0);
  const named = [...parts].map(([name, part]) => `${part.toFixed(2)} s of them ${name}`);
  return [...named, `${Math.max(0, seconds - known).toFixed(2)} s all else`].join(", ");
}

function sentence(ending: Download["ending"], size: string, seconds: number): string {
  const time = `${seconds.toFixed(2)} s`;
  if (ending === "sent") return `${size} in ${time}`;
  if (ending === "cut") return `the client went after ${time}, before all of ${size} was sent`;
  return `the file became shorter: the connection was ended after ${time}, before all of ${size} was sent`;
}

function causeOf(cause: unknown): string {
  if (!(cause instanceof Error)) return String(cause);
  return cause instanceof Problem || "code" in cause ? cause.message : (cause.stack ?? cause.message);
}

/** Lines of one turn go out together: a form of ten thousand files must not hold the thread for as many writes. */
function linesTo(stream: { write(text: string): unknown }): (line: string) => void {
  let waiting = "";
  return (line) => {
    if (waiting === "")
      queueMicrotask(() => {
        stream.write(waiting);
        waiting = "";
      });
    waiting += `${line}\n`;
  };
}
