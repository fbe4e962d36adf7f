// Client paths: every rule, several broken rules at once, and the properties of accepted paths.

import { describe, expect, test } from "bun:test";
import { Value } from "@sinclair/typebox/value";
import { LIMIT_REACHED, Problem } from "../src/errors.ts";
import {
  below,
  checkFilePath,
  checkFolderPath,
  FilePathParam,
  FilePathValue,
  FolderPathParam,
  FolderPathValue,
  folderOf,
  MAX_PATH_BYTES,
  MAX_SEGMENTS,
  nameOf,
  ROOT,
  renamed,
  segmentsOf,
  urlOf,
} from "../src/path.ts";
import { problemOf } from "./support/thrown.ts";

/** The broken rules of a path, as `pointer code`. */
function broken(path: string, check: (path: string) => unknown = checkFilePath): string[] {
  const problem = problemOf(() => check(path));
  expect(problem.code).toBe("invalid_path");
  return (problem.errors ?? []).map(({ pointer, code }) => `${pointer} ${code}`);
}

describe("a file path", () => {
  const accepted = [
    "a",
    "photos/2026/a.jpg",
    ".hidden",
    "...a",
    "a..b",
    "a. b",
    " a",
    "-rf",
    "~",
    "%2e%2e",
    "a%2fb",
    '"*:<>?|',
    "日本語/😀",
    "\u202egnp.exe",
    "\ufeff",
    "null",
    "console",
    "com",
    "com10",
    "lpt",
    "a.nul",
    "a/.sluice2",
    ".sluice2",
    "sluice",
  ];

  test.each(accepted)("may be %j", (path) => {
    expect<string>(checkFilePath(path)).toBe(path);
  });

  const refused: [path: string, ...errors: string[]][] = [
    ["", "/path/0 empty_segment"],
    ["/", "/path/0 empty_segment", "/path/1 empty_segment"],
    ["/a", "/path/0 empty_segment"],
    ["a/", "/path/1 empty_segment"],
    ["a//b", "/path/1 empty_segment"],
    [".", "/path/0 dot_segment"],
    ["a/./b", "/path/1 dot_segment"],
    ["..", "/path/0 parent_segment"],
    ["a/../b", "/path/1 parent_segment"],
    ["a/..", "/path/1 parent_segment"],
    ["...", "/path/0 trailing_dot_or_space"],
    [".. ", "/path/0 trailing_dot_or_space"],
    ["a.", "/path/0 trailing_dot_or_space"],
    ["a ", "/path/0 trailing_dot_or_space"],
    ["a /b", "/path/0 trailing_dot_or_space"],
    ["a\0b", "/path/0 control_character"],
    ["a\nb", "/path/0 control_character"],
    ["a\x1f", "/path/0 control_character"],
    ["a\x7f", "/path/0 control_character"],
    ["a\u0080", "/path/0 control_character"],
    ["a/\u009f", "/path/1 control_character"],
    ["a\\b", "/path/0 backslash"],
    ["..\\x", "/path/0 backslash"],
    ["C:\\x", "/path/0 backslash"],
    ["NUL", "/path/0 device_name"],
    ["a/con", "/path/1 device_name"],
    ["NUL.tar.gz", "/path/0 device_name"],
    ["aux .txt", "/path/0 device_name"],
    ["Prn", "/path/0 device_name"],
    ["com1", "/path/0 device_name"],
    ["COM0.x", "/path/0 device_name"],
    ["LPT9", "/path/0 device_name"],
    ["com¹", "/path/0 device_name"],
    ["CONIN$", "/path/0 device_name"],
    ["conout$", "/path/0 device_name"],
    [".sluice", "/path/0 reserved_name"],
    ["a/.sluice", "/path/1 reserved_name"],
    ["a/.Sluice/b", "/path/1 reserved_name"],
    [".SLUICE/uploads/x", "/path/0 reserved_name"],
    [".Sluice", "/path/0 reserved_name"],
    [".\u017fluice", "/path/0 reserved_name"],
    ["a\ud800", "/path invalid_encoding"],
    ["a/\udc00b", "/path invalid_encoding"],
    // Several broken rules, each reported at its position.
    [
      "../a\\\0/.sluice/ ",
      "/path/0 parent_segment",
      "/path/1 control_character",
      "/path/1 backslash",
      "/path/2 reserved_name",
      "/path/3 trailing_dot_or_space",
    ],
    [
      ".sluice/../NUL.",
      "/path/0 reserved_name",
      "/path/1 parent_segment",
      "/path/2 trailing_dot_or_space",
      "/path/2 device_name",
    ],
  ];

  test.each(refused)("must not be %j", (path, ...errors) => {
    expect(broken(path)).toEqual(errors);
  });

  test("may have exactly the maximum length, but not one byte more", () => {
    const segments = (count: number): string => Array.from({ length: count }, () => "a").join("/");
    const long = `${"x".repeat(200)}/`.repeat(20);
    const rest = "y".repeat(MAX_PATH_BYTES - long.length);
    for (const path of ["x".repeat(255), "é".repeat(127), segments(MAX_SEGMENTS), long + rest])
      expect<string>(checkFilePath(path)).toBe(path);
    expect(broken("x".repeat(256))).toEqual(["/path/0 segment_too_long"]);
    expect(broken(`a/${"é".repeat(128)}`)).toEqual(["/path/1 segment_too_long"]);
    expect(broken(segments(MAX_SEGMENTS + 1))).toEqual(["/path too_many_segments"]);
    expect(broken(`${long}${rest}y`)).toEqual(["/path path_too_long"]);
  });

  test("that breaks one rule is explained in the detail, one that breaks several in a list", () => {
    expect(problemOf(() => checkFilePath("a/..")).detail).toBe("A segment must not be `..`.");
    expect(problemOf(() => checkFilePath("../..")).detail).toContain("several rules");
  });

  test("that breaks hundreds of rules gets a hundred errors and the number of further ones", () => {
    const problem = problemOf(() => checkFilePath("../".repeat(500)));
    // 500 parent segments, an empty last one, and too many segments.
    expect(problem.errors).toHaveLength(101);
    expect(problem.errors?.[0]?.code).toBe("too_many_segments");
    expect(problem.errors?.at(-1)).toBe(LIMIT_REACHED);
    expect(problem.errorsOmitted).toBe(502 - 100);
  });

  test("that is endless is refused, whatever it is made of", () => {
    // Normalizing half a million pairs of marks would take hours.
    const marks = "\u0301\u0323".repeat(500_000);
    const paths = [...["/", "a/", "../", "\\/", "é", "a"].map((piece) => piece.repeat(500_000)), `a${marks}`];
    for (const path of [...paths, `${marks.slice(0, 500)}/`.repeat(2000)]) {
      const { errors } = problemOf(() => checkFolderPath(path));
      expect(errors?.map(({ code }) => code)).toContain("path_too_long");
    }
  });

  test("is not quoted in its errors", () => {
    const problem = problemOf(() => checkFilePath("secret\\name/.."));
    expect(JSON.stringify([problem.detail, problem.errors])).not.toContain("secret");
  });

  test("has errors with the caller's pointer", () => {
    expect(broken("a/..", (path) => checkFilePath(path, "/from"))).toEqual(["/from/1 parent_segment"]);
  });

  test("is normalised to NFC before its length is checked", () => {
    expect<string>(checkFilePath("cafe\u0301")).toBe("caf\u00e9");
    expect<string>(checkFilePath("\u212b")).toBe("\u00c5");
    expect(checkFilePath("e\u0301".repeat(127))).toHaveLength(127);
    expect(broken("\u0344".repeat(64))).toEqual(["/path/0 segment_too_long"]);
  });
});

