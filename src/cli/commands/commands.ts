// The table of commands that work on accounts, grants and links, and their parser.

import { Command, CommanderError } from "commander";
import { ChangeRefused } from "../../access/database/changes/refused.ts";
import { AccessError } from "../../access/database/open.ts";
import { nearest, quoted } from "../../suggest.ts";
import { textWidth } from "../../system/terminal.ts";
import { CommandFailed, type Console, WrongUse } from "../console/console.ts";
import { audit } from "./audit.ts";
import { backup } from "./backup.ts";
import { grant } from "./grant.ts";
import { hook } from "./hook.ts";
import { importing } from "./import.ts";
import { link } from "./link.ts";
import { quota } from "./quota.ts";
import { type Run, runner } from "./run.ts";
import { token } from "./token.ts";
import { user } from "./user.ts";

const BUILDERS = {
  user,
  grant,
  token,
  link,
  quota,
  hook,
  audit,
  import: importing,
  backup,
} as const satisfies Record<string, (run: Run, console: Console) => Command>;

/** Given as the first word. */
export const MANAGING = Object.keys(BUILDERS);

/** The purposes of commands, in the order of the help. */
const PURPOSES: Readonly<Record<string, readonly (keyof typeof BUILDERS)[]>> = {
  "Accounts and permissions": ["user", "grant", "token"],
  "Sharing and limits": ["link", "quota"],
  "What happens": ["hook", "audit"],
  "Moving and keeping accounts": ["import", "backup"],
};

/** The commands by purpose, each with the line that describes it, for the help of the program. */
export function describedCommands(): {
  purpose: string;
  commands: { name: string; description: string }[];
}[] {
  const { commands } = programFor(silent);
  return Object.entries(PURPOSES).map(([purpose, names]) => ({
    purpose,
    commands: names.map((name) => ({
      name,
      description: commands.find((one) => one.name() === name)?.description() ?? "",
    })),
  }));
}

/**
 * Runs a command.
 * @param argv its name and its arguments
 * @returns the exit code: 0 done, 1 refused or failed, 2 wrong use
 */
export async function runCommand(argv: readonly string[], console: Console): Promise<number> {
  try {
    await programFor(console).parseAsync(argv, { from: "user" });
    return 0;
  } catch (error) {
    if (error instanceof CommanderError && error.exitCode === 0) return 0;
    const { text, code } = messageOf(error, argv);
    console.note(text);
    return code;
  }
}

const silent: Console = {
  terminal: { interactive: false, colours: false, columns: 80 },
  env: {},
  folder: "/",
  out: () => {},
  note: () => {},
  line: async () => undefined,
  secret: async () => undefined,
};

function programFor(console: Console): Command {
  const { colours } = console.terminal;
  const program = new Command("sluice")
    .option("--root <root>", "Folder that the server serves (default: SLUICE_ROOT, sluice.toml, ./files)")
    .option("--access <file>", "File of accounts, grants and links, if it is not in the root")
    .option("--url <url>", "Address under which browsers reach the server, for links")
    .option("--config <file>", "File of options (default: sluice.toml)")
    .option("--json", "Print JSON for programs")
    .helpCommand(false);
  const run = runner(console, program);
  for (const build of Object.values(BUILDERS)) program.addCommand(build(run, console));
  return configured(program, (one) =>
    one
      .helpCommand(false)
      .helpOption("-h, --help", "Show this text")
      .exitOverride()
      .showSuggestionAfterError(false)
      .configureHelp({ showGlobalOptions: true, helpWidth: textWidth(console.terminal) })
      .configureOutput({
        writeOut: console.out,
        // A command without its subcommand prints its help as an error.
        writeErr: console.note,
        outputError: () => {},
        getOutHasColors: () => colours,
        getErrHasColors: () => colours,
      }),
  );
}

function configured(command: Command, configure: (command: Command) => Command): Command {
  for (const one of command.commands) configured(one, configure);
  return configure(command);
}

function messageOf(error: unknown, argv: readonly string[]): { text: string; code: number } {
  const help = `Run sluice ${argv.find((word) => MANAGING.includes(word)) ?? ""} --help for its arguments and flags.\n`;
  if (error instanceof CommanderError) {
    const line = error.code === "commander.help" ? "" : `sluice: ${parserFault(error, argv)}\n`;
    return { text: line + (line && help), code: 2 };
  }
  if (error instanceof WrongUse) return { text: `sluice: ${error.message}\n${help}`, code: 2 };
  if (error instanceof CommandFailed || error instanceof ChangeRefused || error instanceof AccessError)
    return { text: `sluice: ${error.message}\n`, code: 1 };
  throw error;
}

/** An error of the package commander, with the name that was probably meant. */
function parserFault({ code, message }: CommanderError, argv: readonly string[]): string {
  const [, word = ""] = /'(.*)'/s.exec(message) ?? [];
  const found = commandOf(programFor(silent), argv);
  if (code === "commander.unknownOption") {
    const flags = [...found.options, ...(found.parent?.parent ?? found.parent ?? found).options];
    return unknown(
      "flag",
      word.split("=")[0] ?? "",
      flags.map(({ long }) => long ?? ""),
    );
  }
  if (code === "commander.unknownCommand" || code === "commander.excessArguments")
    if (found.commands.length > 0)
      return unknown(
        "command",
        word || (argv[1] ?? ""),
        found.commands.map((one) => one.name()),
      );
  // The reason of a parser in console/arguments.ts stands after the sentence of commander.
  const [, flag, reason] = /(?:option '(--\S+).*?' )?argument .*? is invalid.*?\. (.*)$/s.exec(message) ?? [];
  if (reason) return `${flag ? `${flag}: ` : ""}${reason}`;
  return message.replace(/^error: /, "").replace(/\.$/, "");
}

function unknown(kind: string, word: string, known: readonly string[]): string {
  const dashes = /^-*/.exec(known[0] ?? "")?.[0] ?? "";
  const found = nearest(
    word.replace(/^-+/, ""),
    known.map((name) => name.slice(dashes.length)),
  );
  const near = found && dashes + found;
  return `unknown ${kind} ${quoted(word)}; ${near === undefined ? `use ${known.join(", ")}` : `the nearest is ${near}`}`;
}

/** The command that the words lead to. */
function commandOf(program: Command, argv: readonly string[]): Command {
  let command = program;
  for (const word of argv) command = command.commands.find((one) => one.name() === word) ?? command;
  return command;
}
