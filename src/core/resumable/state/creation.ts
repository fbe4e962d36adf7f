// The options of a new resumable upload, and its initial state.

import type { Conflict } from "../../../config/config.ts";
import { type Digest, type DigestAlgorithm, formatDigest } from "../../../http/digest.ts";
import type { FilePath } from "../../../path.ts";
import type { Storage } from "../../../storage/storage.ts";
import type { UploadId } from "../../../storage/upload-id.ts";
import type { Allowance } from "../../admission/allowance.ts";
import type { NameGrants } from "../../naming/conflict.ts";
import { NO_TIMINGS } from "../../report/flow-report.ts";
import type { Concatenation, UploadState } from "./record.ts";

/** The options of a new upload. */
export interface SessionOptions {
  path: FilePath;
  conflict: Conflict;
  may: NameGrants;
  /** Of an upload to a drop: what its sender gets instead of the path. */
  receipt?: string | null;
  /** See `UploadRequest.allow`. */
  allow?: (() => Allowance) | undefined;
  /** See `Asker.maker`. */
  maker: string;
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
  /** Whether the creating request carries all bytes: the upload is then saved or deleted at its end, and not limited by --max-waiting. */
  oneShot?: boolean;
}

/** The state before the first byte. */
export function newUploadState(
  id: UploadId,
  {
    path,
    conflict,
    may,
    maker,
    receipt = null,
    size,
    endsByLength,
    metadata,
    modified,
    digests,
    wanted,
    name,
    client,
  }: SessionOptions,
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
    may,
    maker,
    receipt,
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
