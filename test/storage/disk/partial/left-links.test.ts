// A resumable upload that replaces a file has a second link for a moment, which a crash can leave.

import { expect, test } from "bun:test";
import { link } from "node:fs/promises";
import { basename } from "node:path";
import { openDisk } from "../../../../src/storage/disk/disk.ts";
import { contentOf, file, put, text, waiting } from "../../driving.ts";
import { callsWith } from "../faults.ts";
import { TemporaryRoot } from "../temporary-root.ts";
import { watchedCalls } from "../watched-calls.ts";

test("a link that a server left when it was killed while it replaced a file costs no bytes, however slow the next start cleans up", async () => {
  await using root = await TemporaryRoot.make();
  const links: string[] = [];
  let storage = await root.open({
    calls: watchedCalls((name, from) => {
      if (name === "link") links.push(String(from));
      else if (name === "rename" && String(from).endsWith(".data")) links.push(String(from));
    }),
  });
  await put(storage, "a", "old");
  const replacing = await storage.resume(await waiting(storage, text("older")));
  await replacing?.finish(file("a"), { replace: true });
  const [source = "", renamed = ""] = links.slice(-2);
  expect(basename(renamed)).toBe(basename(source));

  const id = await waiting(storage, text("new"));
  await storage.close();
  await link(root.in(".sluice", "kept", `${id}.data`), root.in(".sluice", "uploads", `${id}.data`));
  const cleanup = Promise.withResolvers<void>();
  storage = await openDisk(root.root, { calls: callsWith({ unlinkLarge: () => cleanup.promise }) });
  try {
    const again = await storage.resume(id);
    expect(again?.length).toBe(3);
    await again?.finish(file("a"), { replace: true });
    expect(await contentOf(storage, "a")).toBe("new");
  } finally {
    cleanup.resolve();
    await storage.close();
  }
});
