// SLUICE_ variables and sluice.toml: allowed values, and which file is trusted.

import { describe, expect, test } from "bun:test";
import { mkdir, symlink } from "node:fs/promises";
import { join } from "node:path";
import { WORDS } from "../../src/config/config.ts";
import { defaults } from "../../src/config/options.ts";
import { commandLine } from "../support/command.ts";

const { config, message, run, workingFolder } = commandLine();

describe("variables", () => {
  test("an unknown one is refused, and the nearest name is suggested", async () => {
    expect(await message("", { SLUICE_MAX_FLE_SIZE: "1GB" })).toBe(
      'unknown variable "SLUICE_MAX_FLE_SIZE"; the nearest is SLUICE_MAX_FILE_SIZE',
    );
  });

  test("of other programs are ignored", async () => {
    expect(await config("", { PORT: "x", HOST: "0.0.0.0", sluice_port: "x" })).toEqual(defaults);
  });

  test("the list of errors is bounded", async () => {
    const env = Object.fromEntries(Array.from({ length: 500 }, (_, index) => [`SLUICE_X${index}`, ""]));
    const lines = (await message("", env)).split("\n");
    expect(lines).toHaveLength(11);
    expect(lines.at(-1)).toBe("and 490 more");
  });
});

describe("the file of options", () => {
  test("is sluice.toml in the current folder, if it exists", async () => {
    const invocation = await run("", {}, await workingFolder("port = 8080"));
    expect(invocation).toEqual({ kind: "serve", config: { ...defaults, port: 8080 }, file: "sluice.toml" });
  });

  test("can be set by flag or variable, and then no other file is read", async () => {
    const cwd = await workingFolder("port = 1");
    await Bun.write(join(cwd, "etc/other.toml"), 'log = "json"');
    const expected = {
      kind: "serve" as const,
      config: { ...defaults, log: "json" as const },
      file: '"etc/other.toml"',
    };
    expect(await run("--config etc/other.toml", {}, cwd)).toEqual(expected);
    expect(await run("", { SLUICE_CONFIG: "etc/other.toml" }, cwd)).toEqual(expected);
  });

  test("must exist if it is named", async () => {
    expect(await message("--config nowhere.toml")).toBe('--config: the file "nowhere.toml" does not exist');
    expect(await message("", { SLUICE_CONFIG: "nowhere.toml" })).toBe(
      'SLUICE_CONFIG: the file "nowhere.toml" does not exist',
    );
    expect(await message("--config=")).toBe('--config: "" is not allowed; use the path of a file');
  });

  test("turns on and off with words, and with true and false", async () => {
    const words = await config("", {}, await workingFolder('dav = "off"\nhttp2 = "on"'));
    expect(words).toMatchObject({ dav: false, http2: true });
    expect(await config("", {}, await workingFolder("dav = false\nhttp2 = true"))).toEqual(words);
  });

  test("contains a root relative to the file's folder", async () => {
    const cwd = await workingFolder();
    await Bun.write(join(cwd, "etc/sluice.toml"), 'root = "../media"');
    expect((await config("--config etc/sluice.toml", {}, cwd)).root).toBe(join(cwd, "media"));
  });

  test.each([
    ["prot = 1", 'no key or section "prot" in sluice.toml; the nearest key is port'],
    ["maxFileSize = 1", 'no key or section "maxFileSize" in sluice.toml; the nearest key is max-file-size'],
    ["max_files = 1", 'no key or section "max_files" in sluice.toml; the nearest key is max-files'],
    ['config = "x"', 'no key or section "config" in sluice.toml; the nearest key is conflict'],
    ["[limits]\nmax-files = 1", 'no key or section "limits" in sluice.toml'],
    ["__proto__ = 1", 'no key or section "__proto__" in sluice.toml'],
    ["port = true", "port in sluice.toml is not a string or a number; use a whole number from 0 to 65535"],
    ["root = true", "root in sluice.toml is not a string or a number; use"],
    ["port = [1]", "port in sluice.toml is not a string or a number; use"],
    ["drain = 2026-01-01", "drain in sluice.toml is not a string or a number; use"],
    ["allow = [1]", "allow in sluice.toml is not a string or a list of strings; use one or more of list"],
    ["allow = []", 'allow in sluice.toml: "" is not allowed; use one or more of list'],
    ["port = 1e400", 'port in sluice.toml: "Infinity" is not allowed; use'],
    ["keep-free = nan", 'keep-free in sluice.toml: "NaN" is not allowed; use'],
    ["port = 1\n\nlog = = 2\n", "sluice.toml: line 3: Expected a value"],
    ["port = 1\nport = 2", "sluice.toml: line 2: Cannot redefine key"],
    ["cors = [\n'http://a',\n", "sluice.toml: line 1: "],
  ])("with %j is refused", async (toml, fault) => {
    expect(await message("", {}, await workingFolder(toml))).toStartWith(fault);
  });

  test("that is too long is refused", async () => {
    const cwd = await workingFolder(`# ${"x".repeat(70_000)}`);
    expect(await message("", {}, cwd)).toBe(
      "sluice.toml: the file is longer than 64 KiB, too long for an options file",
    );
  });

  test("that is a folder is refused", async () => {
    const cwd = await workingFolder();
    await mkdir(join(cwd, "sluice.toml"));
    expect(await message("", {}, cwd)).toBe("sluice.toml: the file cannot be read (EISDIR)");
  });

  test("is not read from the root, where a client could have saved it", async () => {
    const cwd = await workingFolder('allow = "all"');
    await symlink(cwd, join(cwd, "link"));
    await mkdir(join(cwd, "files"));
    for (const root of [".", cwd, join(cwd, ".."), "./link", "files/.."]) {
      expect(await message(root, {}, cwd)).toStartWith("sluice.toml is inside the root");
    }
    expect((await config("--config sluice.toml .", {}, cwd)).allow).toEqual(new Set(WORDS));
    expect((await config("", {}, cwd)).allow).toEqual(new Set(WORDS));
  });

  test("is not read through a link into the root", async () => {
    const cwd = await workingFolder();
    await Bun.write(join(cwd, "files/sluice.toml"), 'allow = "all"');
    await symlink("files/sluice.toml", join(cwd, "sluice.toml"));
    expect(await message("", {}, cwd)).toStartWith("sluice.toml is inside the root");
  });
});