describe("a folder path", () => {
  test("may be the root, and may end with one slash", () => {
    expect(checkFolderPath("")).toBe(ROOT);
    expect<string>(checkFolderPath("a/")).toBe("a");
    expect<string>(checkFolderPath("a/b")).toBe("a/b");
  });

  test.each<[path: string, ...errors: string[]]>([
    ["/", "/folder/0 empty_segment"],
    ["a//", "/folder/1 empty_segment"],
    ["//", "/folder/0 empty_segment", "/folder/1 empty_segment"],
    ["../", "/folder/0 parent_segment"],
    [".sluice/", "/folder/0 reserved_name"],
  ])("must not be %j", (path, ...errors) => {
    expect(broken(path, checkFolderPath)).toEqual(errors);
  });
});

describe("a path in a URL", () => {
  test("is decoded once", () => {
    expect<string>(Value.Decode(FilePathParam, "a%2Fb/c%20d")).toBe("a/b/c d");
    expect<string>(Value.Decode(FilePathParam, "%252e%252e")).toBe("%2e%2e");
    expect<string>(Value.Decode(FilePathParam, "%C3%A9+")).toBe("é+");
    expect<string>(Value.Decode(FolderPathParam, "")).toBe("");
    expect<string>(Value.Decode(FolderPathParam, "a%2F")).toBe("a");
  });

  test.each<[path: string, ...errors: string[]]>([
    ["%2e%2e%2fx", "/path/0 parent_segment"],
    ["a%2F..%2Fb", "/path/1 parent_segment"],
    ["a%5Cb", "/path/0 backslash"],
    ["a%00", "/path/0 control_character"],
    ["%2Fetc", "/path/0 empty_segment"],
    ["%zz", "/path invalid_encoding"],
    ["%", "/path invalid_encoding"],
    ["%ff", "/path invalid_encoding"],
    ["%c0%ae%c0%ae", "/path invalid_encoding"],
    ["%ed%a0%80", "/path invalid_encoding"],
  ])("must not be %j", (path, ...errors) => {
    expect(broken(path, (encoded) => Value.Decode(FilePathParam, encoded))).toEqual(errors);
  });

  test("of a folder has errors that point to the folder", () => {
    expect(broken("a/%2e%2e", (path) => Value.Decode(FolderPathParam, path))).toEqual([
      "/folder/1 parent_segment",
    ]);
    expect(broken("%zz", (path) => Value.Decode(FolderPathParam, path))).toEqual([
      "/folder invalid_encoding",
    ]);
  });
});

