// Documents lead somewhere: every link to a file or heading of this repository, and every group of benchmarks that is named.

import { describe, expect, test } from "bun:test";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";

const TOP = join(import.meta.dir, "../..");
const documents = [TOP, join(TOP, "docs"), join(TOP, "docs/decisions")].flatMap((folder) =>
  readdirSync(folder)
    .filter((name) => name.endsWith(".md"))
    .map((name) => relative(TOP, join(folder, name))),
);
const textOf = (file: string): string => readFileSync(join(TOP, file), "utf8");

/** The anchors of a page, as code hosts make them of its headings. */
function anchorsOf(file: string): Set<string> {
  const headings = textOf(file).matchAll(/^#+ (.+)$/gm);
  return new Set(
    Array.from(headings, ([, heading = ""]) =>
      heading
        .toLowerCase()
        .replace(/[^\p{L}\p{N} _-]/gu, "")
        .replaceAll(" ", "-"),
    ),
  );
}

describe("documents", () => {
  test("there are some, with links", () => {
    expect(documents).toContain("README.md");
    expect(documents).toContain("docs/decisions/README.md");
    expect(linksOf("README.md").length).toBeGreaterThan(20);
  });

  test.each(documents)("the links of %s lead somewhere", (document) => {
    const lost = linksOf(document).filter((link) => {
      const [path = "", dir] = link.split("#");
      const file = path === "" ? document : join(dirname(document), path);
      if (!existsSync(join(TOP, file))) return true;
      return dir !== undefined && file.endsWith(".md") && !anchorsOf(file).has(dir);
    });
    expect(lost).toEqual([]);
  });

  test("name only groups of benchmarks that there are", () => {
    const rows = readdirSync(join(TOP, "bench/rows")).map((name) => textOf(`bench/rows/${name}`));
    const keys = new Set(Array.from(rows.join("").matchAll(/\bkey: "(\w+)"/g), ([, key = ""]) => key));
    expect(keys.size).toBeGreaterThan(5);
    const named = documents.flatMap((document) =>
      Array.from(textOf(document).matchAll(/--only ([a-z,]+)/g), ([, groups = ""]) =>
        groups.split(","),
      ).flat(),
    );
    expect(named.filter((group) => !keys.has(group))).toEqual([]);
  });
});

/** Links to what is in the repository. */
function linksOf(document: string): string[] {
  return Array.from(textOf(document).matchAll(/\]\(([^)\s]+)\)/g), ([, link = ""]) => link).filter(
    (link) => !/^[a-z]+:/.test(link),
  );
}
