// The text of --help.

import { describe, expect, test } from "bun:test";
import { stripVTControlCharacters } from "node:util";
import { readCommand } from "../../src/cli/cli.ts";
import { MANAGING } from "../../src/cli/commands/commands.ts";
import { flagWithValue } from "../../src/config/option.ts";
import { FLAGS } from "../../src/config/options.ts";
import { commandLine } from "../support/command.ts";
import { commandsOn } from "../support/manage.ts";

const { config, run } = commandLine();
const { done } = commandsOn();

describe("--help", () => {
  const help = async (colours: boolean, columns: number) => {
    const invocation = await readCommand(["--help"], {}, { colours, columns });
    return invocation.kind === "print" ? invocation.text : "";
  };

  test("is also printed for -h and help, even with other wrong arguments", async () => {
    const text = await help(false, 80);
    for (const argv of ["-h", "help", "serve --help", "--nonsense --help", "a b --help"]) {
      expect(await run(argv, { SLUICE_X: "" })).toEqual({ kind: "print", text });
    }
  });

  test("has a summary, usage, examples, aligned flags and sources", async () => {
    const text = await help(false, 80);
    expect(text).toStartWith("Sluice receives and serves large files: ");
    expect(text).toContain(
      "\nUsage: sluice [serve] [ROOT] [flags]\n       sluice doctor [ROOT|URL] [flags]  (sluice doctor --help)\n       sluice top [URL]                  (sluice top --help)\n\nExamples:\n  sluice ",
    );
    expect(text).toContain(
      [
        "",
        "Limits:                           Default",
        "      --max-file-size SIZE        50GiB        Largest file; 10GB is 10^10",
        "                                               bytes, 10GiB is 10 x 2^30",
        "      --keep-free SIZE            1GiB         Disk space to leave free",
        "",
      ].join("\n"),
    );
    expect(text).toContain("\n  -A                                           Short for --allow all\n");
    expect(text).toContain("SLUICE_MAX_FILE_SIZE=50GiB");
    expect(text).toContain('max-file-size = "50GiB"');
    expect(text).toEndWith("overrides the file.\n");
  });

  test("lists every command by its purpose", async () => {
    const text = await help(false, 80);
    expect(text).toContain("\nRunning a server:\n  serve     Serve a folder");
    expect(text).toContain("\nAccounts and permissions:\n  user      Accounts: who may log in\n  grant ");
    for (const name of MANAGING) expect(text).toMatch(new RegExp(`^  ${name} +[A-Z]`, "m"));
  });

  test("shows every flag and its default, aligned", async () => {
    const lines = (await help(false, 80)).split("\n");
    for (const option of FLAGS) {
      const { positional, placeholder, default: value } = option;
      const term = positional ? `  ${placeholder}` : flagWithValue(option);
      const line = lines.find((one) => one.slice(0, 34).trimEnd().endsWith(term)) ?? "";
      if (value) expect(line.slice(34)).toStartWith(`${value} `);
      expect(line.slice(46)).toMatch(/^ \S/);
    }
  });

  test.each([
    [80, 80],
    [40, 80],
    [0, 80],
    [100, 100],
    [300, 100],
  ])("in %d columns is at most %d wide", async (columns, most) => {
    const widths = (await help(false, columns)).split("\n").map((line) => line.length);
    expect(Math.max(...widths)).toBeLessThanOrEqual(most);
    expect(Math.max(...widths)).toBeGreaterThan(most - 10);
  });

  test("has colours only on request, and the same text with and without", async () => {
    const text = await help(true, 80);
    expect(text).toContain("\x1b[1mUsage:\x1b[22m");
    expect(stripVTControlCharacters(text)).toBe(await help(false, 80));
  });

  test("has examples that work", async () => {
    const examples = [...(await help(false, 80)).matchAll(/^ {2}sluice(.*?) +#/gm)].map(([, argv = ""]) =>
      argv.trim(),
    );
    expect(examples).toHaveLength(3);
    for (const argv of examples) await config(argv);
  });
});

describe("sluice doctor --help", () => {
  test("is printed for every form of the command, and explains the marks and exit codes", async () => {
    const invocation = await run("doctor --help");
    const text = invocation.kind === "print" ? invocation.text : "";
    expect(text).toStartWith("Finds out why uploads are slow or do not work. ");
    expect(text).toContain(
      "\nUsage: sluice doctor [ROOT] [--json] [flags of serve]\n       sluice doctor URL [--json] [--insecure]\n",
    );
    expect(text).toContain("✓ (good), ! (could be better) or ✗ (does not work)");
    for (const argv of ["doctor -h", "help doctor", "doctor ./files --json --help"]) {
      expect(await run(argv)).toEqual({ kind: "print", text });
    }
  });

  test("has examples that work", async () => {
    const invocation = await run("doctor --help");
    const text = invocation.kind === "print" ? invocation.text : "";
    const examples = [...text.matchAll(/^ {2}sluice(.*?) +#/gm)].map(([, argv = ""]) => argv.trim());
    expect(examples).toHaveLength(4);
    for (const argv of examples) expect((await run(argv)).kind).toBe("doctor");
  });
});

describe("sluice top --help", () => {
  test("is printed for every form of the command, with examples that work", async () => {
    const invocation = await run("top --help");
    const text = invocation.kind === "print" ? invocation.text : "";
    expect(text).toStartWith("Shows the running uploads of a server");
    expect(text).toContain("\nUsage: sluice top [URL] [--once]\n");
    for (const argv of ["top -h", "help top"]) expect(await run(argv)).toEqual({ kind: "print", text });
    const examples = [...text.matchAll(/^ {2}sluice(.*?) +#/gm)].map(([, argv = ""]) => argv.trim());
    expect(examples).toHaveLength(4);
    for (const argv of examples) expect((await run(argv)).kind).toBe("top");
  });
});

describe("the help of a command", () => {
  test.each(MANAGING)("%s, and of its subcommands, fits 80 columns", async (name) => {
    const { out } = await done([name, "--help"]);
    const [, listed = ""] = out.split("\nCommands:\n");
    const below = (listed.split("\n\n")[0] ?? "").matchAll(/^ {2}(\w+)/gm);
    const helps = [out];
    for (const [, subcommand = ""] of below) helps.push((await done([name, subcommand, "--help"])).out);
    const long = helps.flatMap((text) => text.split("\n")).filter((line) => line.length > 80);
    expect(long).toEqual([]);
    if (listed !== "") expect(helps.length).toBeGreaterThan(2);
  });
});
