// Frames of fixed sizes: their content, what is omitted in small terminals, and escaping of names.

import { describe, expect, test } from "bun:test";
import { stripVTControlCharacters } from "node:util";
import { Board } from "../../src/top/board.ts";
import { type FrameOptions, frame } from "../../src/top/frame.ts";
import { arriving, ended } from "./uploads.ts";

const NAME = "http://127.0.0.1:3000";

function frameOf(board: Board, options: Partial<FrameOptions> = {}, now = 0): string[] {
  return frame(NAME, board, { columns: 80, rows: 24, colours: false, ...options }, now);
}

function boardOf(...uploads: ReturnType<typeof arriving>[]): Board {
  const board = new Board();
  board.update(uploads, 0);
  return board;
}

describe("a frame", () => {
  test("is empty before the first snapshot, and says when there are no uploads", () => {
    expect(frameOf(new Board())).toEqual([`Sluice at ${NAME}${" ".repeat(49)}`, ""]);
    expect(frameOf(boardOf())[2]).toBe("Nothing is arriving.");
  });

  test("shows received and saved bytes, the rate, the bottleneck and the explanation", () => {
    expect(frameOf(boardOf(arriving("photos/a.jpg")))).toEqual([
      `Sluice at ${NAME}${" ".repeat(30)}1 arriving · 1 MB/s`,
      "",
      `photos/a.jpg${" ".repeat(34)}4 MB received, 2 MB saved of 10 MB`,
      "  █████▒▒▒▒▒░░░░░░░░░░░░░░░░ 20 % · 1 MB/s · limit: network · 6 s left",
      "  The network was the limit: 98 % of the time was spent waiting for data at 7",
      "  MB/s. The disk took it at 484 MB/s.",
      "",
    ]);
  });

  test("names a cap as the limit, with its rate in the explanation", () => {
    const explanation =
      "The cap of this link (1 MB/s) was the limit. The network was faster: data was always there.";
    const lines = frameOf(boardOf(arriving("a", { bottleneck: "cap", explanation })));
    expect(lines[3]).toEndWith("20 % · 1 MB/s · limit: cap · 6 s left");
    expect(lines[4]).toStartWith("  The cap of this link (1 MB/s) was the limit.");
  });

  test("shows uploads of unknown size, uploads that are being saved, and empty ones", () => {
    const { size: _, ...endless } = arriving("a");
    const board = boardOf(
      endless,
      arriving("b", { state: "saving", received: 10_000_000 }),
      arriving("c", { size: 0, received: 0, saved: 0 }),
    );
    const bars = frameOf(board, { rows: 10 }).filter((line) => line.startsWith("  "));
    expect(bars).toEqual([
      `  ${"·".repeat(26)} 1 MB/s · limit: network`,
      "  █████▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒ 20 % · 1 MB/s · all arrived, being saved",
      `  ${"█".repeat(26)} 100 % · 1 MB/s · limit: network · 0 ms left`,
    ]);
  });

  test("has the same text with and without colours", () => {
    const board = boardOf(arriving("a"), arriving("b", { state: "waiting" }));
    board.addEnded(ended("c"), 0);
    const coloured = frameOf(board, { colours: true });
    expect(coloured.join("")).toContain("\x1b[32m█████\x1b[39m\x1b[36m▒▒▒▒▒\x1b[39m");
    expect(coloured.map((line) => stripVTControlCharacters(line))).toEqual(frameOf(board));
    expect(frameOf(board).join("")).not.toContain("\x1b");
  });
});

describe("in a small terminal", () => {
  const many = Array.from({ length: 12 }, (_, at) => arriving(`folder/file-${at}.bin`));

  test.each([
    [80, 24],
    [80, 10],
    [200, 60],
    [40, 8],
    [20, 4],
    [1, 1],
  ])("a frame fits into %d columns and %d rows", (columns, rows) => {
    const board = boardOf(...many, arriving("日本語/".repeat(60)), arriving("w", { state: "waiting" }));
    board.addEnded(ended("e"), 0);
    board.lost = { why: "nothing listens there", until: 4000 };
    const lines = frameOf(board, { columns, rows, colours: true });
    expect(lines.length).toBeLessThanOrEqual(rows);
    for (const line of lines) expect(Bun.stringWidth(line)).toBeLessThanOrEqual(columns);
  });

  test("explanations are omitted first, then bars, then uploads, which are counted", () => {
    const board = boardOf(...many);
    expect(frameOf(board, { rows: 100 }).filter((line) => line.includes("The network was"))).toHaveLength(12);
    const bars = frameOf(board, { rows: 26 });
    expect(bars.filter((line) => line.includes("█"))).toHaveLength(12);
    expect(bars.join("")).not.toContain("The network was");
    const lines = frameOf(board, { rows: 14 });
    expect(lines.filter((line) => line.includes("file-"))).toHaveLength(12);
    expect(lines.join("")).not.toContain("█");
    const few = frameOf(board, { rows: 7 });
    expect(few.filter((line) => line.includes("file-"))).toHaveLength(4);
    expect(few.at(-1)).toBe("… and 8 more");
  });

  test("the end of a long path is shown", () => {
    const board = boardOf(arriving(`${"deep/".repeat(30)}film.mkv`));
    expect(frameOf(board)[2]).toMatch(/^….*deep\/film\.mkv {2}4 MB received/);
  });
});

test("ended uploads are shown for some seconds, with their outcome", () => {
  const board = boardOf();
  board.addEnded(ended("a.bin"), 0);
  board.addEnded(
    ended("b.bin", { outcome: "failed", error: { code: "x", detail: "The disk is full." } }),
    5000,
  );
  board.addEnded(ended("c.bin", { outcome: "forgotten" }), 5000);
  expect(frameOf(board, { columns: 200 }, 9000).slice(2)).toEqual([
    "– c.bin · removed at 1.2 MB: cancelled or expired",
    "✗ b.bin · failed after 1.2 MB: The disk is full.",
    expect.stringMatching(/^✓ a\.bin · saved 1\.2 MB in 2 s at 600 kB\/s · The network was the limit/),
  ]);
  expect(frameOf(board, {}, 12_000).join()).not.toContain("a.bin");
  expect(frameOf(board, {}, 20_000)[2]).toBe("Nothing is arriving.");
});

test("a lost connection is shown with a countdown", () => {
  const board = boardOf(arriving("a"));
  board.lost = { why: "nothing listens at here", until: 4000 };
  expect(frameOf(board)[1]).toBe("Not connected: nothing listens at here. Next attempt in 4 s.");
  expect(frameOf(board, {}, 3500)[1]).toEndWith("in 1 s.");
  board.update([], 4000);
  expect(frameOf(board)[1]).toBe("");
});

test("text of a server cannot move the cursor or change the direction of text", () => {
  const hostile = "a\x1b[2J\x9b31m\u202egnp.exe\r\n\u2066\u0007\ud800";
  const board = boardOf(
    arriving(hostile, { explanation: hostile }),
    arriving(hostile, { state: "waiting", id: "other" }),
  );
  board.addEnded(ended(hostile, { outcome: "failed", error: { code: "x", detail: hostile } }), 0);
  board.addEnded(ended(hostile, { flow: { ...ended("").flow, explanation: hostile } }), 0);
  board.lost = { why: hostile, until: 0 };
  for (const rows of [8, 24]) {
    const text = frameOf(board, { columns: 300, rows }).join("");
    expect(text).toContain("a\\u001b[2J");
    expect(text).not.toMatch(/[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]/);
    expect(text.isWellFormed()).toBe(true);
  }
});
