// Reads a database file into memory, with a bound.

import { closeSync, constants, fstatSync, openSync, readSync } from "node:fs";
import { errnoOf } from "../../../system/errno.ts";
import { ImportError } from "../model.ts";
import { MAX_FILE } from "./bolt.ts";

/** @throws ImportError */
export function readDatabaseFile(path: string): Uint8Array {
  let file: number | undefined;
  try {
    // Without O_NONBLOCK, opening a pipe would wait for a writer.
    file = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    const stat = fstatSync(file);
    if (!stat.isFile()) throw new ImportError("This is not a file; name filebrowser's database.");
    if (stat.size > MAX_FILE) throw new ImportError(`The file is larger than ${MAX_FILE / 2 ** 20} MiB.`);
    const bytes = new Uint8Array(stat.size);
    let read = 0;
    while (read < stat.size) {
      const count = readSync(file, bytes, read, stat.size - read, read);
      if (count === 0) break;
      read += count;
    }
    return bytes.subarray(0, read);
  } catch (error) {
    if (error instanceof ImportError) throw error;
    throw new ImportError(`The file cannot be read (${errnoOf(error) ?? String(error)}).`, { cause: error });
  } finally {
    if (file !== undefined) closeSync(file);
  }
}
