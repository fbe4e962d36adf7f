// A test program that opens a root, starts an upload, prints that, and keeps both open until it is killed.

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
