// Parses argv, SLUICE_ variables and sluice.toml into a Config, a text to print, or an error message.

import { resolve } from "node:path";
import { Command, CommanderError, Option as Flag } from "commander";
import type { Config } from "../config/config.ts";
import { ownOrigin, unixPathsOf, unixUrl } from "../config/listen-address.ts";
import type { Option } from "../config/option.ts";
import { FLAGS, OPTIONS, toConfig } from "../config/options.ts";
import { speaksTls } from "../config/tls-options.ts";
import type { Subject } from "../doctor/doctor.ts";
import { nearest, quoted } from "../suggest.ts";
import type { Terminal } from "../system/terminal.ts";
import { version } from "../version.ts";
import { MANAGING } from "./commands/commands.ts";
import { exposure, isServed, servedSecret, thisStart } from "./exposure.ts";
import { doctorHelpText, helpText, topHelpText } from "./help.ts";
import { listeningFault } from "./listening.ts";
import { misunderstoodRoot, urlFor } from "./root-argument.ts";
import { fromEnvironment, type Given, optionsFile, type Source } from "./sources.ts";

/** The parsed command. Texts end with a newline. */
export type Invocation =
  /** `file`: the name of the options file that was read, for messages. */
  | { kind: "serve"; config: Config; file?: string; setup?: true }
  | { kind: "doctor"; subject: Subject; json: boolean }
  /** `anyCertificate`: the server is this machine, under an address for which it has no certificate. */
  | { kind: "top"; url: URL; once: boolean; anyCertificate?: true }
  /** A command on accounts, grants or links: its name and its arguments. */
  | { kind: "manage"; argv: readonly string[] }
  /** For standard output; exit 0. */
  | { kind: "print"; text: string }
  /** For standard error; exit 2. */
  | { kind: "wrong"; text: string };

/** Most faults listed in one message; further ones are only counted. */
const MAX_FAULTS = 10;

/** Commands, given as the first word. Any other first word is the root. */
const COMMANDS = ["serve", "doctor", "top"] as const;
type CommandName = (typeof COMMANDS)[number];
/** Flags of single commands, which are not options, and the command of each. */
const OWN_FLAGS = {
  json: "doctor",
  insecure: "doctor",
  once: "top",
  setup: "serve",
} as const satisfies Record<string, CommandName>;

/**
 * Parses the command line. A flag overrides a variable, a variable overrides the file, the file overrides the default.
 *
 * @param argv the arguments after the program's name
 * @param env the environment; only variables that start with `SLUICE_` are read
 * @param folder the current folder, in which sluice.toml is searched
 * @param start how this process was started
 */
export async function readCommand(
  argv: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
  terminal: Terminal,
  folder = ".",
  start = thisStart,
): Promise<Invocation> {
  const [first = "", second = "", ...more] = argv;
  if (MANAGING.includes(first)) return { kind: "manage", argv };
  if (first === "help" && MANAGING.includes(second))
    return { kind: "manage", argv: [second, ...more, "--help"] };
  const flags = readFlags(argv, terminal, folder);
  if ("kind" in flags) return flags;
  if (flags.url !== undefined) return readUrl(flags.url, flags);

  const environment = fromEnvironment(env);
  const file = await optionsFile(flags.given, environment.given, folder);
  const given = new Map([...(file?.given ?? []), ...environment.given, ...flags.given]);
  const faults = [...flags.faults, ...environment.faults, ...(file?.faults ?? []), ...wrongValues(given)];
  if (faults.length > 0) return wrong(faults);

  const config = toConfig(new Map([...given].map(([name, { text }]) => [name, text])));
  const fault = listeningFault(config, given, { setup: flags.setup, folder });
  if (fault !== undefined) return wrong([fault]);
  if (file && !file.named && (await isServed([folder, file.path], resolve(folder, config.root)))) {
    return wrong([
      "sluice.toml is inside the root, where clients that may write could change their own permissions; " +
        "move it elsewhere, delete it if it is not yours, or trust it with --config sluice.toml",
    ]);
  }
  if (flags.command === "doctor") return { kind: "doctor", subject: { config }, json: flags.json };
  if (flags.command === "top") {
    const [path = ""] = unixPathsOf(config);
    const own = ownOrigin(config, speaksTls(config)) ?? unixUrl(path);
    return { kind: "top", url: new URL(own), once: flags.once, anyCertificate: true };
  }
  const root = resolve(folder, config.root);
  const exposed = (await servedSecret(config, folder, root)) ?? (await exposure(config, folder, root, start));
  if (exposed !== undefined) return wrong([exposed]);
  return { kind: "serve", config, ...(file && { file: file.label }), ...(flags.setup && { setup: true }) };
}

