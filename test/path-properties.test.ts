// Property tests of client paths: whatever is sent, an accepted path is safe.

import { describe, expect, test } from "bun:test";
import { Value } from "@sinclair/typebox/value";
import * as fc from "fast-check";
import { Problem } from "../src/errors.ts";
import {
  below,
  checkFilePath,
  checkFolderPath,
  encodePath,
  FilePathParam,
  FolderPathParam,
  MAX_PATH_BYTES,
  MAX_SEGMENTS,
} from "../src/path.ts";
import { problemOf } from "./support/thrown.ts";

describe("for any input", () => {
  const nasty = fc.constantFrom(
    "..",
    ".",
    "",
    "/",
    "\\",
    "\0",
    "%2e",
    "%",
    ".sluice",
    "NUL",
    " ",
    "e\u0301",
    "\ud800",
    "a",
    "é",
    "\u0344",
  );
  const text = fc.oneof(
    fc.string({ unit: "binary", maxLength: 300 }),
    fc.array(nasty, { maxLength: 12 }).map((parts) => parts.join("")),
    fc.array(fc.oneof(nasty, fc.string({ maxLength: 5 })), { maxLength: 12 }).map((parts) => parts.join("/")),
  );

  function acceptedOrNull(path: string, check: (path: string) => string): string | null {
    try {
      return check(path);
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      expect(error.code).toBe("invalid_path");
      expect(error.errors?.length).toBeGreaterThan(0);
      return null;
    }
  }

  test.each([
    ["file", checkFilePath],
    ["folder", checkFolderPath],
  ] as const)("an accepted %s path is safe, and is accepted again unchanged", (kind, check) => {
    fc.assert(
      fc.property(text, (sent) => {
        const path = acceptedOrNull(sent, check);
        if (path === null || (kind === "folder" && path === "")) return;
        const segments = path.split("/");
        expect(segments.filter((segment) => ["", ".", ".."].includes(segment))).toEqual([]);
        expect(path).not.toMatch(/[\\\u0000-\u001f\u007f-\u009f]/);
        expect(segments.map((segment) => segment.toLowerCase())).not.toContain(".sluice");
        expect(path.isWellFormed()).toBe(true);
        expect(path.normalize("NFC")).toBe(path);
        expect(Buffer.byteLength(path)).toBeLessThanOrEqual(MAX_PATH_BYTES);
        expect(segments.length).toBeLessThanOrEqual(MAX_SEGMENTS);
        expect<string>(check(path)).toBe(path);
        expect(new URL(`http://host/${encodePath(checkFilePath(path))}`).pathname.slice(1)).toBe(
          encodePath(checkFilePath(path)),
        );
      }),
      { numRuns: 3000 },
    );
  });

  test("decoding the URL of a path returns the path", () => {
    fc.assert(
      fc.property(text, (sent) => {
        const path = acceptedOrNull(sent, checkFilePath);
        if (path === null) return;
        const encoded = encodePath(checkFilePath(path));
        expect<string>(Value.Decode(FilePathParam, encoded)).toBe(path);
        expect<string>(Value.Decode(FilePathParam, encodeURIComponent(path))).toBe(path);
        expect<unknown>(Value.Encode(FilePathParam, path)).toBe(encoded);
        expect<string>(Value.Decode(FolderPathParam, `${encoded}/`)).toBe(path);
      }),
      { numRuns: 2000 },
    );
  });

  test("a path below a folder stays below it", () => {
    fc.assert(
      fc.property(text, text, (folder, relative) => {
        const parent = acceptedOrNull(folder, checkFolderPath);
        if (parent === null) return;
        const path = acceptedOrNull(relative, (sent) => below(checkFolderPath(parent), sent));
        if (path === null) return;
        expect(path.startsWith(parent === "" ? "" : `${parent}/`)).toBe(true);
        expect<string>(checkFilePath(path)).toBe(path);
      }),
      { numRuns: 2000 },
    );
  });

  test("decoding a URL returns a safe path or throws a problem", () => {
    fc.assert(
      fc.property(fc.oneof(text, fc.webPath()), (encoded) => {
        try {
          expect<string>(checkFilePath(Value.Decode(FilePathParam, encoded))).not.toContain("\\");
        } catch (error) {
          expect(
            problemOf(() => {
              throw error;
            }).code,
          ).toBe("invalid_path");
        }
      }),
      { numRuns: 2000 },
    );
  });
});
