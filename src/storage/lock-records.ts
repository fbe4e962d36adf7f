// The contract of lock records: the locks of WebDAV clients, kept so that they survive a restart.

import type { Problem } from "../errors.ts";
import type { FolderPath } from "../path.ts";

/** A lock (RFC 4918 section 6). */
export interface LockRecord {
  /** A URI: `urn:uuid:…`. */
  token: string;
  /** The file or folder that was locked. */
  path: FolderPath;
  /** `infinity`: everything below is locked, too. */
  depth: "0" | "infinity";
  scope: "exclusive" | "shared";
  /** The content of the element `owner`, as the client sent it: well-formed XML. */
  owner: string;
  /** The account that made it; null for anyone. */
  account: string | null;
  /** Milliseconds since 1970. */
  expires: number;
}

/**
 * After a power cut, the latest changes may be missing. A lock holds without its record, until the next start: if one cannot
 * be written, the operator is warned. @throws Problem storage_read_only, and nothing else
 */
export interface LockRecords {
  /** All records, in no particular order. Never throws: a database that cannot be read has none. */
  read(): readonly LockRecord[];

  /** Adds a record, or replaces the one with this token. */
  put(record: LockRecord): Promise<void>;

  /** Removes records, those that exist. */
  remove(tokens: readonly string[]): Promise<void>;
}

/** A storage that keeps none. @param refusal the problem of every change */
export function noLockRecords(refusal: () => Problem): LockRecords {
  const refuse = async (): Promise<void> => {
    throw refusal();
  };
  return { read: () => [], put: refuse, remove: refuse };
}
