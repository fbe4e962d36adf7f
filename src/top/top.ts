// `sluice top`: shows a server's running uploads, drawn on a terminal or written as lines.

import { bare } from "../http/login.ts";
import { printable } from "../plugins/log.ts";
import type { Terminal } from "../system/terminal.ts";
import { Board } from "./board.ts";
import { type FeedEvent, follow, Refused } from "./feed.ts";
import { frame } from "./frame.ts";
import { Lines } from "./lines.ts";
import { Screen } from "./screen.ts";

/** Milliseconds between two frames when no event arrives, so that the displayed times advance. */
const REDRAW_INTERVAL = 500;
/** Maximum number of reconnection attempts in line mode, where nobody may be watching. */
const MAX_ATTEMPTS = 4;

/** How the output is formatted, and whether to stop after the first snapshot. */
export interface TopOptions {
  readonly once: boolean;
  /** Whether the certificate of the server is not checked. */
  readonly anyCertificate?: boolean;
  readonly terminal: Terminal;
}

/**
 * Runs until the user quits or a signal arrives; in line mode also until the server ends.
 * @returns the exit code: 0 stopped as asked or the server ended, 1 the server refuses or was never reached
 */
export async function top(url: URL, { once, anyCertificate = false, terminal }: TopOptions): Promise<number> {
  const stop = new AbortController();
  const quit = (): void => stop.abort();
  for (const name of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(name, quit);
  // EPIPE: the reader of the pipe has closed it.
  process.stdout.on("error", quit);
  const name = bare(url).href.replace(/\/$/, "");
  const feed = follow(url, stop.signal, anyCertificate);
  try {
    if (once) return await printOnce(name, feed, terminal);
    if (process.stdout.isTTY && process.env["TERM"] !== "dumb") return await draw(name, feed, terminal, quit);
    return await printChanges(name, feed);
  } catch (error) {
    if (error instanceof Refused) return failed(name, error.message);
    throw error;
  } finally {
    quit();
  }
}

type Feed = AsyncGenerator<FeedEvent>;

/** Prints one snapshot. */
async function printOnce(name: string, feed: Feed, { colours, columns }: Terminal): Promise<number> {
  const board = new Board();
  const now = performance.now();
  for await (const event of feed) {
    if (event.kind === "lost") return failed(name, event.why);
    if (event.kind !== "uploads") continue;
    board.update(event.uploads, now);
    const lines = frame(name, board, { columns, colours, rows: Number.POSITIVE_INFINITY }, now);
    await print(`${lines.join("\n").trimEnd()}\n`);
    return 0;
  }
  return 0;
}

/** Redraws on every event. */
async function draw(name: string, feed: Feed, { colours }: Terminal, quit: () => void): Promise<number> {
  const board = new Board();
  const redraw = (): void => {
    screen.draw(frame(name, board, { ...screen.size, colours }, performance.now()));
  };
  using screen = new Screen(quit, redraw);
  const timer = setInterval(redraw, REDRAW_INTERVAL);
  try {
    redraw();
    for await (const event of feed) {
      apply(board, event, performance.now());
      if (event.kind !== "ended") redraw();
    }
    return 0;
  } finally {
    clearInterval(timer);
  }
}

/** Writes lines as events arrive. */
async function printChanges(name: string, feed: Feed): Promise<number> {
  const board = new Board();
  const lines = new Lines();
  for await (const event of feed) {
    const now = performance.now();
    apply(board, event, now);
    if (event.kind === "ended") await print(`${lines.ended(event.upload)}\n`);
    if (event.kind === "uploads")
      await print(
        lines
          .changed(board, now)
          .map((line) => `${line}\n`)
          .join(""),
      );
    if (event.kind !== "lost" || !(event.gone || event.attempt >= MAX_ATTEMPTS)) continue;
    if (!board.known) return failed(name, event.why);
    process.stderr.write(`sluice: ${printable(name, 300)} has ended: ${event.why}.\n`);
    return 0;
  }
  return 0;
}

function apply(board: Board, event: FeedEvent, now: number): void {
  if (event.kind === "uploads") board.update(event.uploads, now);
  else if (event.kind === "ended") board.addEnded(event.upload, now);
  else board.lost = { why: event.why, until: now + event.wait * 1000 };
}

function failed(name: string, why: string): number {
  process.stderr.write(`sluice: ${printable(name, 300)}: ${why.replace(/\.?$/, ".")}\n`);
  return 1;
}

/** Writes `text` to standard output and waits until it is flushed, so that a slow reader costs no memory. */
async function print(text: string): Promise<void> {
  if (text === "") return;
  await new Promise<void>((done) => process.stdout.write(text, () => done()));
}
