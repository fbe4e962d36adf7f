// Writes an import into access.db, in one transaction: all of it, or nothing.

import type { Database } from "bun:sqlite";
import type { FolderPath } from "../../path.ts";
import { quoted } from "../../suggest.ts";
import { addAccount } from "../database/changes/account-changes.ts";
import { setGrant } from "../database/changes/grant-changes.ts";
import { addLink } from "../database/changes/link-changes.ts";
import { newId } from "../secrets.ts";
import { wordsOf } from "../words.ts";
import {
  type Finding,
  Findings,
  type Imported,
  type ImportedAccount,
  type ImportedLink,
  type ImportedRule,
} from "./model.ts";

/** A link that was made, and the name that the other server gave it. */
export interface SavedLink {
  id: string;
  account: string;
  path: FolderPath;
  /** Part of its old URL. */
  name: string;
}

export interface ImportResult {
  accounts: ImportedAccount[];
  rules: ImportedRule[];
  links: SavedLink[];
  findings: readonly Finding[];
  findingsOmitted: number;
}

/** Tells what is at a path of the root; undefined for nothing, and for what clients cannot reach. */
export type KindOf = (path: FolderPath) => "file" | "folder" | undefined;

/**
 * Adds accounts that do not exist yet, with their rules and links. An account that exists stays as it is, and gets none:
 * it may belong to another person, or its rules may have been changed since an earlier import.
 */
export function saveImport(database: Database, imported: Imported, kindOf: KindOf): ImportResult {
  const findings = new Findings();
  for (const { about, detail } of imported.findings) findings.add(about, detail);
  findings.omitted += imported.findingsOmitted;
  // Before the transaction, which keeps a running server from writing.
  const kinds = new Map(imported.links.map(({ path }) => [path, kindOf(path)]));
  return database
    .transaction((): ImportResult => {
      const exists = database.query("SELECT 1 FROM accounts WHERE name = ?");
      const accounts = imported.accounts.filter(({ name }) => exists.get(name) === null);
      const added = new Set(accounts.map(({ name }) => name));
      for (const { name } of imported.accounts)
        if (!added.has(name))
          findings.add(`account ${quoted(name)}`, "It exists already, so it stays as it is.");
      for (const { name, owner, password } of accounts)
        addAccount(database, {
          name,
          owner,
          password: password && "hash" in password ? password.hash : null,
        });
      const rules = imported.rules.filter(({ subject }) => added.has(subject));
      for (const { subject, path, words } of rules)
        setGrant(database, { subject, path, words: wordsOf(words) });
      const links = imported.links
        .filter(({ account }) => added.has(account))
        .flatMap((link) => saveLink(database, link, kinds.get(link.path), findings));
      return { accounts, rules, links, findings: findings.list, findingsOmitted: findings.omitted };
    })
    .immediate();
}

function saveLink(
  database: Database,
  link: ImportedLink,
  kind: ReturnType<KindOf>,
  findings: Findings,
): SavedLink[] {
  const { account, path, name, password = null, expires = null } = link;
  if (kind === undefined) {
    // Otherwise the link would open whatever gets this name later.
    findings.add(`link ${quoted(name)}`, `Left out: there is nothing at ${quoted(`/${path}`)}.`);
    return [];
  }
  const id = newId();
  addLink(database, { id, account, path, kind, password, expires });
  return [{ id, account, path, name }];
}
