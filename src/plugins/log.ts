// The log: one line per event on standard error, as text or JSON, without control characters.

import { withoutSeals } from "../access/links/token.ts";
import { type Log as Format, LOG_LEVELS, type LogLevel } from "../config/config.ts";
import { savedIn } from "../core/report/flow-report.ts";
import type { SavedFile } from "../core/upload/saved-file.ts";
import { Problem } from "../errors.ts";
import { targetOf } from "../http/target.ts";
import { SKIP_REASONS, type SkippedEntries } from "../storage/listing/skipped.ts";
import { formatBytes, formatTime } from "../units.ts";
import { requestInfoOf } from "./request-info.ts";

/** A download that has ended. */
export interface Download {
  path: string;
  /** Expected bytes of the body; of an archive, before compression. Null if unknown. */
  bytes: number | null;
  seconds: number;
  /**
   * `sent`: the system accepted all bytes. `cut`: the client disconnected before that. `shrank`: the file became shorter
   * and the server closed the connection. `revoked`: the asker may not read it any more, and the server closed the
   * connection. Except for `sent` the number of bytes sent is unknown.
   */
  ending: "sent" | "cut" | "shrank" | "revoked";
  /** The cap that limited it: `cap of this link (5 MB/s)`. */
  cap?: string | undefined;
  /** Of an archive: the entries that it lacks. */
  skipped?: SkippedEntries;
}

/** A change to the tree, or a login, for the audit log. */
export interface Change {
  did:
    | "made"
    | "moved"
    | "copied"
    | "removed"
    | "put into the trash"
    | "restored"
    | "removed from the trash"
    | "logged in"
    | "logged out"
    | `${"added" | "changed" | "reset" | "removed" | "set the password of"} the account`
    | `${"added" | "revoked"} the token`;
  /** A path below the root, the name of an account, or the id of a token. */
  path: string;
  /** The new path. */
  to?: string;
  /** Entries below it that were left out, for `copied`. */
  skipped?: number;
}

/** The answer to a request. */
export interface Answer {
  status: number;
  /** Bytes of the body; null if unknown. */
  bytes: number | null;
  /** The pattern of the matched route: `/files/*`. */
  route: string | undefined;
}

/** Receives the events of requests. */
export interface Observer {
  /** A file was saved, or was already here (`repeated`); `null`: the server concatenated it without a request. */
  saved(request: Request | null, file: SavedFile): void;
  /** A download ended, successfully or not. */
  sent(request: Request, download: Download): void;
  /** A request, or a job it started, changed something in the root. */
  changed(request: Request, change: Change): void;
  /** A request failed. The cause is logged and never sent to a client. */
  problem(request: Request, problem: Problem): void;
  /** The answer of a request is known but not sent yet. */
  answered(request: Request, answer: Answer): void;
}

/** The log of the server. */
export interface Log extends Observer {
  /** Logs a message about the server itself. @param level @default info */
  say(message: string, level?: LogLevel): void;
}

/** A log that also forwards every event to an observer. */
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

/** Seconds from which a request with timed steps is logged as slow. */
const SLOW = 1;
const READ_METHODS = new Set(["GET", "HEAD", "OPTIONS"]);

