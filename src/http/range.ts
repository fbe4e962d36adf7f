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
 * be sent several times over.
 * @param size bytes of the file
 */
export function select(range: string | null, size: number): Selection {
  if (range === null || !UNIT.test(range)) return "whole";
  const specs = range
    .replace(UNIT, "")
    .split(",")
    .map((spec) => spec.trim())
    .filter((spec) => spec !== "");
  const found: Range[] = [];
  let nothing = specs.length > 0;
  for (const spec of specs) {
    const [, first, last, suffix] = RANGE.exec(spec) ?? [];
    if (first === undefined && suffix === undefined) return "whole";
    if (first !== undefined && last && Number(last) < Number(first)) return "whole";
    const there = suffix === undefined ? from(Number(first), last, size) : lastOf(Number(suffix), size);
    if (there === "empty") nothing = false;
    else if (there) found.push(there);
  }
  const [one, ...others] = found;
  if (!one) return nothing ? "nothing" : "whole";
  return found.length > MOST_RANGES || overlap(found) ? "whole" : [one, ...others];
}

function from(first: number, last: string | undefined, size: number): Range | null {
  return first < size ? { first, last: last ? Math.min(Number(last), size - 1) : size - 1 } : null;
}

/** An empty file has its last bytes, all none of them (section 14.1.2), which no `Content-Range` can say. */
function lastOf(bytes: number, size: number): Range | "empty" | null {
  if (bytes === 0) return null;
  return size === 0 ? "empty" : { first: Math.max(0, size - bytes), last: size - 1 };
}

function overlap(ranges: readonly Range[]): boolean {
  const sorted = ranges.toSorted((a, b) => a.first - b.first);
  return sorted.some(({ first }, index) => index > 0 && first <= (sorted[index - 1]?.last ?? -1));
}
