// The storage backend of the running contract test.

import type { Storage } from "../../../src/storage/storage.ts";

/** One backend, initially empty. */
export interface Backend {
  storage: Storage;
  /** Closes the storage and opens its contents again, like a restart. */
  reopen(): Promise<Storage>;
  /** Closes the storage if it is still open, and removes everything. */
  cleanup(): Promise<void>;
}

/** The storage of the running test. */
export interface Current {
  readonly storage: Storage;
  /** Restarts; afterwards `storage` is the new one. */
  reopen(): Promise<void>;
}
