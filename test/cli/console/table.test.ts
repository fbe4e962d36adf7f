// Tables: aligned and coloured on a terminal, separated by tabs in a pipe, and safe to print.

import { expect, test } from "bun:test";
import { stripVTControlCharacters } from "node:util";
import { table } from "../../../src/cli/console/table.ts";

const head = ["Name", "State"];
const rows = [
  ["ä日本", "active"],
  ["a\u001b[31mb", "disabled"],
];
const on = (interactive: boolean, colours: boolean) =>
  table({ terminal: { interactive, colours, columns: 80 } }, head, rows);

test("columns are aligned by the width of their characters", () => {
  expect(on(true, false)).toBe("Name          State\nä日本         active\na\\u001b[31mb  disabled\n");
});

test("colours change nothing but the colour", () => {
  const coloured = on(true, true);
  expect(coloured).toContain("\u001b[31mdisabled\u001b[39m");
  expect(coloured).toStartWith("\u001b[1mName");
  expect(stripVTControlCharacters(coloured)).toBe(on(true, false));
});

test("in a pipe there is one row a line, without a head", () => {
  expect(on(false, false)).toBe("ä日本\tactive\na\\u001b[31mb\tdisabled\n");
  expect(table({ terminal: { interactive: true, colours: false, columns: 80 } }, head, [])).toBe("");
});
