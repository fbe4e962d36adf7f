// Archives read by other programs: unzip, 7z, bsdtar, zstd and Python.

import { describe, expect, test } from "bun:test";
import { mkdir, mkdtemp, rm, truncate } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Archive } from "../../../src/core/archive/archive.ts";
import { MemoryStorage } from "../../../src/storage/memory/memory.ts";
import { TemporaryRoot } from "../../storage/disk/temporary-root.ts";
import { put } from "../../storage/driving.ts";
import { isOn, skipped, whyOff } from "../../support/switches.ts";
import { missingUnpackers, outputOf, proveReadable, unpacked } from "../../support/unpacking.ts";
import { open, UNWATCHED } from "./archives.ts";

if (missingUnpackers.length > 0)
  skipped("archives read by other programs", `no ${missingUnpackers.join(", no ")} on PATH`, "install it");
const testReadable = test.skipIf(missingUnpackers.length > 0);
const off = whyOff("LARGE");
if (off) skipped("a file of 6 GB in an archive", off);
const testLarge = test.skipIf(missingUnpackers.length > 0 || off !== null);

/** Writes an archive to a temporary file and calls `read` with its path. */
async function written(archive: Archive, read: (path: string) => Promise<void>): Promise<void> {
  const own = await mkdtemp(join(tmpdir(), "sluice-archive-"));
  try {
    const path = join(own, `archive.${archive.format}`);
    await Bun.write(path, new Response(archive.stream(UNWATCHED)));
    await read(path);
  } finally {
    await rm(own, { recursive: true });
  }
}

const sha256 = (content: string | Uint8Array): string =>
  new Bun.CryptoHasher("sha256").update(content).digest("hex");
/** Sorted by name, because the order in the archive is that of the walk. */
const byName = <Named extends { name: string }>(members: readonly Named[]) =>
  [...members].sort((a, b) => (a.name < b.name ? -1 : 1));

const HOSTILE = [
  "-rf",
  "~root",
  "a\u202egpj.exe",
  "[x], y & 'z' \"w\".txt",
  "<img src=x onerror=alert(1)>",
  "Ünï ☃ 😀",
  "*",
  `${"é".repeat(120)}.txt`,
];

describe("other programs", () => {
  /** Creates a tree of unusual entries. @returns the expected entries */
  async function plant(root: TemporaryRoot) {
    const times: Record<string, number> = {
      old: -86_400,
      start: 0,
      split: 1_234_567_890.123,
      late: 4_000_000_000,
    };
    const files: Record<string, string | Uint8Array> = {
      empty: "",
      small: "x".repeat(65_536),
      large: "",
      ".hidden": "h",
    };
    files["large"] = crypto.getRandomValues(new Uint8Array(65_536)).toHex().repeat(6).slice(0, 700_001);
    for (const name of [...Object.keys(times), ...HOSTILE]) files[name] = name;
    files["deep/".repeat(40) + "d".repeat(90)] = "deep";
    for (const [name, content] of Object.entries(files)) await Bun.write(root.in("top", name), content);
    for (const [name, time] of Object.entries(times))
      await outputOf("touch", "-d", `@${time}`, root.in("top", name));
    await mkdir(root.in("top", "nothing in it"));
    return { files, times };
  }

  testReadable.each(["zip", "tar", "tar.gz", "tar.zst"] as const)(
    "unpack a %s with hostile names, empty folders and files, and times",
    async (format) => {
      await using root = await TemporaryRoot.make();
      const { files, times } = await plant(root);
      const archive = await open(await root.open(), ["top"], format);
      const { size } = archive;
      await written(archive, async (path) => {
        if (format === "zip" || format === "tar") expect(size).toBe(Bun.file(path).size);
        else expect(size).toBeUndefined();
        await proveReadable(path);
        if (format === "tar.zst") {
          await outputOf("zstd", "-dq", path, "-o", `${path}.tar`);
          path = `${path}.tar`;
        }
        const found = await unpacked(path);
        const filesFound = byName(found.filter(({ sha256 }) => sha256 !== null));
        expect(filesFound.map(({ name, sha256 }) => [name, sha256])).toEqual(
          byName(Object.entries(files).map(([name, content]) => ({ name: `top/${name}`, content }))).map(
            ({ name, content }) => [name, sha256(content)],
          ),
        );
        const folders = found.filter(({ sha256 }) => sha256 === null).map(({ name }) => name);
        expect(folders).toContain("top/nothing in it/");
        expect(folders).toHaveLength(42);
        expect(new Set(found.map(({ name, mode }) => [name.endsWith("/"), mode].join()))).toEqual(
          new Set([`true,${0o755}`, `false,${0o644}`]),
        );
        for (const [name, time] of Object.entries(times)) {
          const { modified } = found.find((member) => member.name === `top/${name}`) ?? {};
          // Zip stores 32-bit seconds; for later times only the DOS time, which is local.
          if (format === "zip" && time > 2 ** 31)
            expect(Math.abs((modified ?? 0) - time)).toBeLessThan(86_400);
          else expect(modified).toBe(format === "zip" ? Math.floor(time) : time);
        }
      });
    },
    60_000,
  );

  testReadable(
    "find 70,000 members in a zip, which requires zip64",
    async () => {
      const storage = new MemoryStorage();
      for (let number = 0; number < 70_000; number += 1) await put(storage, `many/${number}`, "");
      const archive = await open(storage, ["many"]);
      await written(archive, async (path) => {
        await outputOf("unzip", "-tqq", path);
        await outputOf("7z", "t", "-bso0", path);
        expect((await outputOf("bsdtar", "-tf", path)).split("\n")).toHaveLength(70_002);
        // Python takes longer than all the others together.
        if (isOn("LARGE")) expect(await unpacked(path, false)).toHaveLength(70_001);
      });
    },
    120_000,
  );

  testLarge(
    "read a file of 6 GB from a pipe, and the member after it",
    async () => {
      await using root = await TemporaryRoot.make();
      await Bun.write(root.in("huge"), "");
      await truncate(root.in("huge"), 6e9);
      await Bun.write(root.in("small"), "behind");
      const archive = await open(await root.open());
      // bsdtar checks the CRC while reading.
      const reader = Bun.spawn(["bash", "-c", "bsdtar -xOf - | tail -c 6"], {
        stdin: new Response(archive.stream(UNWATCHED)),
        stdout: "pipe",
      });
      expect(await reader.stdout.text()).toBe("behind");
      expect(archive.size).toBeGreaterThan(6e9);
    },
    240_000,
  );
});
