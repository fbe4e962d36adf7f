// The age of a root: a clock that continues over restarts and never jumps when the system clock is set.

import { uptime } from "node:os";
import type { DiskContext } from "../at/context.ts";
import type { DirHandle } from "../at/handle.ts";
import type { Calls } from "../os/calls.ts";
import { readText } from "../os/read-text.ts";
import { writeText } from "../write/atomic-text.ts";

const NAME = "age";
/** Milliseconds between two records of the age; a power cut makes the root younger by at most this. */
const INTERVAL = 600_000;

/** The age when it was recorded, in milliseconds, and the values of the clocks at that time. */
interface AgeRecord {
  age: number;
  boot: string;
  /** Milliseconds since the machine was started. */
  uptime: number;
}

export class AgeClock {
  readonly #timer: ReturnType<typeof setInterval>;
  readonly #openedAt = performance.now();
  #saving: Promise<void> = Promise.resolve();

  /**
   * @param folder the server's own folder, which must stay open
   * @param before the age at this moment, in milliseconds
   */
  constructor(
    readonly context: DiskContext,
    readonly folder: DirHandle,
    readonly boot: string,
    readonly before: number,
  ) {
    this.#timer = setInterval(() => this.#save(), INTERVAL);
    this.#timer.unref();
  }

  /** The age in milliseconds. */
  get age(): number {
    return this.before + performance.now() - this.#openedAt;
  }

  /** Records the age. Never throws. */
  async close(): Promise<void> {
    clearInterval(this.#timer);
    this.#save();
    await this.#saving;
  }

  #save(): void {
    this.#saving = this.#saving.then(async () => {
      const record: AgeRecord = { age: this.age, boot: this.boot, uptime: uptime() * 1000 };
      await writeText(this.context, this.folder, NAME, JSON.stringify(record)).catch(() => {
        // The older record makes the root younger at most, so that entries are kept longer.
      });
    });
  }
}

/** The age in milliseconds, computed from the record of an earlier run; `null` when it is missing or damaged. */
export async function recordedAge(calls: Calls, folder: DirHandle, boot: string): Promise<number | null> {
  const record = await readRecord(calls, folder);
  return record && record.age + elapsedSince(record, boot);
}

/** Milliseconds since a record was written that the clock of this boot, which cannot be set, has counted. */
function elapsedSince(record: AgeRecord, boot: string): number {
  // Elsewhere the boot id is new at each start.
  if (process.platform !== "linux") return 0;
  const now = uptime() * 1000;
  // If the record is of another boot, all of this boot came after it. In a container, uptime may start with the container.
  return record.boot === boot && now >= record.uptime ? now - record.uptime : now;
}

async function readRecord(calls: Calls, { path }: DirHandle): Promise<AgeRecord | null> {
  try {
    const { age, boot, uptime } = JSON.parse(await readText(calls, `${path}/${NAME}`));
    const valid = Number.isFinite(age) && age >= 0 && typeof boot === "string" && Number.isFinite(uptime);
    return valid ? { age, boot, uptime } : null;
  } catch {
    // The root counts as younger then, so that entries are kept longer.
    return null;
  }
}
