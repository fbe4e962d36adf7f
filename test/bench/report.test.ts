// The report of the benchmarks, when only some groups are measured again.

import { expect, test } from "bun:test";
import { assemble } from "../../bench/report.ts";

const TITLES = ["Small files", "Memory", "Downloads"];
const before = "# Benchmarks\n\nof yesterday\n\n## Small files\n\nold\n\n## Downloads\n\nold\n\n| a | b |\n";

test("measured groups get new sections, others keep theirs, in the order of the groups", () => {
  const sections = [
    { title: "Memory", text: "## Memory\n\nnew" },
    { title: "Small files", text: "## Small files\n\nnew" },
  ];
  expect(assemble("# Benchmarks\n\nof today\n", sections, before, TITLES)).toBe(
    "# Benchmarks\n\nof today\n\n## Small files\n\nnew\n\n## Memory\n\nnew\n\n## Downloads\n\nold\n\n| a | b |\n",
  );
});

test("the section of a removed group is dropped", () => {
  expect(assemble("# Benchmarks", [], before, ["Downloads"])).toBe(
    "# Benchmarks\n\n## Downloads\n\nold\n\n| a | b |\n",
  );
});

test("a first report contains the measured groups", () => {
  const sections = [{ title: "Memory", text: "## Memory\n\nnew" }];
  expect(assemble("# Benchmarks", sections, "", TITLES)).toBe("# Benchmarks\n\n## Memory\n\nnew\n");
});
