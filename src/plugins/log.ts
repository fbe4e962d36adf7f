// What the server says while it runs: one line per event on standard error, as text or JSON, safe to print.

import { type Log as Format, formatSize } from "../config.ts";
import type { SavedFile } from "../core/upload.ts";
import { Problem } from "../errors.ts";
import { targetOf } from "../http/target.ts";

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

/** Where lines go, and how they look. */
export interface Log {
  /** A file was saved. */
  saved(request: Request, file: SavedFile): void;
  /** A download ended, well or not. */
  sent(request: Request, download: Download): void;
  /** Something in the root was changed by a request, or by what it began. */
  changed(request: Request, change: Change): void;
  /** A request failed. The cause is logged here and shown to no client. */
  problem(request: Request, problem: Problem): void;
  /** Something about the server itself. */
  say(message: string): void;
}

/** A line without control characters, terminal sequences or marks that change the direction of the text. */
export function printable(text: string, longest = 500): string {
  const safe = text.replace(
    /[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
  return safe.length > longest ? `${safe.slice(0, longest)}…` : safe;
}

/** @param write takes one line, without its end. @default standard error */
export function createLog(format: Format, write: (line: string) => void = linesTo(process.stderr)): Log {
  const out = (event: string, text: string, fields: Record<string, unknown>): void => {
    const time = new Date().toISOString();
    // What `printable` writes instead is how JSON writes it, too.
    const json = () => printable(JSON.stringify({ time, event, ...fields }), Number.POSITIVE_INFINITY);
    write(format === "json" ? json() : `${time} ${text}`);
  };
  const at = (request: Request): string => {
    return `${request.method} ${printable(targetOf(request).path)}`;
  };
  return {
    saved(request, file) {
      const { flow } = file;
      out(
        "saved",
        `saved ${printable(file.path)} · ${formatSize(file.size)} in ${flow.seconds.toFixed(2)} s · ${flow.explanation}`,
        { request: at(request), path: file.path, size: file.size, flow },
      );
    },
    sent(request, { path, bytes, seconds, ending }) {
      out(
        "download",
        `${ending} ${printable(path)} · ${sentence(ending, bytes === null ? "it" : formatSize(bytes), seconds)}`,
        {
          request: at(request),
          path,
          bytes,
          seconds,
          ending,
        },
      );
    },
    changed(request, { did, path, to, by }) {
      const where = to === undefined ? "" : ` to ${printable(to)}`;
      out("changed", `${did} ${printable(path)}${where} · by ${by ?? "nobody known"}`, {
        request: at(request),
        did,
        path,
        ...(to !== undefined && { to }),
        by,
      });
    },
    problem(request, problem) {
      const cause = problem.cause === undefined ? "" : ` · ${printable(causeOf(problem.cause))}`;
      out(
        "problem",
        `${problem.status} ${problem.code} · ${at(request)} · ${printable(problem.detail)}${cause}`,
        {
          request: at(request),
          code: problem.code,
          status: problem.status,
          detail: problem.detail,
          ...(problem.cause !== undefined && { cause: causeOf(problem.cause) }),
        },
      );
    },
    say(message) {
      out("server", printable(message), { message });
    },
  };
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
