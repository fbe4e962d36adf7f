// Final uploads whose parts are not all complete: each is concatenated when its last part is.

import { asProblem, Problem } from "../../errors.ts";
import type { FilePath } from "../../path.ts";
import { isUploadId, type UploadId } from "../../storage/upload-id.ts";
import type { SavedFile } from "../upload/saved-file.ts";
import { concatenate } from "./concat.ts";
import type { UploadSession } from "./session.ts";
import type { SessionOptions } from "./state/creation.ts";
import type { Concatenation } from "./state/record.ts";

/** Told about concatenations that no request waits for. */
export interface FinalsObserver {
  saved(file: SavedFile): void;
  /** Called once for each problem code. After a 5xx the next sweep tries again, otherwise only a request of the client. */
  failed(path: FilePath, problem: Problem): void;
  /** Whether the maker of a final may still write it: no request has just proved that. @default always */
  permits?(maker: string, path: FilePath): boolean;
}

/** Finals that may name the same part: only one can be concatenated; more exist only if a client repeated its request. */
const MAX_FINALS = 4;

export class WaitingFinals {
  readonly #byPart = new Map<UploadId, Set<UploadSession>>();
  readonly #queue = new Set<UploadSession>();
  readonly #failures = new WeakMap<UploadSession, Problem>();
  #observer: FinalsObserver | undefined;
  #running: Promise<void> | undefined;

  /** @param find returns the upload with this id */
  constructor(readonly find: (id: UploadId) => UploadSession | undefined) {}

  /**
   * Checks the parts of a new upload and gives the concatenation for its state. Parts of another maker do not exist for it.
   * @throws Problem invalid_request, too_many_waiting
   */
  resolve({ concat, maker }: Pick<SessionOptions, "concat" | "maker">): Concatenation | null {
    if (concat === null) return null;
    if (concat.kind === "partial") return { kind: "partial", used: false };
    const parts = concat.ids.map((id) => {
      const part = id !== null && isUploadId(id) ? this.find(id) : undefined;
      const { concat: role, maker: owner } = part?.record ?? {};
      if (!part || role?.kind !== "partial" || role.used || owner !== maker)
        throw new Problem(
          "invalid_request",
          "Upload-Concat names an upload that does not exist or is not a partial upload.",
        );
      if ((this.#byPart.get(part.record.id)?.size ?? 0) >= MAX_FINALS)
        throw new Problem(
          "too_many_waiting",
          `${MAX_FINALS} unfinished uploads name the same part already, the maximum. Cancel one with DELETE.`,
          { headers: { "retry-after": "60" } },
        );
      return part.record.id;
    });
    return { kind: "final", urls: concat.urls, parts };
  }

  /** The parts of a final that exist; none of another upload. */
  partsOf(final: UploadSession): UploadSession[] {
    return partsOf(final).flatMap((id) => this.find(id) ?? []);
  }

  /** Whether all parts of a final are complete. */
  isReady(final: UploadSession): boolean {
    return partsOf(final).every((id) => this.find(id)?.complete);
  }

  /**
   * Whether an upload must be kept although it has no byte: it is a part of a final, or a final with a part that has bytes or
   * is receiving the first ones.
   */
  isNeeded(upload: UploadSession): boolean {
    if (this.#byPart.has(upload.record.id)) return true;
    return partsOf(upload).some((id) => {
      const part = this.find(id);
      return part !== undefined && (part.length > 0 || part.lock.busy);
    });
  }

  /** Registers an unfinished final; ignores other uploads. */
  add(upload: UploadSession): void {
    if (upload.settled) return;
    for (const id of partsOf(upload)) {
      const finals = this.#byPart.get(id) ?? new Set();
      this.#byPart.set(id, finals.add(upload));
    }
  }

  delete(upload: UploadSession): void {
    this.#queue.delete(upload);
    for (const id of partsOf(upload)) {
      const finals = this.#byPart.get(id);
      finals?.delete(upload);
      if (finals?.size === 0) this.#byPart.delete(id);
    }
  }

  /** Uploads that are useless without this one: the finals of a part, and all parts of these. */
  related(upload: UploadSession): UploadSession[] {
    const finals = [...(this.#byPart.get(upload.record.id) ?? [])];
    if (partsOf(upload).length > 0) finals.push(upload);
    const parts = new Set(finals.flatMap(partsOf));
    return [...finals, ...[...parts].flatMap((id) => this.find(id) ?? [])];
  }

  /** Concatenates finals that are complete, now and whenever a part completes, until `close`. */
  start(observer: FinalsObserver): void {
    this.#observer = observer;
    this.retry();
  }

  /** Concatenates the finals of this part whose other parts are complete as well. */
  partCompleted(part: UploadSession): void {
    for (const final of this.#byPart.get(part.record.id) ?? []) this.#enqueue(final);
  }

  /** Concatenates all complete finals, except those that failed with a 4xx: they would fail again, unless the cause was a lock, which ends. */
  retry(): void {
    for (const final of new Set([...this.#byPart.values()].flatMap((finals) => [...finals]))) {
      const { status = 503, code } = this.#failures.get(final) ?? {};
      if (status >= 500 || code === "locked") this.#enqueue(final);
    }
  }

  /** Starts no more concatenations, and resolves when the running one has ended. Never throws. */
  async close(): Promise<void> {
    this.#observer = undefined;
    this.#queue.clear();
    await this.#running;
  }

  #enqueue(final: UploadSession): void {
    if (!this.#observer || !this.isReady(final)) return;
    this.#queue.add(final);
    this.#running ??= this.#run().finally(() => {
      this.#running = undefined;
    });
  }

  /** One after the other: concurrent copies on one disk are not faster. */
  async #run(): Promise<void> {
    for (const final of this.#queue) {
      this.#queue.delete(final);
      await this.#concatenate(final);
    }
  }

  async #concatenate(final: UploadSession): Promise<void> {
    const { maker, path } = final.record;
    try {
      if (this.#observer?.permits?.(maker, path) === false)
        throw new Problem("revoked", "Who began this upload may no longer write there.");
      await concatenate(final, this.find);
      const file = final.takeUnreported();
      if (file) this.#observer?.saved(file);
    } catch (error) {
      const problem = asProblem(error);
      const before = this.#failures.get(final);
      this.#failures.set(final, problem);
      if (before?.code !== problem.code) this.#observer?.failed(final.record.path, problem);
    }
  }
}

/** The parts of a final; none of another upload. */
function partsOf({ record: { concat } }: UploadSession): readonly UploadId[] {
  return concat?.kind === "final" ? concat.parts : [];
}
