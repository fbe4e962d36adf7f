// Sets of permission words as bits, so that a check costs a comparison.

import { WORDS, type Word } from "../config/config.ts";

/** A set of words. */
export type Words = number;

export const NO_WORDS: Words = 0;
export const ALL_WORDS: Words = (1 << WORDS.length) - 1;

const bitOf = Object.fromEntries(WORDS.map((word, index) => [word, 1 << index]));

/** The bits of words; `read` includes `list`. */
export function wordsOf(words: Iterable<Word>): Words {
  let bits = NO_WORDS;
  for (const word of words) bits |= bitOf[word] ?? 0;
  return has(bits, "read") ? bits | (bitOf.list ?? 0) : bits;
}

/** Whether a set has a word. */
export function has(words: Words, word: Word): boolean {
  return (words & (bitOf[word] ?? 0)) !== 0;
}

/** The words of a set, in their fixed order. */
export function listWords(words: Words): Word[] {
  return WORDS.filter((word) => has(words, word));
}

/** `read,write`, `all` or `none`; leaves out `list` where `read` includes it. */
export function formatWords(words: Words): string {
  if (words === NO_WORDS) return "none";
  if (words === ALL_WORDS) return "all";
  return listWords(words)
    .filter((word) => word !== "list" || !has(words, "read"))
    .join(",");
}

/** Parses `read,write`, `all` or `none`. @returns undefined for anything else */
export function parseWords(text: string): Words | undefined {
  if (text === "none") return NO_WORDS;
  if (text === "all") return ALL_WORDS;
  const found = text.split(",").map((name) => WORDS.find((word) => word === name.trim()));
  return found.every((word) => word !== undefined) ? wordsOf(found) : undefined;
}
