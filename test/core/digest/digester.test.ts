// Digests computed while bytes stream through.

import { describe, expect, test } from "bun:test";
import { Digester } from "../../../src/core/digest/digester.ts";
import type { DigestAlgorithm } from "../../../src/http/digest.ts";

const bytes = new TextEncoder().encode("hello world");
const digestOf = (name: string) =>
  new Uint8Array(new Bun.CryptoHasher(name === "sha-256" ? "sha256" : "sha512").update(bytes).digest());
const algorithms: DigestAlgorithm[] = ["sha-256", "sha-512"];

describe.each(algorithms)("%s", (algorithm) => {
  test("the digest of all chunks is returned on request", () => {
    const digester = new Digester([], algorithm);
    digester.update(bytes.subarray(0, 4));
    digester.update(bytes.subarray(4));
    expect(digester.finish()).toEqual({ algorithm, value: digestOf(algorithm) });
    expect(digester.seconds).toBeGreaterThan(0);
  });

  test("a matching digest is accepted and not returned", () => {
    const digester = new Digester([{ algorithm, value: digestOf(algorithm) }], null);
    digester.update(bytes);
    expect(digester.finish()).toBeNull();
  });

  test("one byte more is a mismatch", () => {
    const digester = new Digester([{ algorithm, value: digestOf(algorithm) }], null);
    digester.update(bytes);
    digester.update(new Uint8Array(1));
    expect(() => digester.finish()).toThrow(
      expect.objectContaining({ code: "digest_mismatch", status: 400 }),
    );
  });

  test("a digest of the wrong length is a mismatch", () => {
    const digester = new Digester([{ algorithm, value: new Uint8Array(3) }], null);
    digester.update(bytes);
    expect(() => digester.finish()).toThrow(expect.objectContaining({ code: "digest_mismatch" }));
  });
});

test("the second of two expected digests is checked too", () => {
  const right = { algorithm: "sha-256", value: digestOf("sha-256") } as const;
  const wrong = { algorithm: "sha-512", value: digestOf("sha-512").fill(0) } as const;
  const digester = new Digester([right, wrong], null);
  digester.update(bytes);
  expect(() => digester.finish()).toThrow(expect.objectContaining({ code: "digest_mismatch" }));
});

test("without any digest no time is spent", () => {
  const digester = new Digester([], null);
  digester.update(bytes);
  expect(digester.finish()).toBeNull();
  expect(digester.seconds).toBe(0);
});
