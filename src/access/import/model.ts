// The neutral model of an import: what the configuration of another server says, in the words of Sluice.

import type { Word } from "../../config/config.ts";
import type { FolderPath } from "../../path.ts";

export interface ImportedAccount {
  name: string;
  owner: boolean;
  /** A hash, or the password itself where the other server stores that. Unset: the account needs an invite. */
  password?: { hash: string } | { plain: string };
}

export interface ImportedRule {
  /** `anyone`, or the name of an account. */
  subject: string;
  path: FolderPath;
  /** None: everything is refused. */
  words: readonly Word[];
}

export interface ImportedLink {
  account: string;
  path: FolderPath;
  /** The name that the other server gave it: part of its URL. */
  name: string;
  /** A hash. */
  password?: string;
  /** Milliseconds since 1970. */
  expires?: number;
}

/** Something that could not be taken as it was. */
export interface Finding {
  /** `account ed`, `link aBcD`, `option --hidden`. Quoted and escaped: it may be printed. */
  about: string;
  /** A sentence or two: the part that was left out, the reason, and the way to get the same. */
  detail: string;
}

export interface Imported {
  /** The folder that the other server served, as it was written there. */
  root?: string;
  /** Options of `sluice`, one element for each flag and each value. */
  options: readonly string[];
  /** Folders of other places that were shown below the root. */
  mounts: readonly { path: FolderPath; source: string }[];
  accounts: readonly ImportedAccount[];
  rules: readonly ImportedRule[];
  links: readonly ImportedLink[];
  findings: readonly Finding[];
  /** Findings beyond the first {@link MAX_FINDINGS}. */
  findingsOmitted: number;
}

/** The input cannot be read at all. The message is for people. */
export class ImportError extends Error {
  override readonly name = "ImportError";
}

/** Most findings that are kept. */
export const MAX_FINDINGS = 1000;

/** A list of findings that cannot grow without bound. */
export class Findings {
  readonly list: Finding[] = [];
  omitted = 0;

  add(about: string, detail: string): void {
    if (this.list.length < MAX_FINDINGS) this.list.push({ about, detail });
    else this.omitted += 1;
  }
}
