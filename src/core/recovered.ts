// The file an upload became just before a crash, told from what lies there.

import { nameOf, urlOf } from "../path.ts";
import type { FileEntry } from "../storage/storage.ts";
import { flowOf, type Measured } from "./flow.ts";
import type { UploadRecord } from "./record.ts";
import type { SavedFile } from "./upload.ts";

/** @param measured what is known of its flow; the rest went with the crash */
export function recovered({ path }: UploadRecord, entry: FileEntry, measured: Measured): SavedFile {
  return {
    path: entry.path,
    name: nameOf(entry.path),
    size: entry.size,
    etag: entry.etag,
    modified: entry.modified.toISOString(),
    url: urlOf(entry.path),
    ...(entry.path !== path && { renamedFrom: nameOf(path) }),
    flow: {
      ...flowOf({ ...measured, bytes: entry.size }),
      explanation: "The server was restarted while the file was saved: what it measured is lost.",
    },
  };
}
