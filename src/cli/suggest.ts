// Words for wrong use: what was written, shown safely, and the real name it comes nearest to.

import leven from "leven";

const LONGEST_SHOWN = 60;

/** A text in quotes: control and invisible characters escaped, cut at 60 characters. */
export function quoted(text: string): string {
  const cut = text.length > LONGEST_SHOWN ? `${text.slice(0, LONGEST_SHOWN)}…` : text;
  const safe = cut.replace(/[\p{C}\p{Zl}\p{Zp}]/gu, (character) => {
    const code = character.codePointAt(0) ?? 0;
    return `\\u{${code.toString(16)}}`;
  });
  return `"${safe}"`;
}

/**
 * The name that is most like the word, in whatever style the word is written: one that holds it (`size`), or one a
 * slip of the pen away (`prot`). Slips seldom touch the first letter, so that decides between equals.
 */
export function nearest(word: string, names: readonly string[]): string {
  const plain = word
    .slice(0, LONGEST_SHOWN)
    .replace(/([a-z])([A-Z])/g, "$1-$2")
    .replaceAll("_", "-")
    .toLowerCase();
  const related = names.filter((name) => (plain.length > 2 ? name.includes(plain) : name.startsWith(plain)));
  const [best = ""] = (related.length > 0 ? related : names)
    .map((name) => ({ name, distance: leven(plain, name) - (name[0] === plain[0] ? 0.5 : 0) }))
    .toSorted((one, other) => one.distance - other.distance)
    .map(({ name }) => name);
  return best;
}
