// The screen of a terminal after a program has written to it. It knows only the sequences that sluice top uses, without line wrapping.

/** The lines of a screen, without the spaces at their ends. */
export function screenOf(written: string, columns: number, rows: number): string[] {
  const cells = Array.from({ length: rows }, () => Array<string>(columns).fill(" "));
  let [row, column] = [0, 0];
  const erase = (line: string[] | undefined, from: number): void => void line?.fill(" ", from);
  for (const [token] of written.matchAll(/\x1b\[\??[\d;]*[A-Za-z]|[\s\S]/gu)) {
    const line = cells[row];
    if (token === "\r") column = 0;
    else if (token === "\n") row = Math.min(rows - 1, row + 1);
    else if (token === "\x1b[H") [row, column] = [0, 0];
    else if (token === "\x1b[K") erase(line, column);
    else if (token === "\x1b[J") {
      erase(line, column);
      for (const below of cells.slice(row + 1)) erase(below, 0);
    } else if (!token.startsWith("\x1b") && line) {
      line[column] = token;
      // The cursor stays on the last column: line wrapping is off.
      column = Math.min(columns - 1, column + Bun.stringWidth(token));
    }
  }
  return cells.map((line) => line.join("").trimEnd());
}
