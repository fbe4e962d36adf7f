// Uploads one file: a small file in a single PUT request, a large one as a resumable upload.
// @ts-check
import { networkProblem, parseJson, unreadableFile } from "../server/problem.js";
import { isReadable, sendRequest } from "../server/xhr.js";
import { uploadResumable } from "./resumable.js";
import { resultFrom } from "./upload-result.js";

/** @import { UploadRequest } from "./resumable.js" */
/** @import { UploadResult } from "./upload-result.js" */

/** Up to this size, sending a file again costs less than an additional request for every small file. */
const MAX_SINGLE_REQUEST_BYTES = 8 * 1024 * 1024;

/**
 * Never rejects.
 * @param {UploadRequest} request
 * @returns {Promise<UploadResult>}
 */
export async function uploadFile(request) {
  const { path, file, id, signal, target, onSent, onAllSent } = request;
  if (target.putUrl === undefined || file.size > MAX_SINGLE_REQUEST_BYTES)
    return await uploadResumable(request);
  const response = await sendRequest({
    method: "PUT",
    url: target.putUrl(path),
    headers: {
      Accept: "application/json, application/problem+json",
      "Content-Type": "application/octet-stream",
      "X-OC-Mtime": `${file.lastModified / 1000}`,
      "X-Request-Id": id,
    },
    body: file,
    signal,
    onSent,
    onAllSent,
  });
  if (response === "aborted") return { cancelled: true };
  if (response === "network-error")
    return { problem: (await isReadable(file)) ? networkProblem() : unreadableFile() };
  // A 413 that is not Sluice's comes from a proxy, which may accept the file in smaller requests.
  if (response.status === 413 && parseJson(response.body)?.["code"] === undefined)
    return await uploadResumable(request);
  return resultFrom(response.status, response.body);
}
