// Reads the database of filebrowser 2: users with their scopes and rules, links, and settings.

import type { Static, TSchema } from "@sinclair/typebox";
import type { Word } from "../../../config/config.ts";
import { type FolderPath, ROOT } from "../../../path.ts";
import { quoted } from "../../../suggest.ts";
import { nameFault } from "../../account-name.ts";
import { hashFault } from "../../passwords/stored-hash.ts";
import { checkedFolder } from "../checked-folder.ts";
import { grantCommand } from "../commands.ts";
import {
  Findings,
  ImportError,
  type Imported,
  type ImportedAccount,
  type ImportedLink,
  type ImportedRule,
} from "../model.ts";
import { shellWord } from "../shell.ts";
import { BoltError, BoltFile } from "./bolt.ts";
import {
  Link,
  type LinkRecord,
  parseRecord,
  type RuleRecord,
  Server,
  Settings,
  User,
  type UserRecord,
} from "./records.ts";
import { boundariesOf } from "./rules.ts";
import { reportSettings, serverOptions } from "./settings.ts";

/** Most rules that are applied, counting those of the settings once for each user. */
const MAX_RULES = 1_000_000;

const OTHERS = "Version 1 and forks, such as FileBrowser Quantum, keep other records.";

/** A user that was taken. */
interface Holder {
  name: string;
  owner: boolean;
  scope: FolderPath;
  words: readonly Word[];
}

/** Adds a finding about one account. */
type Note = (detail: string) => void;

/**
 * Reads a database that is wholly in memory.
 * @param now milliseconds since 1970: links that have expired are left out
 * @throws ImportError
 */
export function readFilebrowser(bytes: Uint8Array, now: number): Imported {
  try {
    return new Reader(new BoltFile(bytes), now).read();
  } catch (error) {
    if (error instanceof BoltError) throw new ImportError(error.message, { cause: error });
    throw error;
  }
}

class Reader {
  readonly #accounts = new Map<string, ImportedAccount>();
  /** By filebrowser's number of the user. */
  readonly #holders = new Map<number, Holder>();
  readonly #rules: ImportedRule[] = [];
  readonly #links: ImportedLink[] = [];
  readonly #findings = new Findings();
  #rulesApplied = 0;

  constructor(
    readonly file: BoltFile,
    readonly now: number,
  ) {}

