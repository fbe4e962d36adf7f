// Opens and reads archives of a storage.

import {
  type Archive,
  type ArchiveObserver,
  Archives,
  type Format,
} from "../../../src/core/archive/archive.ts";
import type { Storage } from "../../../src/storage/storage.ts";
import { folder } from "../../storage/driving.ts";

export const UNWATCHED: ArchiveObserver = { pulled() {}, sent() {}, cancelled() {}, failed() {} };

export async function open(
  storage: Storage,
  paths: string[] = [""],
  format: Format = "zip",
): Promise<Archive> {
  return await new Archives(storage).open(
    paths.map((path) => folder(path)),
    format,
  );
}

export async function bytesOf(archive: Archive): Promise<Uint8Array> {
  return await new Response(archive.stream(UNWATCHED)).bytes();
}
