// Runs commands on accounts in this process, with a root and a console of their own.

import { afterAll, beforeAll, expect } from "bun:test";
import { mkdir, mkdtemp, realpath, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { accessFile, openDatabase } from "../../src/access/database/open.ts";
import { readSnapshot, type Snapshot } from "../../src/access/database/snapshot.ts";
import { runCommand } from "../../src/cli/commands/commands.ts";
import { WrongUse } from "../../src/cli/console/console.ts";

/** How a command ended. */
export interface Ended {
  code: number;
  out: string;
  note: string;
}

export interface Situation {
  /** The line on standard input. */
  input?: string;
  /** Answers on a terminal, in order; undefined is Ctrl-C. */
  answers?: (string | undefined)[];
  interactive?: boolean;
  env?: Record<string, string>;
}

/** Functions that run commands. Call once at the top of a test file: it adds hooks that create and remove the folders. */
export function commandsOn() {
  let folder = "";
  let root = "";
  beforeAll(async () => {
    folder = await realpath(await mkdtemp(join(tmpdir(), "sluice-manage-")));
    root = join(folder, "files");
    await mkdir(root);
  });
  afterAll(() => rm(folder, { recursive: true }));

  async function run(argv: readonly string[], situation: Situation = {}): Promise<Ended> {
    const { input, answers, interactive = false, env = {} } = situation;
    const ended = { out: "", note: "" };
    const left = [...(answers ?? [])];
    const code = await runCommand(argv, {
      terminal: { interactive, colours: false, columns: 80 },
      env,
      folder,
      out: (text) => {
        ended.out += text;
      },
      note: (text) => {
        ended.note += text;
      },
      line: async () => (answers ? undefined : (input ?? "")),
      secret: async () => {
        if (!answers) throw new WrongUse("no terminal");
        return left.shift();
      },
    });
    return { code, ...ended };
  }

  /** Runs a command that must succeed. @param argv words separated by spaces, or a list */
  async function done(argv: string | readonly string[], situation?: Situation): Promise<Ended> {
    const ended = await run(typeof argv === "string" ? argv.split(" ") : argv, situation);
    expect(ended).toMatchObject({ code: 0 });
    return ended;
  }

  /** The JSON that a command prints with `--json`. */
  async function json(argv: string | readonly string[], situation?: Situation): Promise<unknown> {
    const words = typeof argv === "string" ? argv.split(" ") : argv;
    const { out, note } = await done([...words, "--json"], situation);
    expect(note).toBe("");
    return JSON.parse(out);
  }

  /** The first line of the message of a command that must fail, without `sluice: `. */
  async function failure(
    argv: string | readonly string[],
    code: 1 | 2,
    situation?: Situation,
  ): Promise<string> {
    const ended = await run(typeof argv === "string" ? argv.split(" ") : argv, situation);
    expect(ended).toMatchObject({ code, out: "" });
    const [first = ""] = ended.note.split("\n");
    expect(first).toStartWith("sluice: ");
    return first.slice("sluice: ".length);
  }

  /** Everything in the database. */
  function snapshot(): Snapshot {
    const database = openDatabase(accessFile(root), { create: false });
    if (!database) throw new Error("There is no database");
    try {
      return readSnapshot(database);
    } finally {
      database.close();
    }
  }

  return { folder: () => folder, root: () => root, run, done, json, failure, snapshot };
}
