// Properties follow their entries, also in a root that was not writable when the server started.

import { expect, test } from "bun:test";
import { propertyFollower } from "../../../src/core/naming/dav-followers.ts";
import { Problem } from "../../../src/errors.ts";
import { MemoryStorage } from "../../../src/storage/memory/memory.ts";
import { noProperties, type Properties } from "../../../src/storage/properties.ts";
import { file, put } from "../../storage/driving.ts";

test("properties follow moves and removals once the root has become writable", async () => {
  const storage = new MemoryStorage();
  const root: { properties: Properties } = {
    properties: noProperties(() => new Problem("storage_read_only", "It is read-only.")),
  };
  const follower = propertyFollower(root);
  root.properties = storage.properties;
  await put(storage, "a", "a");
  await storage.properties.change(file("a"), { set: new Map([["{x}p", "value"]]), remove: [] });
  await follower.move(file("a"), () => storage.move(file("a"), file("b"), { replace: false }));
  expect([...storage.properties.of(file("b"))]).toEqual([["{x}p", "value"]]);
  expect(storage.properties.of(file("a")).size).toBe(0);
  await follower.remove(file("b"), () => storage.remove(file("b"), { recursive: false }));
  expect(storage.properties.empty).toBe(true);
});
