// A process killed at any moment: no acknowledged byte of a partial upload is lost or wrong.

import { expect, test } from "bun:test";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { newUploadId, type UploadId } from "../../../../src/storage/upload-id.ts";
import { patient } from "../../../support/patience.ts";
import { amount } from "../../../support/switches.ts";
import { bytes, difference, MIB } from "../../bytes.ts";
import { Dice } from "../../dice.ts";
import { file } from "../../driving.ts";
import { TemporaryRoot } from "../temporary-root.ts";

const KILLS = amount("KILLS", 8, 60);
const UPLOADS = 4;
const SIZE = 12 * MIB + 345;
const PROGRAM = join(import.meta.dir, "keep-uploading.ts");

test(
  `${KILLS} kills during ${UPLOADS} uploads: every acknowledged byte exists and is correct, and all uploads complete`,
  async () => {
    await using root = await TemporaryRoot.make();
    const dice = new Dice(20_240_229);
    const contents = Array.from({ length: UPLOADS }, (_, index) => bytes(SIZE, index));
    const state = { kills: 0, inTheMiddle: 0, finished: 0 };
    while (state.kills < KILLS || state.finished <= UPLOADS) {
      const ids = contents.map(() => newUploadId());
      const promised = new Map<string, number>();
      for (let done = false; !done; ) {
        done = await runAndKill(root.root, ids, dice, promised);
        if (!done) state.kills += 1;
        await using disk = await check(root, ids, contents, promised);
        state.inTheMiddle += disk.unfinished;
      }
      for (const [index, id] of ids.entries()) {
        const hash = Bun.SHA256.hash(await readFile(root.in("files", id)), "hex");
        expect(hash).toBe(Bun.SHA256.hash(contents[index] ?? "", "hex"));
        state.finished += 1;
      }
    }
    // Check that kills happened during uploads, and that uploads completed between kills.
    expect(state.inTheMiddle).toBeGreaterThan(KILLS);
    expect(state.finished).toBeGreaterThan(UPLOADS);
  },
  patient(60_000),
);

/** @returns whether the process completed all uploads */
async function runAndKill(
  root: string,
  ids: UploadId[],
  dice: Dice,
  promised: Map<string, number>,
): Promise<boolean> {
  const seed = dice.upTo(1_000_000);
  const child = Bun.spawn([process.execPath, PROGRAM, root, `${seed}`, `${SIZE}`, ...ids], {
    stderr: "inherit",
  });
  let said = "";
  let timer: Timer | undefined;
  const delay = dice.upTo(dice.oneOf(20, 100, 250));
  for await (const chunk of child.stdout.pipeThrough(new TextDecoderStream())) {
    said += chunk;
    if (said.startsWith("ready")) timer ??= setTimeout(() => child.kill("SIGKILL"), delay);
  }
  clearTimeout(timer);
  await child.exited;
  for (const [, id = "", saved] of said.matchAll(/^saved (\S+) (\d+)\n/gm)) promised.set(id, Number(saved));
  return said.endsWith("done\n");
}

/** Opens the root like the next start, and checks all partial uploads. */
async function check(
  root: TemporaryRoot,
  ids: UploadId[],
  contents: Uint8Array<ArrayBuffer>[],
  promised: Map<string, number>,
): Promise<AsyncDisposable & { unfinished: number }> {
  const storage = await root.open();
  const notes = await Array.fromAsync(storage.partialUploads());
  let unfinished = 0;
  for (const [index, id] of ids.entries()) {
    const content = contents[index] ?? new Uint8Array();
    const floor = promised.get(id) ?? 0;
    const note = notes.find((note) => note.id === id);
    if (promised.has(id)) expect(note?.text).toMatch(/^(?:begun|finished|at \d+)$/);
    const path = file(`files/${id}`);
    if ((await storage.find(path)) !== null) {
      expect(difference(await readFile(root.in(path)), content)).toBeNull();
      expect((await storage.published(id, path)) || note?.text === "finished").toBe(true);
      expect(await storage.resume(id)).toBeNull();
      continue;
    }
    if (!note) continue;
    unfinished += 1;
    expect(note.length).toBeGreaterThanOrEqual(floor);
    const there = await readFile(root.in(".sluice", "kept", `${id}.data`));
    expect(there.length).toBe(note.length);
    expect(difference(there, content.subarray(0, there.length))).toBeNull();
  }
  expect(await root.temporaries()).toEqual([]);
  return { unfinished, [Symbol.asyncDispose]: () => storage.close() };
}
