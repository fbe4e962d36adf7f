// Words messages about unknown flags and keys: quotes the word safely and suggests the name that was probably meant.

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
 * The name that a misspelt word probably means, in any case style: one that contains it (`size`), or the one with the
 * smallest edit distance (`prot`), if at least half of the word is right. Typing errors seldom affect the first letter, so
 * it breaks ties.
 */
export function nearest(word: string, names: readonly string[]): string | undefined {
  const plain = separated(word.slice(0, MAX_QUOTED));
  const plainNames = names.map((name) => ({ name, plain: separated(name) }));
  const related = plainNames.filter(({ plain: name }) =>
    plain.length > 2 ? name.includes(plain) : plain !== "" && name.startsWith(plain),
  );
  const distance = (name: string): number => leven(plain, name) - (name[0] === plain[0] ? 0.5 : 0);
  const close = plainNames.filter(({ plain: name }) => distance(name) <= plain.length / 2);
  const [best] = (related.length > 0 ? related : close).toSorted(
    (one, other) => distance(one.plain) - distance(other.plain),
  );
  return best?.name;
}

/** The advice about an unknown word: the nearest name, or all names that may be used. */
export function instead(word: string, names: readonly string[]): string {
  const near = nearest(word, names);
  return near === undefined ? `use ${names.join(", ")}` : `the nearest is ${near}`;
}

/** `max-files` for `maxFiles` and `MAX_FILES`. */
function separated(word: string): string {
  return word
    .replace(/([a-z])([A-Z])/g, "$1-$2")
    .replaceAll("_", "-")
    .toLowerCase();
}

/** A sentence about an unknown word. @param kind of the word, such as `query key` @param names the known ones */
export function misspelt(kind: string, word: string, names: readonly string[]): string {
  const near = nearest(word, names);
  const known = names.map((name) => `\`${name}\``).join(", ");
  const hint = known === "" ? "none is allowed here" : `use ${known}`;
  return `Unknown ${kind} ${quoted(word)}: ${near === undefined ? hint : `the nearest is \`${near}\``}.`;
}
