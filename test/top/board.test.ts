// The current rate of each upload, and the lines that report it.

import { describe, expect, test } from "bun:test";
import { Board } from "../../src/top/board.ts";
import { Lines } from "../../src/top/lines.ts";
import { arriving, ended } from "./uploads.ts";

describe("a rate", () => {
  test("is the server's at first, and then that of recent bytes", () => {
    const board = new Board();
    const at = (seconds: number, received: number) =>
      board.update([arriving("a", { received, bytesPerSecond: 7 })], seconds * 1000);
    at(0, 0);
    expect(board.rate).toBe(7);
    for (let second = 1; second <= 20; second += 1) at(second, second * 1000);
    expect(board.rate).toBeWithin(999, 1001);
    for (let second = 21; second <= 40; second += 1) at(second, 20_000);
    expect(board.rate).toBeLessThan(1);
  });

  test("belongs to one upload, whatever ids clients choose, and is removed with it", () => {
    const board = new Board();
    const [one, other] = [arriving("a", { id: "same" }), arriving("b", { id: "same", bytesPerSecond: 5 })];
    board.update([one, other], 0);
    expect([board.rateOf(one), board.rateOf(other)]).toEqual([1_000_000, 5]);
    board.update([other], 0);
    expect([board.rateOf(one), board.rateOf(other)]).toEqual([0, 5]);
  });

  test("does not include waiting uploads", () => {
    const board = new Board();
    board.update([arriving("a", { state: "waiting" })], 0);
    expect([board.rate, board.arriving.length, board.waiting.length]).toEqual([0, 0, 1]);
  });
});

test("the last fifty ended uploads are kept", () => {
  const board = new Board();
  for (let at = 0; at < 1000; at += 1) board.addEnded(ended(String(at)), 0);
  expect(board.ended(0)).toHaveLength(50);
  expect(board.ended(0)[0]?.path).toBe("999");
});

describe("lines", () => {
  const board = new Board();
  const lines = new Lines();
  const at = (now: number, received: number): string[] => {
    board.update([arriving("a\x1b[1m\n", { received }), arriving("still")], now);
    return lines.changed(board, now);
  };

  test("are written at most once a second for changes, and are escaped", () => {
    expect(at(0, 1_000_000)).toEqual([
      expect.stringMatching(
        /^\d{4}-\S+Z a\\u001b\[1m\\u000a · 20 % · 1 MB\/s · limit: network · 9 s left · 1 MB received, 2 MB saved of 10 MB$/,
      ),
      expect.stringContaining(" still · "),
    ]);
    expect(at(500, 2_000_000)).toEqual([]);
    expect(at(1000, 3_000_000)).toEqual([expect.stringContaining("3 MB received")]);
    expect(at(5000, 3_000_000)).toEqual([]);
  });

  test("report every ended upload", () => {
    expect(lines.ended(ended("b\x07"))).toMatch(/^\S+ b\\u0007 · saved 1\.2 MB in 2 s/);
  });
});
