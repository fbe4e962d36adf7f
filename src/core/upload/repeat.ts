// Recognizes a repeated upload, sent again because its answer was lost: by its Idempotency-Key, or by its digest.

import { Problem } from "../../errors.ts";
import { unconditional } from "../../http/conditions.ts";
import type { Digest } from "../../http/digest.ts";
import type { FilePath } from "../../path.ts";
import type { FileEntry } from "../../storage/entry.ts";
import type { Storage } from "../../storage/storage.ts";
import { IDENTITY, isSameDigest } from "../digest/digester.ts";
import type { FileDigestCache } from "../digest/file-digests.ts";
import { buildFlowReport, NO_TIMINGS } from "../report/flow-report.ts";
import type { Receipt, Receipts } from "./receipts.ts";
import { type SaveResult, savedFile } from "./saved-file.ts";
import type { UploadRequest } from "./upload-request.ts";

/** The part of the uploader that is needed here. */
export interface RepeatServices {
  readonly storage: Storage;
  readonly receipts: Receipts;
  readonly fileDigests: FileDigestCache;
}

type Request = Omit<UploadRequest, "networkSeconds">;

/** The bytes of an upload, as far as they are known. */
interface Bytes {
  size: number | undefined;
  digest: Digest | null;
}

/**
 * Looks for the saved file before a byte is read, which is possible if the length and a digest are announced.
 * @returns null when there is none, or when the bytes must be read to know
 * @throws Problem idempotency_key_reused
 */
export async function findRepeated(services: RepeatServices, request: Request): Promise<SaveResult | null> {
  const started = performance.now();
  const { size, digests, wantedDigest, path } = request;
  const digest = digests.find(({ algorithm }) => algorithm === IDENTITY) ?? digests[0] ?? null;
  const receipt = receiptOf(services, request, { size, digest });
  if (size === undefined || digest === null || !(receipt || keepsExisting(request))) return null;
  const entry = await sameFile(services, receipt?.path ?? path, size, digest);
  if (!entry) return null;
  const flow = buildFlowReport({ ...NO_TIMINGS, seconds: (performance.now() - started) / 1000 });
  return {
    file: savedFile(entry, path, flow, true),
    replaced: false,
    digest: wantedDigest && (await services.fileDigests.of(entry, wantedDigest)),
  };
}

/** The receipt of the request's key. @throws Problem idempotency_key_reused when it is one of another path or other bytes */
export function receiptOf(
  { receipts }: Pick<RepeatServices, "receipts">,
  { key, path }: Request,
  { size, digest }: Bytes,
): Receipt | null {
  const receipt = key === undefined ? undefined : receipts.find(key);
  if (!receipt) return null;
  const otherBytes =
    (size !== undefined && size !== receipt.size) ||
    (digest?.algorithm === receipt.digest.algorithm && !isSameDigest(digest, receipt.digest));
  if (receipt.target !== path || otherBytes)
    throw new Problem(
      "idempotency_key_reused",
      `An earlier request with this \`Idempotency-Key\` had ${otherBytes ? "other bytes" : "another path"}: use a new key for each upload.`,
    );
  return receipt;
}

/** A file was removed, or replaced by a folder, after it was found; or it is behind a link, where nothing can be saved. */
const GONE: ReadonlySet<string> = new Set(["not_found", "is_folder", "link_in_path"]);

/** The file under a path if it consists of these bytes, else null; it survives a power cut then. @throws Problem */
export async function sameFile(
  { storage, fileDigests }: Pick<RepeatServices, "storage" | "fileDigests">,
  path: FilePath,
  size: number,
  digest: Digest,
): Promise<FileEntry | null> {
  const entry = await storage.find(path);
  if (entry?.kind !== "file" || entry.size !== size) return null;
  try {
    const actual = await fileDigests.of(entry, digest.algorithm);
    if (!actual || !isSameDigest(actual, digest)) return null;
    // The upload that gave it its name may still be syncing the folder, and other programs sync nothing.
    await storage.makeDurable(path);
    return entry;
  } catch (error) {
    if (error instanceof Problem && GONE.has(error.code)) return null;
    throw error;
  }
}

/**
 * Whether an existing file is answered if its bytes are the same; otherwise it would be replaced, or the upload refused. A
 * client that may not read must send the bytes: it could find out short texts of others by trying digests.
 */
function keepsExisting({ conflict, conditions, may }: Request): boolean {
  if (!may.read) return false;
  const keeps = conflict === "rename" || (conflict === "replace" && !may.replace);
  return keeps && unconditional(conditions);
}
