// Final uploads whose parts are not all complete: each is concatenated when its last part is.

import { asProblem, type Problem } from "../../errors.ts";
import type { FilePath } from "../../path.ts";
import type { UploadId } from "../../storage/upload-id.ts";
import type { SavedFile } from "../upload/saved-file.ts";
import { concatenate } from "./concat.ts";
import type { UploadSession } from "./session.ts";

/** Receives what happens without a request. */
export interface FinalsObserver {
  saved(file: SavedFile): void;
  /** Called once for each reason. A shortage is tried again with the next sweep, anything else by the client. */
  failed(path: FilePath, problem: Problem): void;
}

export class WaitingFinals {
  readonly #byPart = new Map<UploadId, Set<UploadSession>>();
  readonly #queue = new Set<UploadSession>();
  readonly #failures = new WeakMap<UploadSession, Problem>();
  #observer: FinalsObserver | undefined;
  #joining: Promise<void> | undefined;

  /** @param find returns the upload with this id */
  constructor(readonly find: (id: UploadId) => UploadSession | undefined) {}

  /** Adds an upload, unless it is no final or is finished. */
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

  /** Uploads that are of no use without this one: the finals of a part, and all parts of these. */
  related(upload: UploadSession): UploadSession[] {
    const finals = [...(this.#byPart.get(upload.record.id) ?? [])];
    if (partsOf(upload).length > 0) finals.push(upload);
    const parts = new Set(finals.flatMap(partsOf));
    return [...finals, ...[...parts].flatMap((id) => this.find(id) ?? [])];
  }

  /** Whether no byte was received for this upload: no byte of a final's parts, and no byte of a part that no final names. */
  isEmpty(upload: UploadSession): boolean {
    if (upload.length > 0 || this.#byPart.has(upload.record.id)) return false;
    return partsOf(upload).every((id) => (this.find(id)?.length ?? 0) === 0);
  }

  /** Starts concatenating, without requests, what is complete now and later. */
  start(observer: FinalsObserver): void {
    this.#observer = observer;
    this.retry();
  }

  /** Concatenates the finals of this part whose other parts are complete as well. */
  partCompleted(part: UploadSession): void {
    for (const final of this.#byPart.get(part.record.id) ?? []) this.#enqueue(final);
  }

  /** Concatenates what is complete, unless it failed for a reason that stays. */
  retry(): void {
    for (const final of new Set([...this.#byPart.values()].flatMap((finals) => [...finals]))) {
      const { status = 503 } = this.#failures.get(final) ?? {};
      if (status >= 500) this.#enqueue(final);
    }
  }

  /** Begins no more, and resolves when the running concatenation has ended. Never throws. */
  async close(): Promise<void> {
    this.#observer = undefined;
    this.#queue.clear();
    await this.#joining;
  }

  #enqueue(final: UploadSession): void {
    if (!this.#observer || !partsOf(final).every((id) => this.find(id)?.complete)) return;
    this.#queue.add(final);
    this.#joining ??= this.#run().finally(() => {
      this.#joining = undefined;
    });
  }

  /** One after the other: together they would not be faster. */
  async #run(): Promise<void> {
    for (const final of this.#queue) {
      this.#queue.delete(final);
      await this.#join(final);
    }
  }

  async #join(final: UploadSession): Promise<void> {
    try {
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
