// The backend that a test of the contract runs against.

import type { Storage } from "../../../src/storage/storage.ts";

/** One backend, empty at the start. */
export interface Backend {
  storage: Storage;
  /** Closes the storage and opens what it held again, as a restart does. */
  reopen(): Promise<Storage>;
  /** Removes everything; the last storage is closed by then or here. */
  cleanup(): Promise<void>;
}

/** The storage of the running test. */
export interface Current {
  readonly storage: Storage;
  /** After it `storage` is the new one. */
  reopen(): Promise<void>;
}
