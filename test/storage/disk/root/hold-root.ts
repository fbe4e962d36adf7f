// A program for tests: opens a root, leaves an upload unfinished in it, says so, and holds on until it is ended.

import { checkFilePath } from "../../../../src/path.ts";
import { openDisk } from "../../../../src/storage/disk/disk.ts";

const [root = ""] = process.argv.slice(2);
try {
  const storage = await openDisk(root);
  const upload = await storage.begin(checkFilePath("unfinished"));
  await upload.append(new Uint8Array(100_000));
  console.log("held");
  setInterval(() => upload.saved, 60_000);
} catch (error) {
  console.log(error instanceof Error ? error.name : "failed");
}
