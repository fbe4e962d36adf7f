// Helps with error messages: quotes user input safely and suggests the most similar name.

import leven from "leven";

/** Maximum number of quoted characters. */
const MAX_QUOTED = 60;

/** Quotes a text, escapes control and invisible characters, and cuts it at 60 characters. */
export function quoted(text: string): string {
  const cut = text.length > MAX_QUOTED ? `${text.slice(0, MAX_QUOTED)}…` : text;
  const safe = cut.replace(/[\p{C}\p{Zl}\p{Zp}]/gu, (character) => {
    const code = character.codePointAt(0) ?? 0;
    return `\\u{${code.toString(16)}}`;
  });
  return `"${safe}"`;
}

/**
 * The name most similar to the word, in any case style: one that contains it (`size`), or the one with the smallest edit
 * distance (`prot`). Typing errors seldom affect the first letter, so it breaks ties.
 */
export function nearest(word: string, names: readonly string[]): string {
  const plain = word
    .slice(0, MAX_QUOTED)
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