/** A parsed command line: its options, and the command with its arguments. */
interface CommandLine extends Source {
  readonly command: CommandName;
  readonly json: boolean;
  readonly insecure: boolean;
  readonly once: boolean;
  readonly setup: boolean;
  /** The server to examine or watch, instead of the one on this machine. */
  readonly url?: string;
}

/** Parses flags and arguments. Returns an invocation for --help, --version and errors. */
function readFlags(argv: readonly string[], terminal: Terminal, folder: string): CommandLine | Invocation {
  const given = new Map<string, Given>();
  let text = "";
  const textFor = ([name]: readonly string[]) => {
    if (name === "doctor") return doctorHelpText(terminal);
    return name === "top" ? topHelpText(terminal) : helpText(terminal);
  };
  const command = new Command("sluice")
    .argument("[words...]")
    .version(`sluice ${version}`, "-V, --version")
    .helpOption("-h, --help")
    .addOption(new Flag("--json"))
    .addOption(new Flag("--insecure"))
    .addOption(new Flag("--once"))
    .addOption(new Flag("--setup"))
    .configureHelp({ formatHelp: ({ args }) => textFor(args) })
    .configureOutput({
      writeOut: (written) => {
        text += written;
      },
      outputError: () => {},
      getOutHasColors: () => terminal.colours,
    })
    .showSuggestionAfterError(false)
    .exitOverride();
  for (const option of FLAGS) {
    if (!option.positional) for (const flag of flagsOf(option, given)) command.addOption(flag);
  }
  try {
    command.parse(argv, { from: "user" });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    return error.exitCode === 0 ? { kind: "print", text } : wrong([parserFault(error)]);
  }
  for (const { name, shorthand, bare } of FLAGS) {
    const label = `--${name}`;
    if (bare !== undefined && command.getOptionValue(new Flag(label).attributeName()))
      given.set(name, { text: bare, label });
    if (shorthand && command.getOptionValue(shorthand.flag.slice(1))) {
      given.set(name, { text: shorthand.value, label: shorthand.flag });
    }
  }

  const [first = "", ...others] = command.args;
  if (first === "help") return { kind: "print", text: textFor(others) };
  const named = COMMANDS.find((one) => one === first);
  const name = named ?? "serve";
  const [root, ...rest] = named ? others : command.args;
  const url = root !== undefined && name !== "serve" ? urlFor(root, folder) : undefined;
  const isUrl = url !== undefined || (root !== undefined && name === "top");
  const wrongRoot =
    root !== undefined && name === "serve"
      ? misunderstoodRoot(root, [...COMMANDS, ...MANAGING], named !== undefined, folder)
      : undefined;
  if (root !== undefined && !isUrl) given.set(OPTIONS.root.name, { text: root, label: "ROOT" });
  const what = isUrl ? "the URL" : "ROOT";
  const own = {
    json: command.getOptionValue("json") === true,
    insecure: command.getOptionValue("insecure") === true,
    once: command.getOptionValue("once") === true,
    setup: command.getOptionValue("setup") === true,
  };
  const late = command.args.find((word) => MANAGING.includes(word));
  const faults = [
    ...(late !== undefined && named === undefined && late === root
      ? [`${quoted(late)} is a command, and flags stand behind it: put ${late} first. A folder is ./${late}`]
      : []),
    ...(wrongRoot === undefined ? [] : [wrongRoot]),
    ...(own.insecure && name === "doctor" && !isUrl
      ? ["--insecure applies to the URL of a server; add the URL, or remove the flag"]
      : []),
    ...Object.entries(OWN_FLAGS)
      .filter(([flag, owner]) => command.getOptionValue(flag) === true && owner !== name)
      .map(([flag, owner]) => `--${flag} can only be used with sluice ${owner}`),
    ...rest.map(
      (word) => `${quoted(word)} is an unexpected argument: ${what} is already ${quoted(root ?? "")}`,
    ),
  ];
  return { given, faults, command: name, ...own, ...(isUrl && { url: url ?? root }) };
}

