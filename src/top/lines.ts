// Writes changes as plain lines for a file or another program, without control sequences.

import { type Board, keyOf } from "./board.ts";
import type { Arriving, EndedUpload } from "./feed.ts";
import { amounts, ending, pace, safe } from "./format.ts";

/** Shortest interval between two lines about one upload, in milliseconds. */
const PACE = 1000;

/** The state and time of the last line about an upload. */
interface Told {
  at: number;
  state: string;
}

export class Lines {
  #told = new Map<string, Told>();

  /** The changes since the last call, at most one line a second for each upload. `now` is in milliseconds. */
  changed(board: Board, now: number): string[] {
    const lines: string[] = [];
    const told = new Map<string, Told>();
    for (const upload of [...board.arriving, ...board.waiting]) {
      const key = keyOf(upload);
      const before = this.#told.get(key);
      const state = stateOf(upload);
      if (before && (now - before.at < PACE || before.state === state)) {
        told.set(key, before);
        continue;
      }
      told.set(key, { at: now, state });
      lines.push(line(upload.path, `${pace(upload, board.rateOf(upload))} · ${amounts(upload)}`));
    }
    this.#told = told;
    return lines;
  }

  ended(upload: EndedUpload): string {
    return line(upload.path, ending(upload));
  }
}

const stateOf = ({ received, saved, state }: Arriving): string => `${received} ${saved} ${state}`;

function line(path: string, words: string): string {
  return `${new Date().toISOString()} ${safe(path, 4096)} · ${words}`;
}
