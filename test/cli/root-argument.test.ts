// A first argument that is no existing folder: a misspelt command, a URL or a port is refused instead of served.

import { describe, expect, test } from "bun:test";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { commandLine } from "../support/command.ts";

const { config, message, run, workingFolder } = commandLine();

describe("a first argument that is no existing folder", () => {
  test.each([
    ["docter", "doctor"],
    ["Doctor", "doctor"],
    ["tpo", "top"],
    ["to", "top"],
    ["sevre", "serve"],
    ["version", "--version"],
    ["verison", "--version"],
    ["hlep", "--help"],
  ])("%s is a misspelt command, and creates no folder", async (word, meant) => {
    const cwd = await workingFolder();
    expect(await message(word, {}, cwd)).toBe(
      `"${word}" is neither a command nor a folder here; did you mean sluice ${meant}? To create and serve a folder of this name, put ./ before it`,
    );
    expect((await config(`./${word}`, {}, cwd)).root).toBe(`./${word}`);
    expect((await config(`serve ${word}`, {}, cwd)).root).toBe(word);
    await mkdir(join(cwd, word));
    expect((await config(word, {}, cwd)).root).toBe(word);
  });

  test.each(["http://localhost:3000", "https://a.example", "localhost:3000", "[::1]:80/x", "ftp://a"])(
    "%s is a URL: doctor and top take one, serve does not",
    async (word) => {
      for (const argv of [word, `serve ${word}`])
        expect(await message(argv)).toBe(
          `"${word}" is a URL, and a server is started with a folder; use sluice doctor URL or sluice top URL`,
        );
    },
  );

  test("a number is refused as a port", async () => {
    expect(await message("8080")).toStartWith('"8080" is no folder here; a port is set by --port 8080. ');
    expect((await config("./8080")).root).toBe("./8080");
  });

  test.each(["media", "srv-1", "data", "inbox", "stop-motion"])("%s is a folder to create", async (word) => {
    expect((await config(word)).root).toBe(word);
  });

  test("doctor and top take host:port as a URL, unless a folder has this name", async () => {
    expect(await run("doctor localhost:3300")).toMatchObject({
      subject: { url: new URL("http://localhost:3300") },
    });
    expect(await run("top [::1]:3300/x")).toMatchObject({ url: new URL("http://[::1]:3300/x") });
    const cwd = await workingFolder();
    await mkdir(join(cwd, "backup:1"));
    expect(await run("doctor backup:1", {}, cwd)).toMatchObject({
      subject: { config: { root: "backup:1" } },
    });
  });
});
