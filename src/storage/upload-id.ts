// The id of a partial upload: a client resumes by it, and the storage names the bytes after it.

declare const checked: unique symbol;

/** 22 to 64 letters, digits, `-` and `_`: safe in URLs and file names. A write capability: keep it secret. */
export type UploadId = string & { readonly [checked]: "upload" };

const FORM = /^[A-Za-z0-9_-]{22,64}$/;

/** Checks the form only, not whether such an upload exists. */
export function isUploadId(text: string): text is UploadId {
  return FORM.test(text);
}

/** A new id of 128 random bits. */
export function newUploadId(): UploadId {
  const id = crypto
    .getRandomValues(new Uint8Array(16))
    .toBase64({ alphabet: "base64url", omitPadding: true });
  if (!isUploadId(id)) throw new TypeError("16 bytes are 22 letters of base64url.");
  return id;
}
