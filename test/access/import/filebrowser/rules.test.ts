// Compares rules of which the nearest counts with filebrowser's, of which the last counts.

import { expect, test } from "bun:test";
import fc from "fast-check";
import { boundariesOf } from "../../../../src/access/import/filebrowser/rules.ts";
import { checkFolderPath, ROOT } from "../../../../src/path.ts";

/** filebrowser's decision: each rule that matches overrides those before it. */
function lastMatch(rules: readonly { path: string; allow: boolean }[], path: string): boolean {
  let allow = true;
  for (const rule of rules)
    if (path === rule.path || path.startsWith(rule.path === "/" ? "/" : `${rule.path}/`)) allow = rule.allow;
  return allow;
}

const segment = fc.constantFrom("a", "ab", "b");
const path = fc.array(segment, { maxLength: 4 }).map((segments) => `/${segments.join("/")}`);
const rule = fc.record({ path, allow: fc.boolean() });

test("CVE-2026-35605: the nearest folder decides as filebrowser's last matching rule, segment by segment", () => {
  const property = fc.property(fc.array(rule, { maxLength: 8 }), path, segment, (rules, asked, scopeName) => {
    const scope = checkFolderPath(scopeName);
    const { folders, faults } = boundariesOf(scope, rules);
    expect(faults).toEqual([]);
    const full = asked === "/" ? scope : `${scope}${asked}`;
    const nearest = folders
      .filter(({ path: folder }) => full === folder || full.startsWith(`${folder}/`))
      .toSorted((one, other) => other.path.length - one.path.length)[0];
    expect(nearest?.allow).toBe(lastMatch(rules, asked));
  });
  fc.assert(property, { numRuns: 2000 });
});

test("a folder at which nothing changes has no rule", () => {
  const rules = [
    { path: "/a", allow: false },
    { path: "/a/b", allow: false },
    { path: "/b", allow: true },
  ];
  expect(boundariesOf(ROOT, rules).folders).toEqual([
    { path: ROOT, allow: true },
    { path: checkFolderPath("a"), allow: false },
  ]);
});

test("a regular expression that refuses is told apart from one that allows", () => {
  const regex = (allow: boolean) => boundariesOf(ROOT, [{ regex: true, allow, regexp: { raw: "x" } }]);
  expect(regex(true)).toMatchObject({ allowsMore: false, faults: [expect.stringContaining("allows")] });
  expect(regex(false)).toMatchObject({ allowsMore: true, faults: [expect.stringContaining("refuses")] });
});

test("10,000 rules for one user take less than a second", () => {
  const rules = Array.from({ length: 10_000 }, (_, index) => ({
    path: `/${"d/".repeat(50)}${index}`,
    allow: index % 2 === 0,
  }));
  expect(boundariesOf(ROOT, rules).folders).toHaveLength(5001);
});
