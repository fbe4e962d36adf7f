// Limits what unfinished uploads keep in memory and on disk, besides their bytes: their number, and the size of their state.

import { formatSize } from "../../config/values.ts";
import { Problem } from "../../errors.ts";
import type { UploadSession } from "./session.ts";
import { formatUploadState } from "./state/record.ts";

/** Bytes of state for each upload that may wait, on average. */
const STATE_EACH = 4096;
/** Bytes of state that are always allowed, so that the largest list of parts fits. */
const STATE_LEAST = 1024 * 1024;
/** Bytes of memory for each part in a list, besides its text. */
const LISTED_PART = 128;
/** The share of one client: a quarter. */
const CLIENTS = 4;
/** Seconds a refused client is asked to wait. */
const RETRY_AFTER = 60;

/** Uploads and the size of their state, oldest first. */
export class HeldUploads {
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

/** Why an upload finds no place. */
export interface Shortage {
  problem: Problem;
  /** The client that has used up its share; null when all clients together have used up the limit. */
  client: string | null;
}

export class WaitingLimits {
  readonly #all = new HeldUploads();
  readonly #byClient = new Map<string, HeldUploads>();
  /** Uploads that may have received no byte yet, oldest first. */
  readonly #empty = new Set<UploadSession>();

  constructor(readonly maxWaiting: number) {}

  get count(): number {
    return this.#all.count;
  }

  /** Bytes of state that all uploads together may have. */
  get maxBytes(): number {
    return Math.max(STATE_LEAST, this.maxWaiting * STATE_EACH);
  }

  /** @returns null when there is room for the upload */
  shortage(upload: UploadSession): Shortage | null {
    const { client } = upload.record;
    const bytes = stateSize(upload);
    if (client !== null) {
      const most = Math.max(1, Math.floor(this.maxWaiting / CLIENTS));
      const detail = this.#exceeded(this.#byClient.get(client), bytes, most, this.maxBytes / CLIENTS);
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
    const held = this.#byClient.get(client) ?? new HeldUploads();
    held.add(upload, bytes);
    this.#byClient.set(client, held);
  }

  /** From now on the upload may be forgotten to make room, unless it has received a byte by then. */
  mayForget(upload: UploadSession): void {
    this.#empty.add(upload);
  }

  delete(upload: UploadSession): void {
    this.#all.delete(upload);
    this.#empty.delete(upload);
    const { client } = upload.record;
    if (client === null) return;
    const held = this.#byClient.get(client);
    held?.delete(upload);
    if (held?.count === 0) this.#byClient.delete(client);
  }

  /**
   * The oldest upload without a byte that nobody is sending to.
   * @param client whose upload it must be; null for any
   * @param needed whether an upload without bytes of its own is worth keeping
   */
  oldestEmpty(client: string | null, needed: (upload: UploadSession) => boolean): UploadSession | undefined {
    for (const upload of this.#empty) {
      if (upload.length > 0) this.#empty.delete(upload);
      else if ((client === null || upload.record.client === client) && !upload.lock.busy && !needed(upload))
        return upload;
    }
    return undefined;
  }

  #exceeded(held: HeldUploads | undefined, bytes: number, most: number, mostBytes: number): string | null {
    const { count, bytes: used } = held ?? { count: 0, bytes: 0 };
    if (count >= most) return `${count} unfinished uploads`;
    return used + bytes > mostBytes
      ? `Unfinished uploads with ${formatSize(used)} of paths, metadata and lists of parts`
      : null;
  }
}

/** The bytes that an upload keeps in memory besides its own; its file of metadata is smaller. */
export function stateSize({ record }: UploadSession): number {
  const parts = record.concat?.kind === "final" ? record.concat.parts.length : 0;
  return formatUploadState(record).length + parts * LISTED_PART;
}

function refused(detail: string): Problem {
  return new Problem("too_many_waiting", `${detail} Finish or cancel some, or try again later.`, {
    headers: { "retry-after": `${RETRY_AFTER}` },
  });
}
