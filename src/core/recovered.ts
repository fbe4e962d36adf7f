// The file an upload became just before a crash, told from what lies there.

import { nameOf, urlOf } from "../path.ts";
import type { FileEntry } from "../storage/storage.ts";
import { flowOf } from "./flow.ts";
import type { UploadRecord } from "./record.ts";
import type { SavedFile } from "./upload.ts";

/** The file an upload became, with what its note knows of its flow. */
export function recovered({ path, measured }: UploadRecord, entry: FileEntry): SavedFile {
  const flow = flowOf(measured, entry.size);
  return {
    path: entry.path,
    name: nameOf(entry.path),
    size: entry.size,
    etag: entry.etag,
    modified: entry.modified.toISOString(),
    url: urlOf(entry.path),
    ...(entry.path !== path && { renamedFrom: nameOf(path) }),
    flow: {
      ...flow,
      explanation: `${flow.explanation} The server was restarted while the file got its name: that time is not in here.`,
    },
  };
}
