// The result of a completed upload: the saved file, as clients see it.

import type { Digest } from "../../http/digest.ts";
import { type FilePath, nameOf, urlOf } from "../../path.ts";
import type { FileEntry } from "../../storage/entry.ts";
import type { FlowReport } from "../report/flow-report.ts";

const ALREADY_HERE = "The file was already here with the same bytes: nothing was saved again.";

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
  /** Present when an earlier upload had saved these bytes, so that nothing was saved now. */
  repeated?: true;
  flow: FlowReport;
}

/**
 * @param requested the path the client asked for
 * @param repeated true when an earlier upload saved it
 */
export function savedFile(
  entry: FileEntry,
  requested: FilePath,
  flow: FlowReport,
  repeated = false,
): SavedFile {
  return {
    path: entry.path,
    name: nameOf(entry.path),
    size: entry.size,
    etag: entry.etag,
    modified: entry.modified.toISOString(),
    url: urlOf(entry.path),
    ...(entry.path !== requested && { renamedFrom: nameOf(requested) }),
    ...(repeated && { repeated }),
    flow: repeated ? { ...flow, explanation: ALREADY_HERE } : flow,
  };
}

/** The result of an upload. `digest` is the requested one. */
export interface SaveResult {
  file: SavedFile;
  /** True when a file was replaced. */
  replaced: boolean;
  digest: Digest | null;
}
