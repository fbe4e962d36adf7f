// A test program that resumes and completes partial uploads, and prints every acknowledged length.

import { writeSync } from "node:fs";
import { checkFilePath } from "../../../../src/path.ts";
import { type DiskStorage, openDisk } from "../../../../src/storage/disk/disk.ts";
import type { PartialUpload } from "../../../../src/storage/storage.ts";
import { isUploadId, type UploadId } from "../../../../src/storage/upload-id.ts";
import { bytes } from "../../bytes.ts";
import { Dice } from "../../dice.ts";

const [root = "", seed = "", size = "", ...names] = process.argv.slice(2);
const LENGTH = Number(size);
const dice = new Dice(Number(seed));

/** Written synchronously, so that the parent receives it even if this process is killed. */
const say = (...words: (string | number)[]): void => void writeSync(1, `${words.join(" ")}\n`);

const storage = await openDisk(root);
say("ready");
await Promise.all(names.filter(isUploadId).map((id, index) => bring(storage, id, index)));
await storage.close();
say("done");

async function bring(storage: DiskStorage, id: UploadId, index: number): Promise<void> {
  const path = checkFilePath(`files/${id}`);
  const notes = await Array.fromAsync(storage.partialUploads());
  let upload: PartialUpload | null;
  if (notes.some((note) => note.id === id)) upload = await storage.resume(id);
  else {
    await storage.deletePartial(id);
    upload = await storage.begin(path, id);
    await storage.writeMetadata(id, "begun");
  }
  if (upload)
    await send(storage, upload, bytes(LENGTH, index)).then((upload) =>
      upload.finish(path, { replace: false }),
    );
  if (!(await storage.published(id, path)) && (await storage.find(path)) === null)
    throw new Error("The upload is lost.");
  await storage.writeMetadata(id, "finished");
  say("saved", id, LENGTH);
  await storage.releaseData(id);
}

/** From then on, all bytes below the printed length must exist. */
async function send(
  storage: DiskStorage,
  begun: PartialUpload,
  all: Uint8Array<ArrayBuffer>,
): Promise<PartialUpload> {
  let upload = begun;
  const { id } = upload;
  say("saved", id, upload.saved);
  for (let said = upload.saved; upload.length < all.length; ) {
    const most = dice.oneOf(1000, 64_000, 300_000, 1_100_000);
    await upload.append(all.slice(upload.length, upload.length + 1 + dice.upTo(most)));
    const die = dice.upTo(60);
    if (die === 0) {
      await upload.suspend();
      say("saved", id, upload.length);
      upload = (await storage.resume(id)) ?? upload;
    } else if (die === 1) {
      const length = dice.upTo(upload.length);
      say("saved", id, Math.min(said, length));
      await upload.truncate(length);
    } else if (die === 2) await storage.writeMetadata(id, `at ${upload.length}`);
    else if (upload.saved > said) say("saved", id, upload.saved);
    said = upload.saved;
    // Yield to the other uploads, even if appends never wait.
    await new Promise<void>((resolve) => setImmediate(resolve));
  }
  return upload;
}
