// The volumes of copyparty, `-v SOURCE:PATH:PERMISSIONS,USER:…`, as rules at folders.

import type { Word } from "../../../config/config.ts";
import { type FolderPath, parentOf } from "../../../path.ts";
import { quoted } from "../../../suggest.ts";
import { ANYONE } from "../../rules.ts";
import { checkedFolder } from "../checked-folder.ts";
import { type Findings, ImportError, type ImportedRule } from "../model.ts";

/** A folder of the machine, shown at a path. */
export interface Volume {
  source: string;
  path: FolderPath;
  /** The letters of each subject; `anyone` for everyone. */
  letters: ReadonlyMap<string, string>;
}

/** Everything that a letter stands for. */
const ALL = "rwmda.";
/** Letters that give no word of Sluice, and why. */
const WITHOUT_WORD = new Map<string, string>(
  Object.entries({
    g: "Downloading without listing does not exist: read also lists. Share single files by links: sluice link PATH",
    G: "Downloading without listing does not exist: read also lists. Let people upload by a drop: sluice link PATH --drop",
    h: "Folders do not show their index.html, and read also lists.",
    a: "An administrator of a volume does not exist: an owner manages all accounts (sluice user add NAME --owner).",
    ".": "Hidden files are shown on request to everyone who may list.",
  }),
);

/** The accounts and groups that the arguments define. */
export interface Known {
  accounts: readonly string[];
  /** Members by group. */
  groups: ReadonlyMap<string, readonly string[]>;
  /** Letters that other flags take from everyone. */
  withheld: string;
}

/** @throws ImportError for a volume that copyparty refuses, too */
export function readVolumes(given: readonly string[], known: Known, findings: Findings): Volume[] {
  // Without volumes, everyone may read and write the current folder.
  const expanded = (given.length === 0 ? [".::rw"] : given).flatMap((text) => expand(text, known));
  const volumes = new Map<string, Volume>();
  for (const text of expanded) {
    const [, source, path = "", permissions = ""] = /^([^:]*):([^:]*):(.*)$/s.exec(text) ?? [];
    if (source === undefined)
      throw new ImportError(`-v: ${quoted(text)} is not a volume; write SOURCE:PATH:PERMISSIONS.`);
    const about = `volume ${quoted(`/${path.replace(/^\/+/, "")}`)}`;
    const checked = checkedFolder(path);
    if ("fault" in checked) findings.add(about, `It is left out. ${checked.fault}`);
    else if (volumes.has(checked.path))
      throw new ImportError(`-v: there are two volumes at ${quoted(`/${checked.path}`)}.`);
    else {
      const letters = lettersOf(permissions, about, known, findings);
      volumes.set(checked.path, { source, path: checked.path, letters });
    }
  }
  return [...volumes.values()];
}

/** A volume for each account, or each group, of whose name its source or path is made. */
function expand(text: string, { accounts, groups }: Known): string[] {
  const [place = ""] = /^[^:]*:[^:]*/.exec(text) ?? [];
  const named = /\$\{u\}/.test(place) ? accounts : [undefined];
  return named.flatMap((account) => {
    const ofAccount = account === undefined ? text : text.replace(/\$\{u\}/g, () => account);
    if (!/\$\{g\}/.test(place)) return [ofAccount];
    return [...groups]
      .filter(([, members]) => account === undefined || members.includes(account))
      .map(([group]) => ofAccount.replace(/\$\{g\}/g, () => group));
  });
}

/** `r:rw,ed,%admins:c,nodupe` */
function lettersOf(
  permissions: string,
  about: string,
  known: Known,
  findings: Findings,
): Map<string, string> {
  const letters = new Map<string, string>();
  for (const part of permissions.split(":")) {
    const [given = "", ...names] = part.split(/[,\s]+/);
    if (given === "c") {
      findings.add(about, `The flag ${quoted(names.join(","))} has no equivalent, or Sluice needs none.`);
      continue;
    }
    if (!/^[rwmdgGhaA.]*$/.test(given))
      throw new ImportError(`-v, ${about}: ${quoted(given)} are not permissions; use letters of rwmdgGhaA.`);
    const all = [...given.replaceAll("A", ALL)].filter((letter) => !known.withheld.includes(letter)).join("");
    for (const letter of new Set(all)) {
      const reason = WITHOUT_WORD.get(letter);
      if (reason)
        findings.add(
          about,
          `The permission ${letter} of ${quoted(names.join(", ") || "everyone")} is left out. ${reason}`,
        );
    }
    if (all.includes("m") && !(all.includes("d") && all.includes("w")))
      findings.add(
        about,
        `The permission m of ${quoted(names.join(", ") || "everyone")} is left out, because moving needs write and delete.`,
      );
    for (const subject of subjectsOf(names, about, known, findings))
      letters.set(subject, (letters.get(subject) ?? "") + all);
  }
  return letters;
}

/** Accounts, and those of groups, which begin with `@` or `%`; everyone when there are no names. */
function subjectsOf(
  names: readonly string[],
  about: string,
  { accounts, groups }: Known,
  findings: Findings,
): string[] {
  const named = names.filter((name) => name !== "");
  if (named.length === 0) return [ANYONE];
  return named.flatMap((name) => {
    if (name === "*") return [ANYONE];
    if (name === "@acct") return accounts;
    const members = /^[@%]/.test(name) ? groups.get(name.slice(1)) : [name];
    const found = members?.filter((member) => accounts.includes(member)) ?? [];
    if (found.length === 0 || found.length < (members?.length ?? 0))
      findings.add(
        about,
        `${quoted(name)} is not, or not only, an account that -a defines; the others are left out.`,
      );
    return found;
  });
}

/** The rules of all volumes. A volume hides the permissions of those above it, so a subject without any there gets none. */
export function volumeRules(volumes: readonly Volume[], subjects: readonly string[]): ImportedRule[] {
  return [ANYONE, ...subjects].flatMap((subject) => {
    const rules = new Map<string, ImportedRule>();
    for (const { path, letters } of volumes.toSorted((one, other) => (one.path < other.path ? -1 : 1))) {
      const words = wordsOf(letters.get(subject) ?? "");
      if (words.length > 0 || nearestAbove(rules, path).length > 0) rules.set(path, { subject, path, words });
    }
    return [...rules.values()];
  });
}

function nearestAbove(rules: ReadonlyMap<string, ImportedRule>, path: string): readonly Word[] {
  for (let at = path; at !== ""; ) {
    at = parentOf(at);
    const rule = rules.get(at);
    if (rule) return rule.words;
  }
  return [];
}

function wordsOf(letters: string): Word[] {
  const [read, write, remove] = ["r", "w", "d"].map((letter) => letters.includes(letter));
  return [
    ...(read ? (["list", "read"] as const) : []),
    ...(write ? (["write"] as const) : []),
    // copyparty replaces a file only for those who may also delete it.
    ...(write && remove ? (["replace"] as const) : []),
    ...(remove ? (["delete"] as const) : []),
  ];
}
