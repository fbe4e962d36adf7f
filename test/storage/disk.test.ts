// The storage contract for a folder on a file system.

import { expect } from "bun:test";
import { storageContract } from "./contract.ts";
import { TemporaryRoot } from "./disk/temporary-root.ts";

storageContract("disk", async () => {
  const root = await TemporaryRoot.make();
  return {
    storage: await root.open(),
    reopen: () => root.reopen(),
    cleanup: async () => {
      expect(await root.temporaries()).toEqual([]);
      await root[Symbol.asyncDispose]();
      await root.expectDescriptors([]);
    },
  };
});
