// Turns filebrowser's rules, of which the last that matches counts, into rules of which the nearest counts.

import { posix } from "node:path";
import { type FolderPath, parentOf } from "../../../path.ts";
import { quoted } from "../../../suggest.ts";
import { checkedFolder } from "../checked-folder.ts";
import type { RuleRecord } from "./records.ts";

/** The rules of one user, as folders at which access begins or ends. */
export interface Boundaries {
  /** From the scope downwards: whether it, and all below it up to the next boundary, may be accessed. */
  folders: { path: FolderPath; allow: boolean }[];
  /** Rules that could not be taken, a sentence each. */
  faults: string[];
  /** Whether a rule that refuses something could not be taken, so that the boundaries allow more than filebrowser did. */
  allowsMore: boolean;
}

/**
 * Computes the boundaries below a user's scope. Only folders at which access changes are returned.
 * @param scope the folder that the user saw as the root; rules are relative to it
 * @param rules in the order in which filebrowser applied them: the settings' before the user's
 */
export function boundariesOf(scope: FolderPath, rules: readonly RuleRecord[]): Boundaries {
  const faults: string[] = [];
  let allowsMore = false;
  const last: LastRules = new Map();
  for (const [index, { regex, regexp, path = "", allow = false }] of rules.entries()) {
    const verb = allow ? "allows" : "refuses";
    if (regex) {
      faults.push(
        `The regular expression ${quoted(regexp?.raw ?? "")} ${verb} paths; rules of Sluice are folders.`,
      );
      if (!allow) allowsMore = true;
      continue;
    }
    // filebrowser compares with clean paths that begin with a slash.
    const clean = posix.normalize(path);
    if (!path.startsWith("/") || clean !== path) {
      faults.push(`The rule for ${quoted(path)} is left out: no path ever matched it.`);
      continue;
    }
    const checked = checkedFolder(scope, path);
    // Refusing less cannot follow: nothing that Sluice serves has such a path.
    if ("fault" in checked) faults.push(`The rule for ${quoted(path)} is left out. ${checked.fault}`);
    else last.set(checked.path, { index, allow });
  }
  const folders = [...last.keys()]
    .filter((path) => path !== scope && decision(last, path) !== decision(last, parentOf(path)))
    .toSorted()
    .map((path) => ({ path, allow: decision(last, path) }));
  return { folders: [{ path: scope, allow: decision(last, scope) }, ...folders], faults, allowsMore };
}

/** The last rule at each folder. */
type LastRules = Map<FolderPath, { index: number; allow: boolean }>;

/** Whether a path may be accessed: the last of the rules at it and above it decides. */
function decision(rules: ReadonlyMap<string, { index: number; allow: boolean }>, path: string): boolean {
  let [latest, allow] = [-1, true];
  for (let at = path; ; at = parentOf(at)) {
    const rule = rules.get(at);
    if (rule && rule.index > latest) [latest, allow] = [rule.index, rule.allow];
    if (at === "") return allow;
  }
}
