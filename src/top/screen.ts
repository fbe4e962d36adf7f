// Takes over the terminal while drawing and restores it on every exit.

/** Switch to the alternate screen without cursor and line wrapping, and back. */
const ENTER = "\x1b[?1049h\x1b[?25l\x1b[?7l";
const LEAVE = "\x1b[?7h\x1b[?25h\x1b[?1049l";
/** Synchronized output: terminals that support it show a frame at once, others ignore the sequences. */
const BEGIN = "\x1b[?2026h\x1b[H";
const END = "\x1b[?2026l";
/**
 * Erase the rest of the line, or of the screen. Sent before the text: behind a line as wide as the terminal, whose cursor
 * stays on the last column without line wrapping, they would erase its last character.
 */
const ERASE_LINE = "\x1b[K";
const ERASE_BELOW = "\r\n\x1b[J";

const CTRL_C = "\x03";

export class Screen implements Disposable {
  readonly #restore = (): void => this.#leave();
  #open = true;

  /** @param onQuit called when q or Ctrl-C is typed @param onResize called when the terminal's size changes */
  constructor(onQuit: () => void, onResize: () => void) {
    process.on("exit", this.#restore);
    process.stdout.on("resize", onResize);
    process.stdout.write(ENTER);
    if (!process.stdin.isTTY) return;
    // Without raw mode, typed characters would appear in the frame.
    process.stdin.setRawMode(true);
    process.stdin.setEncoding("utf8");
    process.stdin.on("data", (typed) => {
      if (/[qQ]/.test(`${typed}`) || `${typed}`.includes(CTRL_C)) onQuit();
    });
  }

  get size(): { columns: number; rows: number } {
    const { columns, rows } = process.stdout;
    return { columns: columns || 80, rows: rows || 24 };
  }

  /** Draws the lines. Skips the frame while the terminal is still receiving the previous one. */
  draw(lines: readonly string[]): void {
    if (!this.#open || process.stdout.writableNeedDrain) return;
    const text = lines.map((line) => `${ERASE_LINE}${line}`).join("\r\n");
    process.stdout.write(`${BEGIN}${text}${lines.length < this.size.rows ? ERASE_BELOW : ""}${END}`);
  }

  [Symbol.dispose](): void {
    this.#leave();
    process.off("exit", this.#restore);
  }

  #leave(): void {
    if (!this.#open) return;
    this.#open = false;
    if (process.stdin.isTTY) process.stdin.setRawMode(false);
    process.stdin.pause();
    process.stdout.write(LEAVE);
  }
}
