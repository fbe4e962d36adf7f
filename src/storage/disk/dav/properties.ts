// Properties and lock records on the disk, in .sluice/dav.db.

import { asProblem, type Problem } from "../../../errors.ts";
import type { FilePath, FolderPath } from "../../../path.ts";
import { type LockRecord, type LockRecords, noLockRecords } from "../../lock-records.ts";
import {
  NO_PROPERTIES,
  noProperties,
  type Properties,
  type PropertyChange,
  type PropertyMap,
  type PropertyPlace,
} from "../../properties.ts";
import type { Storage } from "../../storage.ts";
import { type DatabaseChange, hasAnyIn, propertiesOf, readLocks } from "./changes.ts";
import type { DavStore } from "./dav-store.ts";

export class DiskProperties implements Properties {
  constructor(readonly store: DavStore) {}

  get empty(): boolean {
    return this.store.empty;
  }

  of(place: PropertyPlace): PropertyMap {
    if (this.empty) return NO_PROPERTIES;
    return this.store.read(NO_PROPERTIES, (database) => propertiesOf(database, place));
  }

  inFolder(folder: FolderPath): (path: FilePath | FolderPath) => PropertyMap {
    const none = this.empty || !this.store.read(false, (database) => hasAnyIn(database, folder));
    return none ? () => NO_PROPERTIES : (path) => this.of(path);
  }

  async change(path: PropertyPlace, { set, remove }: PropertyChange): Promise<void> {
    await this.store.write({ do: "change", path, set: [...set], remove });
  }

  async move(from: PropertyPlace, to: PropertyPlace): Promise<void> {
    await this.#follow({ do: "move", from, to });
  }

  async copy(from: PropertyPlace, to: PropertyPlace): Promise<void> {
    await this.#follow({ do: "copy", from, to });
  }

  async remove(path: PropertyPlace): Promise<void> {
    await this.#follow({ do: "remove", path });
  }

  async #follow(change: DatabaseChange): Promise<void> {
    if (this.empty) return;
    try {
      await this.store.write(change);
    } catch (error) {
      this.store.context.warn(`WebDAV properties did not follow their entry: ${reasonOf(error)}`);
    }
  }
}

export class DiskLockRecords implements LockRecords {
  /** Why a record could not be written the last time. */
  #fault = "";

  constructor(readonly store: DavStore) {}

  read(): readonly LockRecord[] {
    return this.store.read([], readLocks);
  }

  async put(lock: LockRecord): Promise<void> {
    await this.#write({ do: "putLock", lock });
  }

  async remove(tokens: readonly string[]): Promise<void> {
    await this.#write({ do: "removeLocks", tokens });
  }

  async #write(change: DatabaseChange): Promise<void> {
    try {
      await this.store.write(change);
      this.#fault = "";
    } catch (error) {
      const reason = reasonOf(error);
      // A full disk must not warn with each lock.
      if (reason !== this.#fault)
        this.store.context.warn(`WebDAV locks are not kept over a restart: ${reason}`);
      this.#fault = reason;
    }
  }
}

function reasonOf(error: unknown): string {
  const { detail, cause } = asProblem(error);
  return cause instanceof Error ? `${detail} (${cause.message})` : detail;
}

/** The properties and lock records of a root while it is read-only. */
export function nothingKept(refusal: () => Problem): Pick<Storage, "properties" | "lockRecords"> {
  return { properties: noProperties(refusal), lockRecords: noLockRecords(refusal) };
}
