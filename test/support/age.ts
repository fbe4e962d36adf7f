// Makes a root older while no server uses it.

import { join } from "node:path";

/** Adds milliseconds to the recorded age of a root. */
export async function makeOlder(root: string, milliseconds: number): Promise<void> {
  const file = Bun.file(join(root, ".sluice/age"));
  const record = await file.json();
  await file.write(JSON.stringify({ ...record, age: record.age + milliseconds }));
}
