// Properties and lock records in memory.

import { type FilePath, type FolderPath, isWithin } from "../../path.ts";
import type { LockRecord, LockRecords } from "../lock-records.ts";
import {
  changed,
  NO_PROPERTIES,
  type Properties,
  type PropertyChange,
  type PropertyMap,
  type PropertyPlace,
} from "../properties.ts";

export class MemoryProperties implements Properties {
  constructor(readonly all: Map<string, PropertyMap>) {}

  get empty(): boolean {
    return this.all.size === 0;
  }

  of(place: PropertyPlace): PropertyMap {
    return this.all.get(place) ?? NO_PROPERTIES;
  }

  inFolder(): (path: FilePath | FolderPath) => PropertyMap {
    return (path) => this.of(path);
  }

  async change(place: PropertyPlace, change: PropertyChange): Promise<void> {
    const next = changed(this.of(place), change);
    if (next.size > 0) this.all.set(place, next);
    else this.all.delete(place);
  }

  async move(from: PropertyPlace, to: PropertyPlace): Promise<void> {
    await this.copy(from, to);
    if (from !== to) await this.remove(from);
  }

  async copy(from: PropertyPlace, to: PropertyPlace): Promise<void> {
    if (from === to) return;
    await this.remove(to);
    for (const [place, map] of [...this.all])
      if (isWithin(place, from)) this.all.set(to + place.slice(from.length), map);
  }

  async remove(place: PropertyPlace): Promise<void> {
    for (const other of [...this.all.keys()]) if (isWithin(other, place)) this.all.delete(other);
  }
}

export function memoryLockRecords(all: Map<string, LockRecord>): LockRecords {
  return {
    read: () => [...all.values()],
    put: async (record) => void all.set(record.token, { ...record }),
    remove: async (tokens) => {
      for (const token of tokens) all.delete(token);
    },
  };
}
