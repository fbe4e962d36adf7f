// The bytes that a resumable upload has reserved in the quotas, and in the budget of a drop, from its creation until it is a file or is deleted.

import type { FilePath } from "../../path.ts";
import type { Allowance } from "../admission/allowance.ts";
import { Claim, type Wanted } from "../admission/quota/claim.ts";
import type { Quotas } from "../admission/quota/quotas.ts";
import type { UploadState } from "./state/record.ts";

export class SessionClaim {
  #current: Claim;
  /** The budget that the file counts towards. */
  allowance: Allowance | undefined;
  #ended = false;

  constructor(path: FilePath) {
    this.#current = Claim.none(path);
  }

  get current(): Claim {
    return this.#current;
  }

  /** Keeps a claim; gives it back at once if the upload has ended meanwhile. */
  hold(claim: Claim): void {
    this.#current = claim;
    if (this.#ended) claim.release();
  }

  /** Gives back what is reserved. Calling it again has no effect. */
  end(): void {
    this.#ended = true;
    this.#current.release();
    this.allowance?.release();
  }
}

/** The part of a session that is needed here. */
interface Claiming {
  readonly record: UploadState;
  readonly length: number;
  readonly settled: boolean;
  readonly claim: SessionClaim;
}

/** The bytes that the upload needs. A final takes over what its parts have reserved. @param parts those of a final */
export function wantedBy({ record, length }: Claiming, parts: readonly Claiming[]): Wanted {
  const { path, size, concat } = record;
  if (concat?.kind !== "final") return { path, size: size ?? undefined, arrived: length };
  return {
    path,
    size: parts.reduce((sum, part) => sum + (part.record.size ?? part.length), 0),
    instead: [...new Set(parts)].map(({ claim }) => claim.current),
  };
}

/**
 * Reserves the bytes that an unfinished upload of an earlier run needs, whether it fits or not: it was admitted when it was created.
 * @throws Problem
 */
export async function claimAgain(
  quotas: Quotas,
  upload: Claiming,
  parts: readonly Claiming[],
): Promise<void> {
  const { path, conflict } = upload.record;
  if (upload.settled) return;
  const replaced = await quotas.replacedBy(path, conflict);
  upload.claim.hold(quotas.claimAnyway({ ...wantedBy(upload, parts), replaced }));
}
