// Upload-Checksum: every algorithm, in pieces, and refusals.

import { describe, expect, test } from "bun:test";
import { CHECKSUMS, parseChecksum } from "../../../src/http/tus/checksum.ts";
import { problemOf } from "../../support/thrown.ts";

/** Checksums of "123456789"; those of sha1 and md5 are from other tools. */
const CHECKED: Record<(typeof CHECKSUMS)[number], string> = {
  sha1: "f7c3bc1d808e04732adf679965ccc34ca7ae3441",
  sha256: "15e2b0d3c33891ebb0f1ef609ec419420c20e320ce94c65fbc8c3312448eb225",
  sha512:
    "d9e6762dd1c8eaf6d61b3c6192fc408d4d6d5f1176d0c29169bc24e71c3f274ad27fcd5811b313d681f7e55ec02d73d499c95455b6b5bb503acf574fba8ffe85",
  md5: "25f9e794323b453885f5181f1b624d0b",
  crc32: "cbf43926",
};
const bytes = new TextEncoder().encode("123456789");
const header = (algorithm: string, hex: string) =>
  `${algorithm} ${Buffer.from(hex, "hex").toString("base64")}`;

describe.each(CHECKSUMS)("%s", (algorithm) => {
  const checksum = () => {
    const parsed = parseChecksum(header(algorithm, CHECKED[algorithm]));
    if (parsed === null) throw new Error("no checksum");
    return parsed;
  };

  test("matches the bytes, in one piece and in several", () => {
    const whole = checksum();
    whole.update(bytes);
    expect(whole.matches()).toBe(true);
    expect(whole.seconds).toBeGreaterThanOrEqual(0);
    const pieces = checksum();
    for (const byte of bytes) pieces.update(new Uint8Array([byte]));
    pieces.update(new Uint8Array());
    expect(pieces.matches()).toBe(true);
  });

  test("does not match other, fewer, more or no bytes", () => {
    for (const other of ["123456780", "12345678", "1234567890", ""]) {
      const made = checksum();
      made.update(new TextEncoder().encode(other));
      expect(made.matches()).toBe(false);
    }
  });

  test("does not match a checksum that is too short or too long", () => {
    for (const hex of [CHECKED[algorithm].slice(2), `${CHECKED[algorithm]}00`]) {
      const made = parseChecksum(header(algorithm, hex));
      made?.update(bytes);
      expect(made?.matches()).toBe(false);
    }
  });
});

test("an empty body has a checksum", () => {
  for (const [algorithm, hex] of [
    ["sha1", "da39a3ee5e6b4b0d3255bfef95601890afd80709"],
    ["crc32", "00000000"],
  ] as const)
    expect(parseChecksum(header(algorithm, hex))?.matches()).toBe(true);
});

test("covers the bytes of a view, not its whole buffer", () => {
  const around = new Uint8Array(30).fill(7);
  around.set(bytes, 10);
  for (const algorithm of CHECKSUMS) {
    const made = parseChecksum(header(algorithm, CHECKED[algorithm]));
    made?.update(around.subarray(10, 19));
    expect(made?.matches()).toBe(true);
  }
});

test("no header is no checksum", () => {
  expect(parseChecksum(null)).toBeNull();
});

test.each([
  "",
  "sha1",
  "sha1 ",
  "sha1  Kq5sNclPz7QV2+lfQIuc6R7oRu0=",
  "sha1 Kq5sNclPz7QV2+lfQIuc6R7oRu0",
  "sha1 Kq5sNclPz7QV2+lfQIuc6R7oRu0= x",
  "sha1 Kq5sNclPz7QV2+lfQIuc6R7oRu0=, sha1 Kq5sNclPz7QV2+lfQIuc6R7oRu0=",
  "sha1=Kq5sNclPz7QV2+lfQIuc6R7oRu0=",
  "SHA1 Kq5sNclPz7QV2+lfQIuc6R7oRu0=",
  "sha1 !!!!",
  "unknownalgo AAAAAAAAAA",
  "constructor AAAA",
  "shake128 AAAA",
])("%p is refused", (value) => {
  const problem = problemOf(() => parseChecksum(value));
  expect(problem.status).toBe(400);
  expect(problem.errors).toMatchObject([{ pointer: "/headers/upload-checksum" }]);
});
