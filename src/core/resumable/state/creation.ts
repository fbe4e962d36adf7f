// The options of a new upload, and the state with which it begins.

import type { Conflict } from "../../../config/config.ts";
import { type Digest, type DigestAlgorithm, formatDigest } from "../../../http/digest.ts";
import type { FilePath } from "../../../path.ts";
import type { Storage } from "../../../storage/storage.ts";
import type { UploadId } from "../../../storage/upload-id.ts";
import { NO_TIMINGS } from "../../report/flow-report.ts";
import type { Concatenation, UploadState } from "./record.ts";

/** The options of a new upload. */
export interface SessionOptions {
  path: FilePath;
  conflict: Conflict;
  size: number | null;
  /** Whether the upload completes when it reaches `size`. */
  endsByLength: boolean;
  /** `""` for none. */
  metadata: string;
  /** The modification time of the file. */
  modified: Date | null;
  /** Digests of the whole file, verified when it is complete. */
  digests: readonly Digest[];
  /** The digest to report on completion. */
  wanted: DigestAlgorithm | null;
  /** The id shown in lists. */
  name: string;
  /** The client that is counted; null for none. */
  client: string | null;
  concat:
    | { kind: "partial" }
    | { kind: "final"; urls: readonly string[]; ids: readonly (string | null)[] }
    | null;
  /** Whether the request that creates it has all its bytes: it is then saved or deleted, and never waits. */
  oneShot?: boolean;
}

/** The state of an upload without bytes. */
export function newUploadState(
  id: UploadId,
  { path, conflict, size, endsByLength, metadata, modified, digests, wanted, name, client }: SessionOptions,
  concat: Concatenation | null,
  { bootId, age }: Pick<Storage, "bootId" | "age">,
): UploadState {
  return {
    version: 2,
    id,
    name,
    client,
    path,
    conflict,
    size,
    endsByLength,
    metadata,
    digests: digests.map((digest) => formatDigest(digest.algorithm, digest.value)).join(", "),
    wanted,
    created: Date.now(),
    modified: modified?.getTime() ?? null,
    active: age,
    concat,
    unverified: null,
    mark: { boot: bootId, length: 0 },
    measured: NO_TIMINGS,
    publishing: null,
    finished: null,
    spoiled: null,
  };
}