/** Parses `doctor URL` and `top URL`. Options are rejected, because they configure a server on this machine. */
function readUrl(text: string, { given, faults, command, json, insecure, once }: CommandLine): Invocation {
  const url = URL.parse(text);
  const all = [...faults];
  const isSocket = command === "top" && url?.protocol === "unix:" && url.pathname.startsWith("/");
  if (!isSocket && (!url?.hostname || !/^https?:$/.test(url.protocol)))
    all.push(`${quoted(text)} is not the URL of a server; use one such as https://files.example.org`);
  for (const { label } of given.values())
    all.push(`${label} applies to a server on this machine and cannot be used with a URL; remove it`);
  if (!url || all.length > 0) return wrong(all);
  return command === "top"
    ? { kind: "top", url, once }
    : { kind: "doctor", subject: { url, insecure }, json };
}

function flagsOf(option: Option<unknown>, given: Map<string, Given>): Flag[] {
  const { name, short, shorthand, bare, placeholder } = option;
  const label = `--${name}`;
  if (bare !== undefined) return [new Flag(label)];
  const flag = new Flag(`${short ? `${short}, ` : ""}${label} <${placeholder}>`).argParser((text) => {
    const before = option.list && given.get(name);
    given.set(name, { text: before ? `${before.text},${text}` : text, label });
  });
  return shorthand ? [flag, new Flag(shorthand.flag).conflicts(flag.attributeName())] : [flag];
}

/** An error of the package commander, reworded like the other messages. */
function parserFault({ code, message }: CommanderError): string {
  const [, word = ""] = /'(.*)'/s.exec(message) ?? [];
  const option = FLAGS.find(({ name }) => word.includes(`--${name} <`));
  if (code === "commander.unknownOption") {
    const [flag = ""] = word.split("=");
    const near = nearest(flag.replace(/^-+/, ""), [
      ...FLAGS.map(({ name }) => name),
      "help",
      "version",
      ...Object.keys(OWN_FLAGS),
    ]);
    const hint = near === OPTIONS.root.name ? "ROOT, an argument" : `--${near}`;
    return `unknown flag ${quoted(flag)}${near === undefined ? "" : `; the nearest is ${hint}`}`;
  }
  if (code === "commander.optionMissingArgument" && option) {
    return `--${option.name} needs a value; use ${option.allowed}`;
  }
  return message.replace(/^error: /, "");
}

function wrongValues(given: ReadonlyMap<string, Given>): string[] {
  return FLAGS.flatMap((option) => {
    const value = given.get(option.name);
    if (!value || option.parse(value.text) !== undefined) return [];
    return [`${value.label}: ${quoted(value.text)} is not allowed; use ${option.allowed}`];
  });
}

function wrong(faults: readonly string[]): Invocation {
  const more = faults.length > MAX_FAULTS ? [`and ${faults.length - MAX_FAULTS} more`] : [];
  const lines = [...faults.slice(0, MAX_FAULTS), ...more].map((fault) => `sluice: ${fault}\n`);
  return { kind: "wrong", text: `${lines.join("")}Run sluice --help for all commands and options.\n` };
}
