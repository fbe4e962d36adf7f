// Digest headers (RFC 9530): parsing, refusals, preferences, and formatting.

import { describe, expect, test } from "bun:test";
import { Problem } from "../../src/errors.ts";
import { formatDigest, parseDigest, wantedDigest } from "../../src/http/digest.ts";

const SHA_256 = "sha-256=:RK/0qy18MlBSVnWgjwz6lZEWjP/lF5HF9bvEF8FabDg=:";
const SHA_512 = `sha-512=:${Buffer.alloc(64, 7).toString("base64")}:`;

describe("digests of a request", () => {
  test("both algorithms are parsed, in order", () => {
    const digests = parseDigest(`${SHA_512}, ${SHA_256}`);
    expect(digests.map(({ algorithm, value }) => [algorithm, value.length, value[0]])).toEqual([
      ["sha-512", 64, 7],
      ["sha-256", 32, 0x44],
    ]);
  });

  test("the example of RFC 9530 section 2 matches its content", () => {
    const content = new Bun.CryptoHasher("sha256").update('{"hello": "world"}\n').digest();
    expect(parseDigest(SHA_256)).toEqual([{ algorithm: "sha-256", value: new Uint8Array(content) }]);
  });

  test("a missing or empty header has no digests", () => {
    expect(parseDigest(null)).toEqual([]);
    expect(parseDigest("")).toEqual([]);
  });

  test("other algorithms and parameters are ignored", () => {
    expect(parseDigest(`md5=:AAAA:, unixsum=5, x, y=(1 2), ${SHA_256};note="x", constructor=1`)).toHaveLength(
      1,
    );
  });

  test("of an algorithm given twice the last counts (RFC 9651 section 4.2.2)", () => {
    const [digest, ...others] = parseDigest(`sha-512=:AAAA:, ${SHA_512}`);
    expect(digest?.value.length).toBe(64);
    expect(others).toEqual([]);
  });

  test("bad syntax, a wrong type or a wrong length is a problem that does not quote the input", () => {
    for (const bad of [
      "sha-256=:RK/0",
      "SHA-256=:AAAA:",
      "sha-256=RK0qy18MlBSVnWgjwz6lZEWjP==",
      `${SHA_256},`,
      `${SHA_256} ${SHA_512}`,
      "sha-256=:!!!!:",
      "sha-256",
      "sha-256=1",
      'sha-256="RK/0qy18MlBSVnWgjwz6lZEWjP/lF5HF9bvEF8FabDg="',
      "sha-256=(:AAAA:)",
      "sha-256=::",
      "sha-256=:AAAA:",
      SHA_512.replace("sha-512", "sha-256"),
      SHA_256.replace("sha-256", "sha-512"),
      `${SHA_256}, sha-512=:AAAA:`,
      "\0",
    ]) {
      try {
        parseDigest(bad);
        throw new Error(`accepted ${bad}`);
      } catch (error) {
        if (!(error instanceof Problem)) throw error;
        expect(error.code).toBe("invalid_digest");
        expect(error.detail).not.toContain("AAAA");
      }
    }
  });
});

describe("the requested digest", () => {
  const cases: [header: string | null, algorithm: "sha-256" | "sha-512" | null][] = [
    [null, null],
    ["", null],
    ["sha-256=1", "sha-256"],
    ["sha-512=10, sha-256=3", "sha-512"],
    ["sha-512=3, sha-256=10", "sha-256"],
    ["sha-512=5, sha-256=5", "sha-256"],
    ["sha-512=1, sha-256=0", "sha-512"],
    ["sha-256=0", null],
    ["sha-256=0, sha-512=0", null],
    ["md5=10", null],
    ["md5=10, sha-512=1", "sha-512"],
    ["sha-256=11, sha-512=1", "sha-512"],
    ["sha-256=-1", null],
    ["sha-256=2.5", null],
    ["sha-256", null],
    ['sha-256="9"', null],
    ["sha-256=(9)", null],
    ["sha-256=9,", null],
    ["sha-256=9;x, ???", null],
  ];
  for (const [header, algorithm] of cases) {
    test(`${JSON.stringify(header)} is ${algorithm}`, () => expect(wantedDigest(header)).toBe(algorithm));
  }
});

describe("the digest of an answer", () => {
  test("can be parsed again after formatting", () => {
    for (const header of [SHA_256, SHA_512]) {
      for (const { algorithm, value } of parseDigest(header))
        expect(formatDigest(algorithm, value)).toBe(header);
    }
  });

  test("covers the bytes of a view, not its whole buffer", () => {
    const around = new Uint8Array(96).fill(7);
    expect(formatDigest("sha-512", around.subarray(16, 80))).toBe(SHA_512);
  });
});