/** Escapes control characters, terminal sequences and marks that change the text direction. @param maxLength in characters */
export function printable(text: string, maxLength = 500): string {
  const safe = text.replace(
    /[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
  return safe.length > maxLength ? `${safe.slice(0, maxLength)}…` : safe;
}

/**
 * @param write receives one line without a line break. @default standard error
 * @param level the least severe level that is written. @default info
 */
export function createLog(
  format: Format,
  write: (line: string) => void = linesTo(process.stderr),
  level: LogLevel = "info",
): Log {
  const maxLevel = LOG_LEVELS.indexOf(level);
  const enabled = (lineLevel: LogLevel): boolean => LOG_LEVELS.indexOf(lineLevel) <= maxLevel;
  const line = (event: string, text: string, fields: Record<string, unknown>): void => {
    const time = new Date().toISOString();
    // The escapes that `printable` inserts are also valid JSON escapes.
    const json = () => printable(JSON.stringify({ time, event, ...fields }), Number.POSITIVE_INFINITY);
    write(format === "json" ? json() : `${time} ${text}`);
  };
  /** Writes a line about a request, which ends with the client's address and the request id. */
  const requestLine = (
    request: Request | null,
    event: string,
    text: string,
    fields: Record<string, unknown>,
  ): void => {
    const info = request ? requestInfoOf(request) : undefined;
    if (info) info.logged = true;
    const { id, address: by } = info ?? {};
    const account = info?.asker?.label;
    const address = account && by !== undefined ? ` (${by})` : by;
    const from = account || by !== undefined ? ` · by ${printable(account ?? "", 200)}${address ?? ""}` : "";
    const name = id === undefined ? "" : ` · ${id}`;
    line(event, `${text}${from}${name}`, {
      ...(request && { request: methodAndPath(request) }),
      ...fields,
      ...(account && { account }),
      by,
      id,
    });
  };
  return {
    saved(request, file) {
      if (!enabled("info")) return;
      const { flow, repeated } = file;
      if (repeated) {
        const text = `already here ${printable(file.path)} · ${formatBytes(file.size)}`;
        requestLine(request, "repeated", text, { path: file.path, size: file.size });
        return;
      }
      requestLine(
        request,
        "saved",
        `saved ${printable(file.path)} · ${formatBytes(file.size)} in ${formatTime(flow.seconds)}${flow.explanation === savedIn(flow) ? "" : ` · ${flow.explanation}`}`,
        { path: file.path, size: file.size, flow },
      );
    },
    sent(request, { path, bytes, seconds, ending, cap, skipped }) {
      if (!enabled("info")) return;
      requestLine(
        request,
        "download",
        `${ending} ${printable(path)} · ${describeDownload(ending, bytes === null ? "it" : formatBytes(bytes), seconds)}${cap === undefined ? "" : `, under the ${cap}`}${skipped ? without(skipped) : ""}`,
        {
          path,
          bytes,
          seconds,
          ending,
          ...(cap !== undefined && { cap }),
          ...(skipped && skipped.count > 0 && { skipped }),
        },
      );
    },
    changed(request, { did, path, to, skipped = 0 }) {
      if (!enabled("info")) return;
      const where = to === undefined ? "" : ` to ${printable(to)}`;
      const without =
        skipped === 0
          ? ""
          : ` without ${skipped} ${skipped === 1 ? "link or special file" : "links and special files"}`;
      const fields = {
        did,
        path,
        ...(to !== undefined && { to }),
        ...(skipped > 0 && { skipped }),
      };
      requestLine(request, "changed", `${did} ${printable(path)}${where}${without}`, fields);
    },
    problem(request, problem) {
      if (!enabled(levelOf(request, problem))) return;
      const cause = problem.cause === undefined ? "" : ` · ${printable(causeOf(problem.cause))}`;
      requestLine(
        request,
        "problem",
        `${problem.status} ${problem.code} · ${methodAndPath(request)} · ${printable(problem.detail)}${cause}`,
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
      if (info === undefined || info.logged || (info.parts === undefined && !enabled("debug"))) return;
      const { seconds, parts = new Map<string, number>() } = info;
      const slow = seconds >= SLOW && parts.size > 0;
      if (!enabled(slow ? "warn" : "debug")) return;
      const size = bytes === null ? "" : `${formatBytes(bytes)} `;
      requestLine(
        request,
        slow ? "slow" : "request",
        `${slow ? "slow " : ""}${methodAndPath(request)} · ${status} · ${size}in ${formatTime(seconds)}${slow ? `, ${timeBreakdown(seconds, parts)}` : ""}`,
        { status, bytes, seconds, ...(parts.size > 0 && { parts: Object.fromEntries(parts) }) },
      );
    },
    say(message, level = "info") {
      if (enabled(level)) line("server", printable(message), { message });
    },
  };
}

/** Server faults are errors; temporary refusals and missing rights of the server warnings; failed changes info, failed reads debug. */
function levelOf(request: Request, { status, code }: Problem): LogLevel {
  if (status === 503 || code === "no_access") return "warn";
  if (status >= 500) return "error";
  return READ_METHODS.has(request.method) ? "debug" : "info";
}

/** Method and path, without the query, which may contain private data, and without the seals of links. */
function methodAndPath(request: Request): string {
  return `${request.method} ${printable(withoutSeals(targetOf(request).path))}`;
}

/** The duration of each step of a slow request. */
function timeBreakdown(seconds: number, parts: ReadonlyMap<string, number>): string {
  const known = [...parts.values()].reduce((sum, part) => sum + part, 0);
  const named = [...parts].map(([name, part]) => `${formatTime(part)} of them ${name}`);
  return [...named, `${formatTime(Math.max(0, seconds - known))} all else`].join(", ");
}

function describeDownload(ending: Download["ending"], size: string, seconds: number): string {
  const time = formatTime(seconds);
  if (ending === "sent") return `${size} in ${time}`;
  if (ending === "revoked")
    return `the permission was taken away: the connection was ended after ${time}, before all of ${size} was sent`;
  if (ending === "cut") return `the client went after ${time}, before all of ${size} was sent`;
  return `the file became shorter: the connection was ended after ${time}, before all of ${size} was sent`;
}

/** Skipped entries that a line of text names. */
const MOST_NAMED = 3;

function without({ count, first }: SkippedEntries): string {
  if (count === 0) return "";
  const named = first
    .slice(0, MOST_NAMED)
    .map(({ path, reason }) => `"${printable(path, 200)}" (${SKIP_REASONS[reason]})`);
  const more = count > named.length ? ` and ${count - named.length} more` : "";
  return ` · without ${named.join(", ")}${more}`;
}

function causeOf(cause: unknown): string {
  if (!(cause instanceof Error)) return String(cause);
  return cause instanceof Problem || "code" in cause ? cause.message : (cause.stack ?? cause.message);
}

/** Batches the lines of one turn of the event loop into one write: a form of 10,000 files must not cause 10,000 writes. */
function linesTo(stream: { write(text: string): unknown }): (line: string) => void {
  let pending = "";
  return (line) => {
    if (pending === "")
      queueMicrotask(() => {
        stream.write(pending);
        pending = "";
      });
    pending += `${line}\n`;
  };
}
