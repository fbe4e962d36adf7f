// Whether a file system ignores case, by one entry of it.

import { expect, test } from "bun:test";
import { link, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ignoresCase } from "../../../src/access/database/ignores-case.ts";

test("an entry that is found in capitals, too, and is the same one", async () => {
  const folder = await mkdtemp(join(tmpdir(), "sluice-case-"));
  const name = join(folder, ".lock");
  expect(ignoresCase(name)).toBe(false);
  await Bun.write(name, "");
  expect(ignoresCase(name)).toBe(false);
  await Bun.write(join(folder, ".LOCK"), "");
  expect(ignoresCase(name)).toBe(false);
  // A second name of the same file behaves as on a file system that ignores case.
  await rm(join(folder, ".LOCK"));
  await link(name, join(folder, ".LOCK"));
  expect(ignoresCase(name)).toBe(true);
  await rm(folder, { recursive: true });
});