describe("a path in a value", () => {
  test("is not decoded", () => {
    expect<string>(Value.Decode(FilePathValue, "a%2Fb")).toBe("a%2Fb");
    expect<string>(Value.Decode(FolderPathValue, "a/")).toBe("a");
    expect(broken("../a", (path) => Value.Decode(FilePathValue, path))).toEqual(["/path/0 parent_segment"]);
    expect(broken("a/..", (path) => Value.Decode(FolderPathValue, path))).toEqual([
      "/folder/1 parent_segment",
    ]);
  });
});

describe("below()", () => {
  const photos = checkFolderPath("photos");

  test("appends a relative path to the folder", () => {
    expect<string>(below(photos, "a/b.jpg")).toBe("photos/a/b.jpg");
    expect<string>(below(ROOT, "a/b.jpg")).toBe("a/b.jpg");
  });

  test("cannot leave the folder, and has errors that point into the request", () => {
    expect(broken("../a", (path) => below(photos, path))).toEqual(["/path/0 parent_segment"]);
    expect(broken("/a", (path) => below(photos, path))).toEqual(["/path/0 empty_segment"]);
    expect(broken("", (path) => below(photos, path))).toEqual(["/path/0 empty_segment"]);
  });

  test("checks the length of the whole path", () => {
    const deep = checkFolderPath(Array.from({ length: 60 }, () => "a").join("/"));
    expect(broken("a/b/c/d/e", (path) => below(deep, path))).toEqual(["/path too_many_segments"]);
    expect<string>(below(deep, "a/b/c/d")).toBe(`${deep}/a/b/c/d`);
  });

  test("reserves the server's own name at every depth", () => {
    expect(broken("a/.sluice/b", (path) => below(photos, path))).toEqual(["/path/1 reserved_name"]);
    expect(broken(".sluice/a", (path) => below(ROOT, path))).toEqual(["/path/0 reserved_name"]);
  });

  test("normalises across the boundary of folder and file", () => {
    expect<string>(below(checkFolderPath("e"), "\u0301x")).toBe("e/\u0301x");
  });
});

describe("parts of a path", () => {
  test("are its name, its folder and its segments", () => {
    const path = checkFilePath("a/b/c.txt");
    expect(nameOf(path)).toBe("c.txt");
    expect<string>(folderOf(path)).toBe("a/b");
    expect(segmentsOf(path)).toEqual(["a", "b", "c.txt"]);
    expect<string>(folderOf(checkFilePath("a"))).toBe(ROOT);
    expect(segmentsOf(ROOT)).toEqual([]);
    expect(nameOf(ROOT)).toBe("");
  });

  test("form a checked path with another name", () => {
    expect<string>(renamed(checkFilePath("a/b.txt"), "b (1).txt")).toBe("a/b (1).txt");
    expect<string>(renamed(checkFilePath("b.txt"), "c")).toBe("c");
    expect(() => renamed(checkFilePath("a/b"), "..")).toThrow(Problem);
    expect(() => renamed(checkFilePath("a"), ".sluice")).toThrow(Problem);
  });

  test("form its URL", () => {
    expect(urlOf(checkFilePath("a b/%/é?#.txt"))).toBe("/files/a%20b/%25/%C3%A9%3F%23.txt");
    expect(urlOf(checkFolderPath("a/b"), "folder")).toBe("/files/a/b/");
    expect(urlOf(ROOT, "folder")).toBe("/files/");
  });
});
