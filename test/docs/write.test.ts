// The generated parts of the documentation are up to date.

import { describe, expect, test } from "bun:test";
import { fill, flagsTable, SECTIONS } from "../../docs/write.ts";
import { flagWithValue } from "../../src/config/option.ts";
import { FLAGS } from "../../src/config/options.ts";

describe("generated documentation", () => {
  test.each(SECTIONS.map((section) => [`${section.file}, ${section.name}`, section] as const))(
    "%s is up to date (if not: bun run docs)",
    async (_, section) => {
      const document = await Bun.file(new URL(`../../${section.file}`, import.meta.url)).text();
      expect(document).toBe(fill(document, section));
    },
  );

  test("the table of flags has a row for every option", () => {
    const rows = flagsTable().split("\n");
    for (const option of FLAGS) {
      const { positional, placeholder, help } = option;
      const term = positional ? `\`${placeholder}\`` : `${flagWithValue(option)}\``;
      const [row = ""] = rows.filter((line) => line.split("|")[1]?.includes(term));
      expect(row).toContain(help.slice(0, 20));
    }
    for (const row of rows) expect(row.split(/(?<!\\)\|/)).toHaveLength(6);
  });

  test("only the text between the markers of a section is replaced", () => {
    const section = { file: "x.md", name: "x", text: () => "new" };
    expect(fill("a\n<!-- x -->\nold\n<!-- /x -->\nb\n", section)).toBe(
      "a\n<!-- x -->\nnew\n<!-- /x -->\nb\n",
    );
    expect(() => fill("no markers", section)).toThrow("x.md has no <!-- x -->");
  });
});
