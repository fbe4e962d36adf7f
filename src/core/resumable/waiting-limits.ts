// Limits the number of unfinished uploads and the size of their state, in all and for each client.

import { formatSize } from "../../config/values.ts";
import { Problem } from "../../errors.ts";
import type { UploadSession } from "./session.ts";
import { formatUploadState } from "./state/record.ts";

/** Average bytes of state allowed for each upload of --max-waiting. */
const STATE_PER_UPLOAD = 4096;
/** Bytes of state allowed even if --max-waiting is small, so that the largest list of parts fits. */
const MIN_STATE = 1024 * 1024;
/** Bytes of memory for each part in a list, in addition to its text. */
const PART_OVERHEAD = 128;
/** One client may use up a quarter of the limits. */
const CLIENT_DIVISOR = 4;
/** Seconds a refused client is asked to wait. */
const RETRY_AFTER = 60;

/** A set of uploads in the order in which they were added, with the size of their state. */
export class SizedUploads {
  readonly #sizes = new Map<UploadSession, number>();
  #bytes = 0;

  get count(): number {
    return this.#sizes.size;
  }

  get bytes(): number {
    return this.#bytes;
  }

  get oldest(): UploadSession | undefined {
    const [oldest] = this.#sizes.keys();
    return oldest;
  }

  add(upload: UploadSession, bytes: number): void {
    this.delete(upload);
    this.#sizes.set(upload, bytes);
    this.#bytes += bytes;
  }

  delete(upload: UploadSession): void {
    this.#bytes -= this.#sizes.get(upload) ?? 0;
    this.#sizes.delete(upload);
  }
}

/** The limit that a new upload would exceed. */
export interface Shortage {
  problem: Problem;
  /** The client that has used up its share; null when all clients together have used up the limit. */
  client: string | null;
}

export class WaitingLimits {
  readonly #all = new SizedUploads();
  readonly #byClient = new Map<string, SizedUploads>();
  /** Uploads that may have received no byte yet, oldest first. */
  readonly #empty = new Set<UploadSession>();

  constructor(readonly maxWaiting: number) {}

  get count(): number {
    return this.#all.count;
  }

  /** Bytes of state that all uploads together may have. */
  get maxBytes(): number {
    return Math.max(MIN_STATE, this.maxWaiting * STATE_PER_UPLOAD);
  }

  /** @returns null when there is room for the upload */
  shortage(upload: UploadSession): Shortage | null {
    const { client } = upload.record;
    const bytes = stateSize(upload);
    if (client !== null) {
      const most = Math.max(1, Math.floor(this.maxWaiting / CLIENT_DIVISOR));
      const detail = this.#exceeded(this.#byClient.get(client), bytes, most, this.maxBytes / CLIENT_DIVISOR);
      if (detail)
        return {
          client,
          problem: refused(
            `${detail} come from your address: one client may have a quarter of what --max-waiting allows. Clients behind a proxy count as one until --trusted-proxy names it.`,
          ),
        };
    }
    const detail = this.#exceeded(this.#all, bytes, this.maxWaiting, this.maxBytes);
    if (!detail) return null;
    return { client: null, problem: refused(`${detail} are here, the maximum that --max-waiting allows.`) };
  }

  add(upload: UploadSession): void {
    const { client } = upload.record;
    const bytes = stateSize(upload);
    this.#all.add(upload, bytes);
    if (client === null) return;
    const own = this.#byClient.get(client) ?? new SizedUploads();
    own.add(upload, bytes);
    this.#byClient.set(client, own);
  }

  /** From now on the upload may be evicted for a new one, as long as it has not received a byte. */
  allowEviction(upload: UploadSession): void {
    this.#empty.add(upload);
  }

  delete(upload: UploadSession): void {
    this.#all.delete(upload);
    this.#empty.delete(upload);
    const { client } = upload.record;
    if (client === null) return;
    const own = this.#byClient.get(client);
    own?.delete(upload);
    if (own?.count === 0) this.#byClient.delete(client);
  }

  /**
   * The upload to evict: the oldest one that has no byte and no running request.
   * @param client whose upload it must be; null for any
   * @param needed whether an upload must be kept although it has no byte
   */
  evictable(client: string | null, needed: (upload: UploadSession) => boolean): UploadSession | undefined {
    for (const upload of this.#empty) {
      if (upload.length > 0) this.#empty.delete(upload);
      else if ((client === null || upload.record.client === client) && !upload.lock.busy && !needed(upload))
        return upload;
    }
    return undefined;
  }

  /** The subject of the refusal, `null` when one more upload with so many bytes of state fits. */
  #exceeded(
    present: SizedUploads | undefined,
    bytes: number,
    most: number,
    mostBytes: number,
  ): string | null {
    const { count, bytes: used } = present ?? { count: 0, bytes: 0 };
    if (count >= most) return `${count} unfinished uploads`;
    return used + bytes > mostBytes
      ? `Unfinished uploads with ${formatSize(used)} of paths, metadata and lists of parts`
      : null;
  }
}

/** Bytes of the state of an upload in memory; its sidecar file is smaller. */
export function stateSize({ record }: UploadSession): number {
  const parts = record.concat?.kind === "final" ? record.concat.parts.length : 0;
  return formatUploadState(record).length + parts * PART_OVERHEAD;
}

function refused(detail: string): Problem {
  return new Problem("too_many_waiting", `${detail} Finish or cancel some, or try again later.`, {
    headers: { "retry-after": `${RETRY_AFTER}` },
  });
}
