// The contract of a storage as a test suite, which every backend runs.

import { afterEach, beforeEach } from "bun:test";
import type { Storage } from "../../src/storage/storage.ts";
import { contentContract } from "./contract/contents.ts";
import { copyingContract } from "./contract/copying.ts";
import type { Backend, Current } from "./contract/current.ts";
import { discardContract } from "./contract/discard.ts";
import { keepingContract } from "./contract/keeping.ts";
import { listingContract } from "./contract/listing.ts";
import { managingContract } from "./contract/managing.ts";
import { propertiesContract } from "./contract/properties.ts";
import { reachContract } from "./contract/reach.ts";
import { readingContract } from "./contract/reading.ts";
import { recordContract } from "./contract/records.ts";
import { resumingContract } from "./contract/resuming.ts";
import { uploadContract } from "./contract/uploads.ts";
import { watchRejections } from "./rejections.ts";

/** Each test gets a new backend; `name` precedes the name of each test. */
export function storageContract(name: string, open: () => Promise<Backend>): void {
  let backend: Backend | undefined;
  let storage: Storage | undefined;
  const opened = <T>(value: T | undefined): T => {
    if (value === undefined) throw new Error("The storage is available only inside tests.");
    return value;
  };
  const current: Current = {
    get storage() {
      return opened(storage);
    },
    reopen: async () => {
      storage = await opened(backend).reopen();
    },
  };

  watchRejections();

  beforeEach(async () => {
    backend = await open();
    storage = backend.storage;
  });

  afterEach(async () => {
    await backend?.cleanup();
  });

  uploadContract(name, current);
  contentContract(name, current);
  discardContract(name, current);
  readingContract(name, current);
  listingContract(name, current);
  managingContract(name, current);
  reachContract(name, current);
  copyingContract(name, current);
  keepingContract(name, current);
  resumingContract(name, current);
  recordContract(name, current);
  propertiesContract(name, current);
}
