// The ranges of a file that a request asks for (RFC 9110 section 14).

/** Bytes of a file, from `first` to `last`, both of them included. */
export interface Range {
  first: number;
  last: number;
}

/** What is sent: all of the file, some ranges of it in the order of the request, or nothing, because it has none of them. */
export type Selection = "whole" | "nothing" | readonly [Range, ...Range[]];

/** More ranges than this are answered with the whole file: each costs a read and a head of its own. */
export const MOST_RANGES = 16;

// With the spaces that Bun's server overlooks: it would cut out such a range where all of the file is meant.
const UNIT = /^\s*bytes\s*=/i;
const RANGE = /^(?:(\d+)\s*-\s*(\d*)|-\s*(\d+))$/;

/**
 * What the value of `Range` selects of a file. Another unit, and what is no range, select all of it, as if nothing had
 * been asked (section 14.2), and so do many ranges, and ranges that overlap: nobody reads a file like that, and it would
 * be sent several times over. All of an empty file is what clients mean that ask for a range of every file.
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
    // Behind the end it is nothing first, as for Bun's server, which looks again where all of the file is meant.
    if (Number(first) < size && last && Number(last) < Number(first)) return "whole";
    const there = suffix === undefined ? from(Number(first), last, size) : lastOf(Number(suffix), size);
    if (there) found.push(there);
  }
  const [one, ...others] = found;
  if (!one) return specs.length > 0 ? "nothing" : "whole";
  return found.length > MOST_RANGES || overlap(found) ? "whole" : [one, ...others];
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
