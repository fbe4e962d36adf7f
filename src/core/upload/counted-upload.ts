// Adapts a stored upload so that its bytes count towards a budget.

import type { FilePath } from "../../path.ts";
import type { StorageWork } from "../../storage/device.ts";
import type { FinishOptions, Published } from "../../storage/storage.ts";
import type { Allowance } from "../admission/allowance.ts";
import type { UploadTarget } from "./upload.ts";

export class CountedUpload implements UploadTarget {
  /** Absent when the upload is not resumable. */
  readonly suspendLazily?: () => Promise<void>;

  constructor(
    readonly stored: UploadTarget,
    readonly allowance: Allowance,
  ) {
    const { suspendLazily } = stored;
    if (suspendLazily) this.suspendLazily = () => suspendLazily.call(stored);
  }

  get length(): number {
    return this.stored.length;
  }

  get saved(): number {
    return this.stored.saved;
  }

  get work(): StorageWork {
    return this.stored.work;
  }

  append(chunk: Uint8Array<ArrayBuffer>): Promise<void> | undefined {
    this.allowance.cover(this.stored.length + chunk.byteLength);
    return this.stored.append(chunk);
  }

  async finish(path: FilePath, options: FinishOptions): Promise<Published> {
    await this.allowance.spend(this.stored.length);
    const published = await this.stored.finish(path, options);
    this.allowance.settle();
    return published;
  }

  async discard(): Promise<void> {
    this.allowance.release();
    await this.stored.discard();
  }
}
