// The pages of the documentation, and the blocks of code in them.

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

const TOP = join(import.meta.dir, "../..");

/** The README and all pages of docs/, as paths from the repository's top folder. */
export const PAGES: readonly string[] = [
  "README.md",
  ...["docs", "docs/decisions"].flatMap((folder) =>
    readdirSync(join(TOP, folder))
      .filter((name) => name.endsWith(".md"))
      .map((name) => `${folder}/${name}`)
      .toSorted(),
  ),
];

/** One block of code. */
export interface Block {
  /** The language after the opening fence, or an empty string. */
  language: string;
  text: string;
  /** The reason in `<!-- not run: … -->` on the line above, for blocks that no test runs. */
  reason: string | undefined;
}

/** The text of a page. */
export function pageText(page: string): string {
  return readFileSync(join(TOP, page), "utf8");
}

/** All blocks of a page in order, or those of one language. */
export function blocks(page: string, language?: string): Block[] {
  const found = pageText(page).matchAll(/^(?:<!-- not run: ([^\n]+) -->\n)?```(\w*)\n(.*?)^```$/gms);
  return Array.from(found, ([, reason, word = "", text = ""]) => ({ language: word, text, reason })).filter(
    (block) => language === undefined || block.language === language,
  );
}
