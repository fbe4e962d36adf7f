// What is written down of an upload that waits: its note, and how many of its bytes a power cut would leave.

import type { Storage } from "../../storage/storage.ts";
import type { Timings } from "../report/flow-report.ts";
import { formatUploadState, type UploadState } from "./record.ts";

/** Bytes of a fast upload between two marks: a note for each request would make requests of 8 MiB a tenth slower. */
const WINDOW = 64 * 1024 * 1024;
/** Milliseconds of a slow one between two marks. */
const AGE = 1000;

/** The note of one upload. Its calls may overlap: notes are written one after another. */
export class Checkpoint {
  #writing = Promise.resolve();
  /** Whether the note on the disk may say something else than the record. */
  #stale = false;
  /** Whether it may even promise too much. */
  #failed = false;
  #marked = performance.now();
  /** Notes that are not written yet. */
  #pending = 0;

  constructor(
    readonly storage: Storage,
    readonly record: UploadState,
  ) {}

  /** Whether something is known that no note says yet. */
  get stale(): boolean {
    return this.#stale;
  }

  /** How many of the bytes that lie there are certain. */
  certain(length: number): number {
    const { unverified, mark } = this.record;
    const rebooted = mark !== null && mark.boot !== this.storage.bootId;
    return Math.min(length, unverified ?? length, rebooted ? mark.length : length);
  }

  /** Writes the note. @throws Problem */
  async save(): Promise<void> {
    this.#stale = true;
    this.#pending += 1;
    const written = this.#writing.then(async () => {
      await this.storage.writeMetadata(this.record.id, formatUploadState(this.record));
      this.#stale = this.#failed = false;
    });
    this.#writing = written.catch(() => {
      this.#stale = this.#failed = true;
    });
    try {
      await written;
    } finally {
      this.#pending -= 1;
    }
  }

  /** Before bytes are added: no mark may promise what is not there, or was written before a reboot. @throws Problem */
  async prepare(length: number): Promise<void> {
    const { mark } = this.record;
    const right = mark !== null && mark.boot === this.storage.bootId && mark.length <= length;
    if (!right) this.#mark(length);
    if (!right || this.#failed) await this.save();
  }

  /** While bytes arrive: whether so many are synced by now that it is worth a note. */
  due(saved: number): boolean {
    const more = this.#provable(saved) - (this.record.mark?.length ?? 0);
    // On a disk that is slow, notes would only queue.
    if (this.#pending > 0) return false;
    return more >= WINDOW || (more > 0 && performance.now() - this.#marked >= AGE);
  }

  /**
   * Notes, beside what goes on, that so many bytes are synced. Never throws: the mark before it holds as well, and one
   * that promises too much is set right before a byte is added.
   */
  markLater(saved: number, measured: Timings): void {
    this.#mark(saved);
    this.record.measured = measured;
    this.save().catch(() => {
      // Who adds more tries again.
    });
  }

  /**
   * When a request ends.
   * @param length bytes that are synced
   * @param must writes the note, whether it is due or not
   * @throws Problem
   */
  async mark(length: number, measured: Timings, must: boolean): Promise<void> {
    this.record.measured = measured;
    const due = must || this.due(length);
    if (due) this.#mark(length);
    this.#stale = true;
    if (due) await this.save();
  }

  /** Writes down what no note says yet. @param length bytes that are synced. @throws Problem */
  async rest(length: number): Promise<void> {
    this.#mark(length);
    await this.save();
  }

  /** Waits for notes that are being written. Never throws. */
  async written(): Promise<void> {
    await this.#writing;
  }

  #mark(length: number): void {
    const { bootId: boot } = this.storage;
    this.record.mark = { boot, length: this.#provable(length) };
    this.#marked = performance.now();
  }

  /** Bytes whose checksum nobody has compared yet are not certain, synced or not. */
  #provable(length: number): number {
    return Math.min(length, this.record.unverified ?? length);
  }
}
