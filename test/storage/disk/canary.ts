// A folder outside the root that must not be touched.

import { lstat, mkdir, readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import type { TemporaryRoot } from "./temporary-root.ts";

const SECRET = "only for those outside";

/** A folder next to the root, with a file and a folder. */
export class Canary {
  private constructor(
    readonly folder: string,
    readonly file: string,
    readonly before: string,
  ) {}

  static async make(root: TemporaryRoot): Promise<Canary> {
    const folder = join(root.outside, "canary");
    await mkdir(join(folder, "inner"), { recursive: true });
    await Bun.write(join(folder, "file"), SECRET);
    await Bun.write(join(folder, "inner", "file"), SECRET);
    return new Canary(folder, join(folder, "file"), await stateOf(folder));
  }

  /** The differences, `null` if nothing was touched. */
  async touched(): Promise<string | null> {
    const after = await stateOf(this.folder);
    return after === this.before ? null : `before:\n${this.before}\nafter:\n${after}`;
  }
}

/** Names, contents and times of all entries below a folder. */
async function stateOf(folder: string): Promise<string> {
  const names = (await readdir(folder, { recursive: true })).sort();
  const lines = await Promise.all(
    [".", ...names].map(async (name) => {
      const stat = await lstat(join(folder, name), { bigint: true });
      const content = stat.isFile() ? await readFile(join(folder, name), "utf8") : "";
      return [name, stat.ino, stat.mode, stat.mtimeNs, stat.ctimeNs, stat.nlink, content].join(" ");
    }),
  );
  return lines.join("\n");
}
