// Sizes, offsets and times that do not fit into the usual header fields of archives. The archives are sparse files.

import { describe, expect, test } from "bun:test";
import { closeSync, openSync, writeSync } from "node:fs";
import { mkdtemp, rm, truncate } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ArchiveEntry, ArchiveFormat } from "../../../src/core/archive/format.ts";
import { encodedSize } from "../../../src/core/archive/stream.ts";
import { Tar } from "../../../src/core/archive/tar.ts";
import { Zip } from "../../../src/core/archive/zip.ts";
import { skipped } from "../../support/switches.ts";
import { missingUnpackers, outputOf, unpacked } from "../../support/unpacking.ts";

if (missingUnpackers.length > 0)
  skipped("archives read by other programs", `no ${missingUnpackers.join(", no ")} on PATH`, "install it");

const file = (name: string, size: number, modified = new Date(0)): ArchiveEntry => ({
  name,
  kind: "file",
  size,
  modified,
});
const SMALL = new TextEncoder().encode("small");

/** Writes an archive whose large members are holes, and calls `read` with its path. */
async function sparse(
  format: ArchiveFormat,
  members: readonly ArchiveEntry[],
  read: (path: string) => Promise<void>,
): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "sluice-archive-"));
  const path = join(folder, "archive");
  const descriptor = openSync(path, "w");
  let at = 0;
  const write = (bytes: Uint8Array): void => {
    writeSync(descriptor, bytes, 0, bytes.length, at);
    at += bytes.length;
  };
  try {
    for (const member of members) {
      const whole = member.size === SMALL.length ? SMALL : undefined;
      write(format.begin(member, whole));
      if (whole) write(whole);
      else at += format.encodedLength(member.size);
      write(format.end());
    }
    for (const piece of format.finish()) write(piece);
    closeSync(descriptor);
    await truncate(path, at);
    await read(path);
  } finally {
    await rm(folder, { recursive: true });
  }
}

const EDGE = 0xffffffff;
const MEMBERS = [
  file("below", EDGE - 1),
  file("small", SMALL.length),
  file("edge", EDGE),
  file("above", EDGE + 1),
  file("pax", 9e9),
  file("last", SMALL.length),
];

describe.skipIf(missingUnpackers.length > 0)("other programs", () => {
  test("find members of 4 GiB and more in a zip, and the members after them", async () => {
    await sparse(new Zip(), MEMBERS, async (path) => {
      const found = await unpacked(path, false);
      expect(found.map(({ name, size }) => [name, size])).toEqual(
        MEMBERS.map(({ name, size }) => [name, size]),
      );
      for (const name of ["small", "last"]) {
        expect(await outputOf("unzip", "-p", path, name)).toBe("small");
        expect(await outputOf("7z", "x", "-tzip", "-so", path, name)).toBe("small");
      }
      expect(Bun.file(path).size).toBe(encodedSize(new Zip(), MEMBERS));
    });
  });

  test("find members of more than 8 GiB in a tar, and the members after them", async () => {
    await sparse(new Tar(), MEMBERS, async (path) => {
      const found = await unpacked(path, false);
      expect(found.map(({ name, size }) => [name, size])).toEqual(
        MEMBERS.map(({ name, size }) => [name, size]),
      );
      expect(await outputOf("bsdtar", "-xOf", path, "last")).toBe("small");
      expect(Bun.file(path).size).toBe(encodedSize(new Tar(), MEMBERS));
    });
  });

  test.each([
    ["zip", () => new Zip(), [-1, 0, 2 ** 31 - 1]],
    ["tar", () => new Tar(), [-1.5, -1, 0, 0.25, 2 ** 31, 2 ** 33, 2 ** 35]],
  ] as const)("read unusual times in a %s", async (_name, format, times) => {
    const members = times.map((time) => file(`${time}`, SMALL.length, new Date(time * 1000)));
    await sparse(format(), members, async (path) => {
      expect((await unpacked(path)).map(({ modified }) => modified)).toEqual([...times]);
    });
  });

  test("read times in a zip that the DOS format cannot represent", async () => {
    const times = ["0001-01-01", "1979-12-31", "2107-12-31T23:59:59", "2108-01-02", "+100000-01-01"];
    const members = times.map((time, index) => file(`${index}`, SMALL.length, new Date(time)));
    await sparse(new Zip(), members, async (path) => {
      expect(await unpacked(path)).toHaveLength(times.length);
      await outputOf("unzip", "-tqq", path);
    });
  });
});
