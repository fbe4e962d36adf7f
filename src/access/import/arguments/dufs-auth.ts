// The rules of dufs for accounts: `user:password@/folder:rw,/other`, and `@/public` for everyone.

import type { Word } from "../../../config/config.ts";
import { ROOT } from "../../../path.ts";
import { quoted } from "../../../suggest.ts";
import { nameFault } from "../../account-name.ts";
import { ANYONE } from "../../rules.ts";
import { checkedFolder } from "../checked-folder.ts";
import { type Findings, ImportError, type ImportedAccount, type ImportedRule } from "../model.ts";

export interface Auth {
  accounts: ImportedAccount[];
  rules: ImportedRule[];
}

/**
 * @param given the values of all `--auth`
 * @param writable the words of a path with `:rw`
 * @throws ImportError for a rule that dufs refuses, too
 */
export function readAuth(given: readonly string[], writable: readonly Word[], findings: Findings): Auth {
  // Without accounts, everyone may do what the other flags allow.
  if (given.length === 0) return { accounts: [], rules: [{ subject: ANYONE, path: ROOT, words: writable }] };
  const bySubject = new Map<string, Auth>();
  for (const text of given.flatMap(separated)) {
    const at = text.indexOf("@/");
    // Only the name is quoted in messages, because the text contains a password.
    if (at === -1) throw new ImportError("--auth: a rule names no paths, which begin with @/.");
    const [given = "", ...rest] = text.slice(0, at).split(":");
    const name = given.normalize("NFC");
    const about = at === 0 ? "rule for everyone" : `account ${quoted(name)}`;
    const fault = at === 0 ? undefined : nameFault(name);
    if (at === 0 && bySubject.has(ANYONE)) throw new ImportError("--auth: there are two rules for everyone.");
    if (at > 0 && rest.length > 0 && (name === "" || rest.join("") === ""))
      throw new ImportError(`--auth, ${about}: write user:password@/folder.`);
    if (at > 0 && rest.length === 0)
      findings.add(about, "The account is left out: it has no password, and dufs ignored it.");
    else if (fault !== undefined) findings.add(about, `The account is left out. ${fault}`);
    else
      bySubject.set(name || ANYONE, {
        accounts: at === 0 ? [] : [accountOf(name, rest.join(":"), about, findings)],
        rules: rulesOf(name || ANYONE, text.slice(at + 1), writable, about, findings),
      });
  }
  return {
    accounts: [...bySubject.values()].flatMap(({ accounts }) => accounts),
    rules: [...bySubject.values()].flatMap(({ rules }) => rules),
  };
}

/** One value may hold several rules, separated by `|`, which a password may also contain: each rule has one `@/`. */
function separated(value: string): string[] {
  const rules: string[] = [];
  let open: string[] = [];
  for (const part of value.split("|")) {
    open.push(part);
    if (!part.includes("@/")) continue;
    rules.push(open.join("|"));
    open = [];
  }
  return open.join("") === "" ? rules : [...rules, open.join("|")];
}

function accountOf(name: string, password: string, about: string, findings: Findings): ImportedAccount {
  if (!password.startsWith("$6$")) return { name, owner: false, password: { plain: password } };
  findings.add(
    about,
    "Its password is a hash of SHA-512 crypt, which cannot be taken: it gets an invite instead.",
  );
  return { name, owner: false };
}

function rulesOf(
  subject: string,
  paths: string,
  writable: readonly Word[],
  about: string,
  findings: Findings,
): ImportedRule[] {
  const rules = new Map<string, ImportedRule>();
  for (const item of paths.replace(/^,+|,+$/g, "").split(",")) {
    const [path = "", permission = "ro", ...more] = item.split(":");
    if (path === "" || more.length > 0 || (permission !== "ro" && permission !== "rw"))
      throw new ImportError(
        `--auth, ${about}: ${quoted(item)} is not a path such as /folder, /folder:ro or /folder:rw.`,
      );
    const checked = checkedFolder(path);
    const words: readonly Word[] = permission === "rw" ? writable : ["list", "read"];
    if ("fault" in checked) findings.add(about, `The path ${quoted(path)} is left out. ${checked.fault}`);
    else rules.set(checked.path, { subject, path: checked.path, words });
  }
  return [...rules.values()];
}
