// `sluice top`: shows a server's running uploads, drawn on a terminal or written as lines.

import { bare } from "../http/login.ts";
import { printable } from "../plugins/log.ts";
import type { Terminal } from "../system/terminal.ts";
import { Board } from "./board.ts";
import { follow, type Happening, Refused } from "./feed.ts";
import { frame } from "./frame.ts";
import { Lines } from "./lines.ts";
import { Screen } from "./screen.ts";

/** Milliseconds between two frames when no event arrives, so that displayed times advance. */
const BEAT = 500;
/** Most reconnection attempts in line mode, where nobody may be watching. */
const ATTEMPTS = 4;

/** How the output is formatted, and whether to stop after the first snapshot. */
export interface Form {
  readonly once: boolean;
  readonly terminal: Terminal;
}

/**
 * Runs until it is told to stop; in line mode also until the server ends.
 * @returns the exit code: 0 stopped as asked or the server ended, 1 the server refuses or was never reached
 */
export async function top(url: URL, { once, terminal }: Form): Promise<number> {
  const stop = new AbortController();
  const quit = (): void => stop.abort();
  for (const name of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(name, quit);
  // EPIPE: the reader of the pipe has closed it.
  process.stdout.on("error", quit);
  const name = bare(url).href.replace(/\/$/, "");
  const feed = follow(url, stop.signal);
  try {
    if (once) return await printOnce(name, feed, terminal);
    if (process.stdout.isTTY && process.env["TERM"] !== "dumb") return await draw(name, feed, terminal, quit);
    return await tell(name, feed);
  } catch (error) {
    if (error instanceof Refused) return failed(name, error.message);
    throw error;
  } finally {
    quit();
  }
}

type Feed = AsyncGenerator<Happening>;

/** Prints one snapshot. */
async function printOnce(name: string, feed: Feed, { colours, columns }: Terminal): Promise<number> {
  const board = new Board();
  const now = performance.now();
  for await (const happening of feed) {
    if (happening.kind === "lost") return failed(name, happening.why);
    if (happening.kind !== "uploads") continue;
    board.take(happening.uploads, now);
    const lines = frame(name, board, { columns, colours, rows: Number.POSITIVE_INFINITY }, now);
    await written(`${lines.join("\n").trimEnd()}\n`);
    return 0;
  }
  return 0;
}

/** Redraws on every event. */
async function draw(name: string, feed: Feed, { colours }: Terminal, quit: () => void): Promise<number> {
  const board = new Board();
  const show = (): void => {
    screen.draw(frame(name, board, { ...screen.size, colours }, performance.now()));
  };
  using screen = new Screen(quit, show);
  const beat = setInterval(show, BEAT);
  try {
    show();
    for await (const happening of feed) {
      enter(board, happening, performance.now());
      if (happening.kind !== "ended") show();
    }
    return 0;
  } finally {
    clearInterval(beat);
  }
}

/** Writes lines as events arrive. */
async function tell(name: string, feed: Feed): Promise<number> {
  const board = new Board();
  const lines = new Lines();
  for await (const happening of feed) {
    const now = performance.now();
    enter(board, happening, now);
    if (happening.kind === "ended") await written(`${lines.ended(happening.upload)}\n`);
    if (happening.kind === "uploads")
      await written(
        lines
          .changed(board, now)
          .map((line) => `${line}\n`)
          .join(""),
      );
    if (happening.kind !== "lost" || !(happening.gone || happening.attempt >= ATTEMPTS)) continue;
    if (!board.known) return failed(name, happening.why);
    process.stderr.write(`sluice: ${printable(name, 300)} has ended: ${happening.why}.\n`);
    return 0;
  }
  return 0;
}

function enter(board: Board, happening: Happening, now: number): void {
  if (happening.kind === "uploads") board.take(happening.uploads, now);
  else if (happening.kind === "ended") board.end(happening.upload, now);
  else board.lost = { why: happening.why, until: now + happening.wait * 1000 };
}

function failed(name: string, why: string): number {
  process.stderr.write(`sluice: ${printable(name, 300)}: ${why.replace(/\.?$/, ".")}\n`);
  return 1;
}

/** Writes `text` and waits until the reader has taken it, so that a slow reader costs no memory. */
async function written(text: string): Promise<void> {
  if (text === "") return;
  await new Promise<void>((done) => process.stdout.write(text, () => done()));
}
