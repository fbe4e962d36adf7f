// Documents: every link to a file or heading of this repository works, and every named group of benchmarks exists.

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

/** The anchors that code hosts generate from the headings of a page. */
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
  test("exist and contain links", () => {
    expect(documents).toContain("README.md");
    expect(documents).toContain("docs/decisions/README.md");
    expect(linksOf("README.md").length).toBeGreaterThan(20);
  });

  test.each(documents)("the links of %s have a target", (document) => {
    const lost = linksOf(document).filter((link) => {
      const [path = "", dir] = link.split("#");
      const file = path === "" ? document : join(dirname(document), path);
      if (!existsSync(join(TOP, file))) return true;
      return dir !== undefined && file.endsWith(".md") && !anchorsOf(file).has(dir);
    });
    expect(lost).toEqual([]);
  });

  test("name only existing groups of benchmarks", () => {
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

/** Links to files in the repository. */
function linksOf(document: string): string[] {
  return Array.from(textOf(document).matchAll(/\]\(([^)\s]+)\)/g), ([, link = ""]) => link).filter(
    (link) => !/^[a-z]+:/.test(link),
  );
}
