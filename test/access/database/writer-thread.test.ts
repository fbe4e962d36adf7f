// The thread that writes access.db: it makes the file only where there was none.

import { expect, test } from "bun:test";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { WriterThread } from "../../../src/access/database/writer-thread.ts";

test.each([true, false])("create: %p", async (create) => {
  const folder = await mkdtemp(join(tmpdir(), "sluice-writer-"));
  const file = join(folder, "access.db");
  const thread = new WriterThread(file, { create });
  try {
    const change = thread.change("setQuota", { path: "a", bytes: 1 });
    if (create) await change;
    else await expect(change).rejects.toMatchObject({ code: "storage_failed" });
    expect(await Bun.file(file).exists()).toBe(create);
  } finally {
    thread.close();
    await rm(folder, { recursive: true });
  }
});
