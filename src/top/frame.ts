// Renders the board as lines that fit a terminal of a given size.

import { painted } from "../system/terminal.ts";
import { formatRate, formatTime } from "../units.ts";
import type { Board } from "./board.ts";
import type { ActiveUpload, EndedUpload } from "./feed.ts";
import { amounts, ending, pace, safe } from "./format.ts";

export interface FrameOptions {
  columns: number;
  /** `Infinity` shows everything. */
  rows: number;
  colours: boolean;
}

type Style = "bold" | "dim" | "green" | "yellow" | "red" | "cyan";
type Paint = (style: Style, text: string) => string;

/** Levels of detail for one upload. */
const LEVELS = ["all", "bar", "line"] as const;
type Level = (typeof LEVELS)[number];

const MARKS = { saved: "✓", failed: "✗", forgotten: "–" } as const;
const MARK_STYLES = { saved: "green", failed: "red", forgotten: "yellow" } as const;

/** @param name the server's name for the title @param now the current time on the board's clock, in milliseconds */
export function frame(name: string, board: Board, options: FrameOptions, now: number): string[] {
  const { columns, rows } = options;
  const paint: Paint = (style, text) => painted(options, style, text);
  const heading = [...head(name, board, paint, columns), ...connectionNote(board, paint, now), ""];
  const room = Math.max(1, rows - heading.length);
  const blocks = fit(board, { ...options, rows: room }, paint, now);
  const lines: string[] = [];
  for (const [at, block] of blocks.entries()) {
    const last = at === blocks.length - 1;
    if (lines.length + block.length + (last ? 0 : 1) > room) {
      lines.push(paint("dim", `… and ${blocks.length - at} more`));
      break;
    }
    lines.push(...block);
  }
  if (blocks.length === 0 && board.known) lines.push(paint("dim", "Nothing is arriving."));
  return [...heading, ...lines].slice(0, rows).map((line) => cut(line, columns));
}

function head(name: string, board: Board, paint: Paint, columns: number): string[] {
  const counts = [
    `${board.arriving.length} arriving`,
    board.waiting.length > 0 && `${board.waiting.length} waiting`,
    formatRate(board.rate),
  ];
  const right = board.known ? counts.filter(Boolean).join(" · ") : "";
  const left = cut(safe(`Sluice at ${name}`, 300), Math.max(0, columns - right.length - 2));
  const gap = Math.max(1, columns - Bun.stringWidth(left) - right.length);
  return [`${paint("bold", left)}${" ".repeat(gap)}${right}`];
}

function connectionNote({ lost }: Board, paint: Paint, now: number): string[] {
  if (!lost) return [];
  const wait = Math.max(0, Math.ceil((lost.until - now) / 1000));
  return [paint("red", `Not connected: ${safe(lost.why, 300)}. Next attempt in ${wait} s.`)];
}

/** All uploads, in the highest level of detail that fits. */
function fit(board: Board, options: FrameOptions, paint: Paint, now: number): string[][] {
  const rest = [
    ...board.ended(now).map((upload) => [endedLine(upload, paint)]),
    ...board.waiting.map((upload) => [waitingLine(upload, paint)]),
  ];
  let blocks: string[][] = [];
  for (const level of LEVELS) {
    blocks = [...board.arriving.map((upload) => block(upload, board, level, options, paint)), ...rest];
    if (blocks.reduce((sum, { length }) => sum + length, 0) <= options.rows) break;
  }
  return blocks;
}

function block(
  upload: ActiveUpload,
  board: Board,
  level: Level,
  { columns }: FrameOptions,
  paint: Paint,
): string[] {
  const path = safe(upload.path, 4096);
  const words = pace(upload, board.rateOf(upload));
  if (level === "line") {
    const half = Math.floor(columns / 2) - 1;
    return [`${pad(tail(path, half), half)} ${paint("cyan", words)}`];
  }
  const bytes = amounts(upload);
  const room = Math.max(Math.floor(columns / 3), columns - bytes.length - 2);
  const lines = [
    `${paint("bold", pad(tail(path, room), room))}  ${bytes}`,
    `  ${bar(upload, Math.min(40, Math.floor(columns / 3)), paint)} ${words}`,
  ];
  if (level === "bar") return lines;
  const explanation = upload.explanation
    ? Bun.wrapAnsi(safe(upload.explanation), Math.max(20, columns - 2))
    : "";
  return [...lines, ...explanation.split("\n").map((line) => paint("dim", `  ${line}`)), ""];
}

/** The bar: saved, received but not yet saved, missing. Empty when the size is unknown. */
function bar({ received, saved, size }: ActiveUpload, width: number, paint: Paint): string {
  if (size === undefined) return paint("dim", "·".repeat(width));
  const cells = (bytes: number) => (size === 0 ? width : Math.min(width, Math.floor((bytes / size) * width)));
  const full = cells(saved);
  const ahead = Math.max(0, cells(received) - full);
  const left = width - full - ahead;
  return `${paint("green", "█".repeat(full))}${paint("cyan", "▒".repeat(ahead))}${paint("dim", "░".repeat(left))}`;
}

function endedLine(upload: EndedUpload, paint: Paint): string {
  const mark = paint(MARK_STYLES[upload.outcome], MARKS[upload.outcome]);
  return `${mark} ${tail(safe(upload.path, 4096), 40)} · ${ending(upload)}`;
}

function waitingLine(upload: ActiveUpload, paint: Paint): string {
  const { expires } = upload;
  const left = expires === undefined ? Number.NaN : (Date.parse(expires) - Date.now()) / 1000;
  const until = left > 0 ? ` · expires in ${formatTime(left)}` : "";
  return paint(
    "dim",
    `‖ ${tail(safe(upload.path, 4096), 40)} · ${pace(upload, 0)} · ${amounts(upload)}${until}`,
  );
}

const cut = (text: string, width: number): string => Bun.sliceAnsi(text, 0, width, "…");
/** Cuts a path at its start, because the file name is at its end. */
const tail = (text: string, width: number): string =>
  Bun.stringWidth(text) <= width ? text : Bun.sliceAnsi(text, -width, undefined, "…");
const pad = (text: string, width: number): string =>
  text + " ".repeat(Math.max(0, width - Bun.stringWidth(text)));
