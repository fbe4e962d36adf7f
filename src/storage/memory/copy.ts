// One copy in memory.

import { Problem } from "../../errors.ts";
import {
  checkFilePath,
  checkFolderPath,
  checkReach,
  type FilePath,
  isWithin,
  type Reach,
} from "../../path.ts";
import type { Entry, Moved } from "../entry.ts";
import { nameTaken, sourceChanged } from "../problems.ts";
import type { Content, CopyOptions, StoredCopy } from "../stored-copy.ts";
import type { MemoryDelay, MemoryHost } from "./contents.ts";
import { assertFolders, entryAt, makeFolders, reachOf } from "./tree.ts";

export class MemoryCopy implements StoredCopy {
  #folders: string[] = [];
  #reach: Reach = { segments: 0, bytes: 0 };
  #files: { path: string; body: Blob }[] | undefined;
  /** The files that were copied, by their paths. */
  readonly #sources = new Map<string, Blob>();
  /** Bytes of the capacity reserved by this copy. */
  #reserved = 0;

  constructor(
    readonly host: MemoryHost,
    readonly from: FilePath,
    readonly entry: Entry,
    readonly delay: MemoryDelay,
  ) {}

  async measure(signal: AbortSignal): Promise<Content> {
    signal.throwIfAborted();
    const { files, folders } = this.host.contents;
    const there = [...files].filter(([path]) => isWithin(path, this.from));
    const below = [...folders].filter(([path]) => isWithin(path, this.from));
    const times = [...there.map(([, { entry }]) => entry.modified), ...below.map(([, modified]) => modified)];
    return {
      reach: reachOf(this.host.contents, this.from),
      bytes: there.reduce((sum, [, { entry }]) => sum + entry.size, 0),
      entries: there.length + below.length,
      omitted: 0,
      changed: Math.max(0, ...times.map(Number)),
    };
  }

  async run({ signal, took }: CopyOptions): Promise<Content> {
    const { files, folders } = this.host.contents;
    const relative = (path: string): string => path.slice(this.from.length);
    const made: { path: string; body: Blob }[] = [];
    this.#folders = [...folders.keys()].filter((path) => isWithin(path, this.from)).map(relative);
    for (const [path, { body }] of [...files].filter(([path]) => isWithin(path, this.from))) {
      signal.throwIfAborted();
      await took(body.size);
      this.host.reserve(body.size);
      this.#reserved += body.size;
      await this.delay("write", body.size);
      // A new Blob: `published` identifies files by their body.
      made.push({ path: relative(path), body: new Blob([body]) });
      this.#sources.set(path, body);
    }
    signal.throwIfAborted();
    this.#files = made;
    this.#reach = reachOf(this.host.contents, this.from);
    return await this.measure(signal);
  }

  async finish(path: FilePath, { replace }: { replace: boolean }): Promise<Moved> {
    if (!this.#files) throw new Problem("storage_failed", "Nothing was copied yet.");
    const { contents } = this.host;
    await this.delay("publish", this.#reserved);
    if (this.entry.kind === "file") {
      const [file] = this.#files;
      const published = this.host.publish(path, file?.body ?? new Blob(), replace);
      this.#reserved = 0;
      return published;
    }
    checkReach(path, this.#reach);
    if (entryAt(contents, path)) throw nameTaken();
    const modified = new Date();
    assertFolders(contents, path);
    makeFolders(contents, path, modified);
    for (const below of this.#folders) contents.folders.set(path + below, modified);
    for (const file of this.#files) this.host.publish(checkFilePath(path + file.path), file.body, false);
    this.#reserved = 0;
    return { entry: { kind: "folder", path: checkFolderPath(path), modified }, replaced: false };
  }

  async removeSource(): Promise<void> {
    const { files, folders } = this.host.contents;
    for (const [path, body] of this.#sources) {
      const there = files.get(path);
      if (there?.body !== body) continue;
      files.delete(path);
      this.host.release(there.entry.size);
    }
    const emptied = this.#folders.map((below) => this.from + below).sort((a, b) => b.length - a.length);
    const all = (): string[] => [...files.keys(), ...folders.keys()];
    for (const folder of emptied)
      if (!all().some((path) => path.startsWith(`${folder}/`))) folders.delete(folder);
    const stays = all().find((path) => isWithin(path, this.from));
    if (stays !== undefined) throw sourceChanged(stays);
  }

  async discard(): Promise<void> {
    this.host.release(this.#reserved);
    this.#reserved = 0;
    this.#files = undefined;
  }
}
