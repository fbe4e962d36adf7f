// Counts the changes of the tree towards the quotas: publication, removal, moves, and folders that arrive. Each runs the step that makes the change.

import { checkFolderPath, type FilePath } from "../../../path.ts";
import type { Entry, Moved } from "../../../storage/entry.ts";
import type { Claim } from "./claim.ts";
import { isRefusal, type Quotas } from "./quotas.ts";

/** Publishes a file: what its claim has reserved becomes used. The caller of `replace` holds the lock of the path. @throws Problem quota_exceeded */
export async function countFile<M extends Moved>(
  quotas: Quotas,
  claim: Claim,
  { to, size, replace }: { to: FilePath; size: number; replace: boolean },
  step: () => Promise<M>,
): Promise<M> {
  if (quotas.above(to).length === 0) return await step();
  return await quotas.locks.withLocks([to], async () => {
    const before = replace ? await quotas.sizeOf(to) : 0;
    claim.cover(size, before);
    return await quotas.changeFiles([to], async (changed) => {
      const published = await step();
      // No await between the two: the bytes are always either reserved or used.
      changed(to, { before: published.replaced ? before : 0, after: sizeOf(published.entry) });
      claim.release();
      return published;
    });
  });
}

/** Publishes a copied or restored entry; `size`: its bytes. @throws Problem quota_exceeded */
export async function countArrival<M extends Moved>(
  quotas: Quotas,
  claim: Claim,
  { to, kind, size, replace }: { to: FilePath; kind: Entry["kind"]; size: number; replace: boolean },
  step: () => Promise<M>,
): Promise<M> {
  if (kind === "file") return await countFile(quotas, claim, { to, size, replace }, step);
  const inside = quotas.below(to);
  if (quotas.above(to, "folder").length + inside.length === 0) return await step();
  claim.cover(size);
  return await quotas.measuring.changeFolders([to], async () => {
    const moved = await step();
    const arriving = quotas.above(to, "folder");
    // Not `size`: that has bytes of files whose names clients cannot be shown.
    const counted = quotas.measuring.count(checkFolderPath(to), async ({ bytes, disturbed, changing }) => {
      if (disturbed || changing) quotas.doubt(arriving);
      else quotas.add(arriving, bytes);
    });
    await counted.catch(() => quotas.doubt(arriving));
    claim.release();
    quotas.doubt(inside);
    return moved;
  });
}

/** Removes an entry, or puts it into the trash. @throws the error of the step; Problem when a folder cannot be counted */
export async function countRemoval<T>(quotas: Quotas, path: FilePath, step: () => Promise<T>): Promise<T> {
  if (quotas.above(path, "folder").length + quotas.below(path).length === 0) return await step();
  const entry = await quotas.storage.find(path);
  if (entry?.kind === "folder") return await countFolder(quotas, { from: path }, step);
  return await quotas.locks.withLocks([path], async () => {
    const before = await quotas.storage.find(path);
    const result = await quotas.changeFiles([path], async (changed) => {
      const result = await step();
      if (before?.kind === "file") changed(path, { before: before.size, after: 0 });
      return result;
    });
    // It became a folder at this moment.
    if (before?.kind !== "file") await quotas.recount([path]);
    return result;
  });
}

/** Moves an entry, whose bytes must fit into the quotas that do not count it yet. @throws Problem quota_exceeded */
export async function countMove<M extends Moved>(
  quotas: Quotas,
  { from, to, kind, replace }: { from: FilePath; to: FilePath; kind: Entry["kind"]; replace: boolean },
  step: () => Promise<M>,
): Promise<M> {
  if (kind === "folder") return await countFolder(quotas, { from, to }, step);
  if (quotas.above(from).length + quotas.above(to).length === 0) return await step();
  return await quotas.locks.withLocks([from, to], async () => {
    const size = await quotas.sizeOf(from);
    const replaced = replace ? await quotas.sizeOf(to) : 0;
    using _claim = await quotas.claim({ path: to, size, replaced, from });
    const moved = await quotas.changeFiles([from, to], async (changed) => {
      const moved = await step();
      if (moved.entry.kind === "file") {
        changed(to, { before: moved.replaced ? replaced : 0, after: size });
        changed(from, { before: size, after: 0 });
      }
      return moved;
    });
    // It became a folder at this moment.
    if (moved.entry.kind === "folder") await quotas.recount([from, to]);
    return moved;
  });
}

/** Moves a folder, or removes it without `to`: counts it first, about 100,000 entries per second. */
async function countFolder<T>(
  quotas: Quotas,
  { from, to }: { from: FilePath; to?: FilePath },
  step: () => Promise<T>,
): Promise<T> {
  const before = quotas.above(from, "folder");
  const after = to === undefined ? [] : quotas.above(to, "folder");
  const leaving = before.filter((quota) => !after.includes(quota));
  const arriving = after.filter((quota) => !before.includes(quota));
  const insideTarget = to === undefined ? [] : quotas.below(to);
  const inside = [...quotas.below(from), ...insideTarget];
  const all = [...leaving, ...arriving, ...inside];
  if (all.length === 0) return await step();
  await quotas.measuring.measured([...arriving, ...insideTarget]);
  return await quotas.measuring.changeFolders(to === undefined ? [from] : [from, to], async () => {
    try {
      // A folder replaces nothing, so the step will fail: no need to count.
      if (to !== undefined && (await quotas.storage.find(to))) return await step();
      return await quotas.measuring.count(checkFolderPath(from), async (tally) => {
        const { bytes: size } = tally;
        using _claim = to === undefined ? null : quotas.claimNow({ path: to, kind: "folder", size, from });
        const result = await step();
        quotas.add(leaving, -tally.bytes);
        quotas.add(arriving, tally.bytes);
        quotas.doubt(tally.disturbed || tally.changing ? all : inside);
        return result;
      });
    } catch (error) {
      // A removal that fails may have removed a part.
      if (to === undefined || !isRefusal(error)) quotas.doubt(all);
      throw error;
    }
  });
}

function sizeOf(entry: Entry): number {
  return entry.kind === "file" ? entry.size : 0;
}
