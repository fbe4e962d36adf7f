// The commands that docs/import.md shows are those that are printed.

import { expect, test } from "bun:test";
import { readCopyparty } from "../../src/access/import/arguments/copyparty.ts";
import { readDufs } from "../../src/access/import/arguments/dufs.ts";
import { script } from "../../src/access/import/commands.ts";
import { callsOf } from "../access/import/shell.ts";
import { blocks } from "../support/pages.ts";

const READERS = { dufs: readDufs, copyparty: readCopyparty };

test.each(["dufs", "copyparty"] as const)("the example of %s is what its import prints", (program) => {
  const start = `$ sluice import ${program} -- `;
  const [block = ""] = blocks("docs/import.md", "console")
    .map(({ text }) => text)
    .filter((text) => text.startsWith(start));
  const [command = "", ...printed] = block.split("\n");
  const words = callsOf(command.slice(2))[0]?.words.slice(3) ?? [];
  expect(printed.join("\n")).toBe(script(READERS[program](words), program));
});
