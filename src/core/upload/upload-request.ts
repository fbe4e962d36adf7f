// The parameters of an upload, and the limits that apply to it.

import type { Config, Conflict } from "../../config/config.ts";
import type { Problem } from "../../errors.ts";
import type { Preconditions } from "../../http/conditions.ts";
import type { Digest, DigestAlgorithm } from "../../http/digest.ts";
import type { FilePath } from "../../path.ts";
import type { Allowance } from "../admission/allowance.ts";
import type { NameGrants } from "../naming/conflict.ts";
import type { MadeBy } from "../report/active-uploads.ts";
import type { CapWait, Timings } from "../report/flow-report.ts";

/** The file an upload should become, and how its time is measured. */
export interface UploadRequest {
  path: FilePath;
  conflict: Conflict;
  may: NameGrants;
  /** Begins to count the file towards a budget. @throws Problem @default none */
  allow?: (() => Allowance) | undefined;
  /** Announced length in bytes, `undefined` when unknown. */
  size: number | undefined;
  conditions: Preconditions;
  /** The modification time of the file. @default the time at which its last byte arrived, also for `null` */
  modified?: Date | null;
  /** Digests to verify. */
  digests: readonly Digest[];
  /** The digest to report. */
  wantedDigest: DigestAlgorithm | null;
  /** The key of a request that may be sent again: see `Receipts`. */
  key?: string;
  /** The id shown in `GET /api/uploads`. */
  id: string;
  /** Whose upload it is. @default nobody's: it is known by its path alone */
  madeBy?: MadeBy;
  /** Seconds spent waiting on the client so far; read at the start and at the end of the upload. */
  networkSeconds: () => number;
  /** The time that this upload has spent waiting because of caps. */
  capWait?: () => CapWait | undefined;
  /** Stops receiving at once with this problem. Without this function, a cancelled upload stops at the next byte. */
  stop?: (problem: Problem) => void;
  /** Ends the whole request with this problem. @default as `stop` */
  end?: (problem: Problem) => void;
  /** Seconds spent so far on checksums other than the digests. */
  checksumSeconds?: () => number;
  /** Bytes stored and time measured by earlier requests of a resumable upload. */
  resumed?: { length: number; measured: Timings };
}

/** The limits the uploader enforces, from the options of the same names. */
export type Limits = Pick<Config, "maxFileSize" | "maxUploads" | "maxUploadsPerClient" | "keepFree">;
