// The result of a completed upload: the saved file, as clients see it.

import type { Digest } from "../../http/digest.ts";
import { type FilePath, nameOf, urlOf } from "../../path.ts";
import type { FileEntry } from "../../storage/entry.ts";
import type { FlowReport } from "../report/flow-report.ts";

/** A saved file, as clients see it. */
export interface SavedFile {
  path: FilePath;
  name: string;
  size: number;
  etag: string;
  modified: string;
  url: string;
  /** The requested name, when it was taken and another one was used. */
  renamedFrom?: string;
  flow: FlowReport;
}

/** @param requested the path the client asked for */
export function savedFile(entry: FileEntry, requested: FilePath, flow: FlowReport): SavedFile {
  return {
    path: entry.path,
    name: nameOf(entry.path),
    size: entry.size,
    etag: entry.etag,
    modified: entry.modified.toISOString(),
    url: urlOf(entry.path),
    ...(entry.path !== requested && { renamedFrom: nameOf(requested) }),
    flow,
  };
}

/** The result of `Upload.finish`: the file, whether it replaced one, and the requested digest. */
export interface SaveResult {
  file: SavedFile;
  replaced: boolean;
  digest: Digest | null;
}
