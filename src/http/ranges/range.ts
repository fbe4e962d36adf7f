// Parses the Range header of a request (RFC 9110 section 14).

/** Bytes of a file, from `first` to `last` inclusive. */
export interface Range {
  first: number;
  last: number;
}

/** The bytes to send: the whole file, some ranges in the order of the request, or nothing, because no range is satisfiable. */
export type Selection = "whole" | "nothing" | readonly [Range, ...Range[]];

/** With more ranges than this the whole file is sent: each range costs a read and a part header of its own. */
export const MAX_RANGES = 16;

// Allows the white space that Bun's server ignores; otherwise Bun would send a range where this module selects the whole file.
const UNIT = /^\s*bytes\s*=/i;
const RANGE = /^(?:(\d+)\s*-\s*(\d*)|-\s*(\d+))$/;

/**
 * The bytes that `Range` selects. An unknown unit or a malformed header selects the whole file, as if the header were
 * absent (section 14.2). So do too many ranges and overlapping ones: no real client needs them, and they would send the
 * same bytes several times. An empty file is always sent whole, for clients that request a range of every file.
 * @param size bytes of the file
 */
export function select(range: string | null, size: number): Selection {
  if (range === null || size === 0 || !UNIT.test(range)) return "whole";
  const specs = range
    .replace(UNIT, "")
    .split(",")
    .map((spec) => spec.trim())
    .filter((spec) => spec !== "");
  const found: Range[] = [];
  for (const spec of specs) {
    const [, first, last, suffix] = RANGE.exec(spec) ?? [];
    if (first === undefined && suffix === undefined) return "whole";
    // A range beyond the end counts as unsatisfiable before its order is checked, as in Bun's server, which parses the
    // header again when the whole file is sent.
    if (Number(first) < size && last && Number(last) < Number(first)) return "whole";
    const range = suffix === undefined ? from(Number(first), last, size) : lastOf(Number(suffix), size);
    if (range) found.push(range);
  }
  const [one, ...others] = found;
  if (!one) return specs.length > 0 ? "nothing" : "whole";
  return found.length > MAX_RANGES || overlap(found) ? "whole" : [one, ...others];
}

function from(first: number, last: string | undefined, size: number): Range | null {
  return first < size ? { first, last: last ? Math.min(Number(last), size - 1) : size - 1 } : null;
}

function lastOf(bytes: number, size: number): Range | null {
  return bytes === 0 ? null : { first: Math.max(0, size - bytes), last: size - 1 };
}

function overlap(ranges: readonly Range[]): boolean {
  const sorted = ranges.toSorted((a, b) => a.first - b.first);
  return sorted.some(({ first }, index) => index > 0 && first <= (sorted[index - 1]?.last ?? -1));
}
