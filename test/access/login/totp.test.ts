// The second factor: codes of authenticator apps, their window, and that none is accepted twice.

import { describe, expect, test } from "bun:test";
import { Secret, TOTP } from "otpauth";
import { newTotp, stepOfCode } from "../../../src/access/login/totp.ts";

/** The secret "12345678901234567890" of RFC 6238, appendix B. */
const RFC = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ";

// The RFC prints eight digits; an app shows the last six.
test.each([
  [59, "287082", 1],
  [1111111109, "081804", 37037036],
  [1111111111, "050471", 37037037],
  [1234567890, "005924", 41152263],
  [2000000000, "279037", 66666666],
  [20000000000, "353130", 666666666],
])("at %d seconds the code of RFC 6238 is %s", (seconds, code, step) => {
  expect(stepOfCode(RFC, code, 0, seconds * 1000)).toBe(step);
});

describe("a code", () => {
  const at = 1_700_000_010_000;
  const step = Math.floor(at / 30_000);
  const codeOf = (offset: number): string =>
    new TOTP({ secret: RFC }).generate({ timestamp: at + offset * 30_000 });

  test("is accepted one step early and one step late, not two", () => {
    const accepted = [-2, -1, 0, 1, 2].map((offset) => stepOfCode(RFC, codeOf(offset), 0, at));
    expect(accepted).toEqual([undefined, step - 1, step, step + 1, undefined]);
  });

  test("is accepted once, and then no older one: the TOTP step is not reused", () => {
    expect(stepOfCode(RFC, codeOf(0), step - 1, at)).toBe(step);
    expect(stepOfCode(RFC, codeOf(0), step, at)).toBeUndefined();
    expect(stepOfCode(RFC, codeOf(-1), step, at)).toBeUndefined();
    expect(stepOfCode(RFC, codeOf(1), step, at)).toBe(step + 1);
  });

  test("is refused after the clock was set back, because its step may have been used", () => {
    expect(stepOfCode(RFC, codeOf(0), step + 100, at)).toBeUndefined();
  });

  test("may contain the space that apps show", () => {
    const code = codeOf(0);
    expect(stepOfCode(RFC, ` ${code.slice(0, 3)} ${code.slice(3)}`, 0, at)).toBe(step);
  });

  test.each(["", "12345", "1234567", "abcdef", "١٢٣٤٥٦", "1e5000", "0x1234", "-12345", "1".repeat(60)])(
    "has six digits: %p is wrong",
    (code) => {
      expect(stepOfCode(RFC, code, 0, at)).toBeUndefined();
    },
  );
});

test("a new secret has 160 bits, and its address is understood by apps", () => {
  const one = newTotp("files.example.org:8443", "alice@example.org");
  const bytes = Secret.fromBase32(one.secret).bytes;
  expect(bytes).toHaveLength(20);
  const uri = new URL(one.uri);
  expect(uri.protocol).toBe("otpauth:");
  expect(uri.host).toBe("totp");
  expect(decodeURIComponent(uri.pathname)).toBe("/files.example.org 8443:alice@example.org");
  expect(Object.fromEntries(uri.searchParams)).toEqual({
    issuer: "files.example.org 8443",
    secret: one.secret,
    algorithm: "SHA1",
    digits: "6",
    period: "30",
  });
  const now = Date.now();
  expect(
    stepOfCode(one.secret, new TOTP({ secret: one.secret }).generate({ timestamp: now }), 0, now),
  ).toBeNumber();
  expect(newTotp("a", "b").secret).not.toBe(one.secret);
});
