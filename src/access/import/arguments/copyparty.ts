// Reads the command line of copyparty: accounts, groups, volumes with the permissions at each, and where it listens.

import { quoted } from "../../../suggest.ts";
import { nameFault } from "../../account-name.ts";
import { listenOptions } from "../listen-options.ts";
import { Findings, ImportError, type Imported, type ImportedAccount } from "../model.ts";
import { type GivenFlag, readArguments, type Syntax } from "./arguments.ts";
import { placeVolumes } from "./copyparty-places.ts";
import { readVolumes, volumeRules } from "./copyparty-volumes.ts";

const SYNTAX: Syntax = {
  account: { value: true, short: "a" },
  volume: { value: true, short: "v" },
  grp: { value: true },
  config: { value: true, short: "c" },
  ip: { value: true, short: "i" },
  port: { value: true, short: "p" },
  "rp-loc": { value: true },
  "xff-src": { value: true },
  "idp-h-usr": { value: true },
  "ah-alg": { value: true },
  jobs: { value: true, short: "j" },
  quiet: { value: false, short: "q" },
};
/** Flags of several letters after one dash, and whether they take a value. */
const SINGLE_DASH: Readonly<Record<string, boolean>> = {
  nc: true,
  lo: true,
  mtm: true,
  mte: true,
  mth: true,
  mtp: true,
  mcr: true,
  ...Object.fromEntries(
    "ed nw nth nih nid nb s ss sss zv z emp e2d e2ds e2dsa e2v e2vu e2vp e2t e2ts e2tsr"
      .split(" ")
      .map((name) => [name, false]),
  ),
};
/** Flags that only concern speed or what is shown in its terminal. */
const NEEDLESS = ["jobs", "quiet"];

/** @throws ImportError */
export function readCopyparty(argv: readonly string[]): Imported {
  const syntax = {
    ...SYNTAX,
    ...Object.fromEntries(Object.entries(SINGLE_DASH).map(([name, value]) => [name, { value }])),
  };
  const { known, unknown, words } = readArguments(argv.map(withTwoDashes), syntax, true);
  const findings = new Findings();
  const values = (name: string): string[] =>
    known.filter((flag) => flag.name === name).map(({ value }) => value);
  const accounts = readAccounts(values("account"), values("ah-alg").at(-1), findings);
  const volumes = readVolumes(
    values("volume"),
    {
      accounts: [...accounts.keys()],
      groups: groupsOf(values("grp")),
      withheld: withheldBy([...known, ...unknown]),
    },
    findings,
  );
  const [port = "3923", ...otherPorts] = (values("port").at(-1) ?? "3923").split(",");
  const addresses = (values("ip").at(-1) ?? "").split(",").filter((address) => address !== "");
  const taken = [...accounts.values()].filter((account) => account !== undefined);
  const options = listenOptions({ addresses, port, basePath: values("rp-loc").at(-1) }, findings);
  for (const other of otherPorts)
    findings.add(`port ${quoted(other)}`, `Sluice listens on one port, here ${port}.`);
  reportFlags([...known, ...unknown], findings);
  for (const word of words) findings.add(quoted(word), "It belongs to no flag.");
  return {
    ...placeVolumes(volumes),
    options,
    accounts: taken,
    rules: volumeRules(
      volumes,
      taken.map(({ name }) => name),
    ),
    links: [],
    findings: findings.list,
    findingsOmitted: findings.omitted,
  };
}

function withTwoDashes(word: string): string {
  const [, name = ""] = /^-([a-z]\w*)(?:=|$)/.exec(word) ?? [];
  return Object.hasOwn(SINGLE_DASH, name) ? `-${word}` : word;
}

/** Accounts by name; undefined for one that Sluice cannot have. */
function readAccounts(
  given: readonly string[],
  hashing = "none",
  findings: Findings,
): Map<string, ImportedAccount | undefined> {
  const accounts = new Map<string, ImportedAccount | undefined>();
  for (const text of given) {
    const colon = text.indexOf(":");
    // The text may be a password, so it is not quoted.
    if (colon === -1) throw new ImportError("-a: write user:password.");
    const [name, password] = [text.slice(0, colon).normalize("NFC"), text.slice(colon + 1)];
    const about = `account ${quoted(name)}`;
    const fault = nameFault(name);
    const isHash = hashing !== "none" && /^\+.{32}$/.test(password);
    if (fault !== undefined) findings.add(about, `The account is left out. ${fault}`);
    else if (isHash)
      findings.add(
        about,
        "Its password is a hash of copyparty, which cannot be taken: it gets an invite instead.",
      );
    accounts.set(
      name,
      fault === undefined
        ? { name, owner: false, ...(!isHash && { password: { plain: password } }) }
        : undefined,
    );
  }
  return accounts;
}

/** Members by group: `--grp name:user1,user2`. */
function groupsOf(given: readonly string[]): Map<string, string[]> {
  return new Map(
    given.map((text) => {
      const [name = "", ...members] = text.split(/[=:,]/);
      return [name, members];
    }),
  );
}

/** The letters that flags take from everyone. `-ss`, or `-s` twice, stands for `--no-del`, `--no-mv` and others. */
function withheldBy(flags: readonly GivenFlag[]): string {
  const has = (one: string): boolean => flags.some(({ name }) => name === one);
  const safer = has("ss") || has("sss") || flags.filter(({ name }) => name === "s").length > 1;
  return `${safer || has("no-del") ? "d" : ""}${safer || has("no-mv") ? "m" : ""}${has("nw") ? "wmd" : ""}`;
}

/** Adds a finding for each flag that has no equivalent. */
function reportFlags(flags: readonly GivenFlag[], findings: Findings): void {
  for (const { name, value } of flags) {
    if (NEEDLESS.includes(name) || (Object.hasOwn(SYNTAX, name) && !ADVICE.has(name))) continue;
    const detail = ADVICE.get(name) ?? "It has no equivalent, or Sluice needs none.";
    findings.add(`option ${quoted(name)}${value && ` ${quoted(value)}`}`, detail);
  }
}

const ADVICE = new Map<string, string>(
  Object.entries({
    config: "The file is not read; give its accounts and volumes as arguments.",
    "xff-src": "Name the proxy, if there is one: --trusted-proxy ADDRESS.",
    "idp-h-usr": "Name the header and the proxy: --login-header HEADER --trusted-proxy ADDRESS.",
    chpw: "Everyone may change their own password.",
    shr: "Links are made with sluice link; those of copyparty are left out.",
    xau: "See sluice hook add.",
    xbu: "See sluice hook add.",
    df: "Use --keep-free, for example --keep-free 10GiB.",
    ipa: "Restrict addresses by a firewall, or by the proxy in front.",
    "no-del": "Nobody is granted delete.",
    "no-mv": "Moving needs delete; who has it may also move.",
    nw: "Nobody is granted write or delete.",
    acao: "Websites that may call the server are named: --cors https://example.org.",
  }),
);