  read(): Imported {
    const config = new Map(
      [...this.file.bucket("config")].map(({ key, value }) => [Buffer.from(key).toString(), value]),
    );
    const settings = this.#setting(Settings, "settings", config.get("settings"));
    const server = this.#setting(Server, "server", config.get("server"));
    if (settings) reportSettings(settings, this.#findings);
    this.#readUsers(settings?.rules ?? []);
    this.#readLinks();
    return {
      ...(server?.root && { root: server.root }),
      options: server ? serverOptions(server, this.#findings) : [],
      mounts: [],
      accounts: [...this.#accounts.values()],
      rules: this.#rules,
      links: this.#links,
      findings: this.#findings.list,
      findingsOmitted: this.#findings.omitted,
    };
  }

  #setting<Shape extends TSchema>(
    shape: Shape,
    name: string,
    bytes: Uint8Array | undefined,
  ): Static<Shape> | undefined {
    if (bytes === undefined) return undefined;
    const parsed = parseRecord(shape, bytes);
    if ("record" in parsed) return parsed.record;
    // The settings hold rules for all users. Without them, everyone could see more than before.
    throw new ImportError(
      `The record ${quoted(name)} is not that of filebrowser 2 (${parsed.fault}). ${OTHERS}`,
    );
  }

  #readUsers(shared: readonly RuleRecord[]): void {
    let firstFault: string | undefined;
    for (const { key, value, isBucket } of this.file.bucket("User")) {
      if (isBucket) continue;
      const parsed = parseRecord(User, value);
      if ("record" in parsed) this.#readUser(parsed.record, shared);
      else {
        firstFault ??= parsed.fault;
        this.#findings.add(
          `user ${Buffer.from(key).toString("hex")}`,
          `The record is left out: ${parsed.fault}.`,
        );
      }
    }
    if (this.#holders.size > 0) return;
    throw new ImportError(
      firstFault === undefined
        ? "The file holds no users; name filebrowser's database, usually filebrowser.db."
        : `No user has the form of filebrowser 2 (${firstFault}). ${OTHERS}`,
    );
  }

  #readUser(user: UserRecord, shared: readonly RuleRecord[]): void {
    const { id, username, password, perm, scope } = user;
    const name = username.normalize("NFC");
    const about = `account ${quoted(name)}`;
    const note: Note = (detail) => this.#findings.add(about, detail);
    const fault = this.#accounts.has(name) ? "There are two of this name." : nameFault(name);
    const top = checkedFolder(scope);
    if (fault !== undefined || "fault" in top) {
      note(
        `The account is left out. ${fault ?? `Its scope is ${quoted(scope)}. ${"fault" in top ? top.fault : ""}`}`,
      );
      return;
    }
    const owner = perm.admin === true;
    const unusable = hashFault(password);
    if (unusable !== undefined)
      note(`The password is left out. ${unusable} Send an invite: sluice user reset ${shellWord(name)}`);
    this.#accounts.set(name, {
      name,
      owner,
      ...(unusable === undefined && { password: { hash: password } }),
    });
    const words = wordsOf(user, note);
    const holder = { name, owner, scope: top.path, words };
    this.#holders.set(id, holder);
    this.#readRules(holder, [...shared, ...(user.rules ?? [])], note);

    if (owner && top.path !== ROOT)
      note(`As an owner the account may do everything, not only in ${quoted(`/${top.path}`)}.`);
    if (user.lockPassword) note("The account may change its password; Sluice cannot lock it.");
    if (user.hideDotfiles)
      note("Hidden files are shown on request; Sluice has no such setting for an account.");
    if (perm.execute && user.commands && user.commands.length > 0)
      note(
        `The commands ${quoted(user.commands.join(", "))} are left out; Sluice runs no commands of users.`,
      );
  }

  #readRules({ name, owner, scope, words }: Holder, rules: readonly RuleRecord[], note: Note): void {
    this.#rulesApplied += rules.length + 1;
    if (this.#rulesApplied > MAX_RULES) throw new ImportError(`The file has more than ${MAX_RULES} rules.`);
    const { folders, faults, allowsMore } = boundariesOf(scope, rules);
    for (const fault of faults) note(fault);
    if (owner && (allowsMore || folders.some(({ allow }) => !allow)))
      note("Rules do not bind an owner: the account may also use the paths that they refused.");
    const taken = folders
      .map(({ path, allow }) => ({ subject: name, path, words: allow ? words : [] }))
      // Nothing is granted above the scope, so a refusal there says nothing.
      .filter((rule) => rule.path !== scope || rule.words.length > 0);
    if (!allowsMore) this.#rules.push(...taken);
    else if (!owner)
      for (const rule of taken)
        note(
          `Not granted, because a rule that refuses paths is left out. If that is no harm: ${grantCommand(rule)}`,
        );
  }

  #readLinks(): void {
    for (const { key, value, isBucket } of this.file.bucket("Link")) {
      if (isBucket) continue;
      const parsed = parseRecord(Link, value);
      const about = `link ${quoted(Buffer.from(key).toString())}`;
      const taken =
        "record" in parsed
          ? this.#link(parsed.record)
          : { fault: `the record is not a link: ${parsed.fault}` };
      if ("fault" in taken) this.#findings.add(about, `Left out: ${taken.fault}`);
      else this.#links.push(taken);
    }
  }

  #link({ hash, path, userID, expire, password_hash }: LinkRecord): ImportedLink | { fault: string } {
    const holder = this.#holders.get(userID);
    if (!holder) return { fault: "its account does not exist." };
    if (!holder.words.includes("share"))
      return { fault: `${quoted(holder.name)} may not share, so it was closed already.` };
    if (expire !== 0 && expire * 1000 <= this.now)
      return { fault: `it expired on ${new Date(expire * 1000).toISOString()}.` };
    const unusable = password_hash ? hashFault(password_hash) : undefined;
    if (unusable !== undefined) return { fault: `its password cannot be taken. ${unusable}` };
    const checked = checkedFolder(holder.scope, path);
    if ("fault" in checked) return { fault: `${quoted(path)}: ${checked.fault}` };
    return {
      account: holder.name,
      path: checked.path,
      name: hash,
      ...(password_hash && { password: password_hash }),
      ...(expire !== 0 && { expires: expire * 1000 }),
    };
  }
}

/** The words of a user's permissions. Every user could list. */
function wordsOf({ perm }: UserRecord, note: Note): Word[] {
  if (perm.rename && !(perm.create && perm.delete))
    note("Renaming is left out, because it needs both write and delete in Sluice.");
  const words: readonly (readonly [Word, boolean | undefined])[] = [
    ["list", true],
    ["read", perm.download],
    ["write", perm.create],
    ["replace", perm.modify],
    ["delete", perm.delete],
    // filebrowser opened no links of users who may not download.
    ["share", perm.share && perm.download],
  ];
  return words.filter(([, may]) => may).map(([word]) => word);
}
