// Writes changes as plain lines for a file or another program, without control sequences.

import { type Board, keyOf } from "./board.ts";
import type { ActiveUpload, EndedUpload } from "./feed.ts";
import { amounts, ending, pace, safe } from "./format.ts";

/** Shortest interval between two lines about one upload, in milliseconds. */
const LINE_INTERVAL = 1000;

/** The state and time of the last line about an upload. */
interface LastLine {
  at: number;
  state: string;
}

export class Lines {
  #written = new Map<string, LastLine>();

  /** The changes since the last call, at most one line a second for each upload. `now` is in milliseconds. */
  changed(board: Board, now: number): string[] {
    const lines: string[] = [];
    const written = new Map<string, LastLine>();
    for (const upload of [...board.arriving, ...board.waiting]) {
      const key = keyOf(upload);
      const previous = this.#written.get(key);
      const state = stateOf(upload);
      if (previous && (now - previous.at < LINE_INTERVAL || previous.state === state)) {
        written.set(key, previous);
        continue;
      }
      written.set(key, { at: now, state });
      lines.push(line(upload.path, `${pace(upload, board.rateOf(upload))} · ${amounts(upload)}`));
    }
    this.#written = written;
    return lines;
  }

  ended(upload: EndedUpload): string {
    return line(upload.path, ending(upload));
  }
}

const stateOf = ({ received, saved, state }: ActiveUpload): string => `${received} ${saved} ${state}`;

function line(path: string, words: string): string {
  return `${new Date().toISOString()} ${safe(path, 4096)} · ${words}`;
}
