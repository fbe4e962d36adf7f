// Rules at folders: which words a subject has at a path, by the nearest rule of that subject.

import { type Grant, wordOf } from "../config/config.ts";
import { checkFolderPath, type FilePath, type FolderPath, isWithin, ROOT } from "../path.ts";
import type { View } from "../storage/listing/view.ts";
import { NO_WORDS, type Words, wordsOf } from "./words.ts";

/** Everyone, also without an account. */
export const ANYONE = "anyone";

/** One rule. `subject`: `anyone`, `@team`, or the name of an account. */
export interface Rule {
  subject: string;
  path: FolderPath;
  words: Words;
}

/** An immutable set of rules, at most one for each subject and path. */
export class Rules {
  readonly #bySubject = new Map<string, Map<string, Rule>>();
  /** The paths of each subject, sorted: those below a folder are neighbours. */
  readonly #sorted = new Map<string, FolderPath[]>();
  /** The views of askers by these rules, kept by `Asker.view`. */
  readonly views = new Map<string, View>();

  constructor(readonly all: readonly Rule[]) {
    for (const rule of all) {
      const paths = this.#bySubject.get(rule.subject) ?? new Map<string, Rule>();
      this.#bySubject.set(rule.subject, paths.set(rule.path, rule));
    }
    for (const [subject, rules] of Map.groupBy(all, (rule) => rule.subject))
      this.#sorted.set(
        subject,
        rules.map(({ path }) => path).sort((one, other) => (one < other ? -1 : 1)),
      );
  }

  /** The nearest rule of a subject at a path or above it. Paths are compared segment by segment: `a` never matches `ab`. */
  nearest(subject: string, path: FilePath | FolderPath): Rule | null {
    const paths = this.#bySubject.get(subject);
    if (!paths) return null;
    for (let end = path.length; ; end = path.lastIndexOf("/", end - 1)) {
      const above = end <= 0 ? ROOT : path.slice(0, end);
      const rule = paths.get(above);
      if (rule) return rule;
      if (end <= 0) return null;
    }
  }

  /** The words that several subjects have together at a path: the union of the nearest rule of each. */
  wordsOf(subjects: readonly string[], path: FilePath | FolderPath): Words {
    let words = NO_WORDS;
    for (const subject of subjects) words |= this.nearest(subject, path)?.words ?? NO_WORDS;
    return words;
  }

  /** The folders strictly below a path at which one of the subjects has a rule. */
  *below(subjects: readonly string[], folder: FilePath | FolderPath): Generator<FolderPath> {
    const start = folder === ROOT ? "" : `${folder}/`;
    for (const subject of subjects) {
      const paths = this.#sorted.get(subject) ?? [];
      for (let at = firstFrom(paths, start); at < paths.length; at += 1) {
        const path = paths[at] ?? ROOT;
        if (!path.startsWith(start)) break;
        if (path !== ROOT) yield path;
      }
    }
  }
}

/** The index of the first text that is not less than `start`. */
function firstFrom(sorted: readonly string[], start: string): number {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((sorted[middle] ?? "") < start) low = middle + 1;
    else high = middle;
  }
  return low;
}

/**
 * The rules of `--allow` for `anyone`. A word given for a folder is added to the words of the folders above it, as with
 * Deno's permissions: `read,write=inbox` allows reading everywhere, and both in `inbox`.
 */
export function rulesOfAllow(allow: ReadonlySet<Grant>): Rule[] {
  const given = [...allow].map((grant) => {
    const [, ...rest] = grant.split("=");
    return { word: wordOf(grant), path: checkFolderPath(rest.join("=")) };
  });
  const paths = new Set([ROOT, ...given.map(({ path }) => path)]);
  return [...paths].map((path) => ({
    subject: ANYONE,
    path,
    words: wordsOf(given.flatMap(({ word, path: folder }) => (word && isWithin(path, folder) ? [word] : []))),
  }));
}

/** One rule for each subject and path: those of `--allow` and of the database give their words together. */
export function combined(rules: readonly Rule[]): Rule[] {
  const bySubject = new Map<string, Rule>();
  for (const rule of rules) {
    const key = JSON.stringify([rule.subject, rule.path]);
    bySubject.set(key, { ...rule, words: rule.words | (bySubject.get(key)?.words ?? 0) });
  }
  return [...bySubject.values()];
}
