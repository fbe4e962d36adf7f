// The table of problems: every error that clients can receive, with its status, title and remedy.

import { ACCESS_PROBLEMS } from "./access-problems.ts";
import { SERVER_PROBLEMS } from "./server-problems.ts";

/** The fixed part of a problem. */
export interface ProblemRow {
  status: number;
  title: string;
  help: string;
  /** The URI registered for it by a specification (RFC 9457 section 4.2). @default its anchor on `/problems` */
  type?: string;
}

/**
 * Every problem that Sluice can return. `help` is for readers of the docs and says what to do.
 * A new error needs a row here, in `access-problems.ts` if it is about logins and accounts, or in `server-problems.ts` if its
 * status is 5xx; `docs/problems.md` and the page at `/problems` are generated from this table.
 */
export const PROBLEMS = {
  invalid_path: {
    status: 400,
    title: "Invalid path",
    help: "The path or file name breaks one or more rules. `errors` lists each broken rule with a pointer to the segment. Rename the file, or encode the path once as UTF-8.",
  },
  invalid_request: {
    status: 400,
    title: "Invalid request",
    help: "A query parameter, a header or the body has a value that is not allowed. `errors` lists each with a pointer to it.",
  },
  missing_name: {
    status: 400,
    title: "No file name",
    help: 'A POST of a single file needs its name: add `?name=photo.jpg` or a `Content-Disposition: attachment; filename="photo.jpg"` header.',
  },
  no_files: {
    status: 400,
    title: "No files in the form",
    help: "The form was read to its end and no part had a file name. Send files as parts with `filename=`.",
  },
  invalid_multipart: {
    status: 400,
    title: "Broken multipart body",
    help: "The body is not valid multipart/form-data (RFC 7578). Files that were complete before the break are saved and listed.",
  },
  body_incomplete: {
    status: 400,
    title: "The body is incomplete",
    help: "The connection ended, or the framing broke, before the whole body had arrived, or the body is not as long as `Content-Length` announced. Nothing of the unfinished file was saved: send it again. Only an upload at `/uploads` keeps the received bytes and can be resumed.",
  },
  too_many_errors: {
    status: 400,
    title: "Too many errors",
    help: "The list of errors is full, so reading stopped. Files that were saved before remain saved. `--max-errors` sets the limit.",
  },
  content_range: {
    status: 400,
    title: "Partial PUT is not supported",
    help: "A PUT with `Content-Range` would write a part of a file (RFC 9110 section 14.5). Send the whole file without it.",
  },
  invalid_digest: {
    status: 400,
    title: "Unusable digest",
    help: "`Repr-Digest` and `Content-Digest` are dictionaries such as `sha-256=:base64:` (RFC 9530). sha-256 and sha-512 are checked.",
  },
  digest_mismatch: {
    status: 400,
    title: "The digest does not match",
    help: "The received bytes do not match the digest. Nothing was saved: send the file again. At `/uploads`, bytes that do not match `Content-Digest` are discarded and the offset is unchanged: send them again. An upload that does not match its `Repr-Digest` cannot be resumed: start a new one.",
  },
  inconsistent_length: {
    status: 400,
    title: "The upload length does not match",
    help: "The request states a different length from the one the upload already has, or sends bytes past its end. Use HEAD to read the known length, or start a new upload.",
    type: "https://iana.org/assignments/http-problem-types#inconsistent-upload-length",
  },
  upload_complete: {
    status: 400,
    title: "The upload is already complete",
    help: "The file is saved, and nothing can be added to it. `HEAD` on the upload shows its length.",
    type: "https://iana.org/assignments/http-problem-types#completed-upload",
  },
  not_allowed: {
    status: 403,
    title: "Not allowed",
    help: "A grant is missing that this request needs, or the account, token or link may not do this: the detail says which. Without accounts, restart the server with `--allow`. With accounts, an owner grants it with `sluice grant ACCOUNT PATH WORDS`; a token may be limited to less than its account may do.",
  },
  no_access: {
    status: 403,
    title: "The server has no access",
    help: "The operating system does not let the server read or change the file or folder that `detail` names. Its owner can change that (`chmod`, `chown`), or start the server as a user who may.",
  },
  concatenated_upload: {
    status: 403,
    title: "The upload is a concatenation",
    help: "An upload that was made with `Upload-Concat: final` takes no bytes of its own (tus 1.0.0, concatenation). Send them to its parts.",
  },
  cross_origin: {
    status: 403,
    title: "Cross-origin request refused",
    help: "A page of another origin made a browser send this request. Start the server with `--cors ORIGIN` to allow that origin.",
  },
  not_found: {
    status: 404,
    title: "Not found",
    help: "Nothing exists at this URL.",
  },
  unsupported_trailers: {
    status: 400,
    title: "Trailers are not supported",
    help: "The request announces trailers (`Trailer`), which Bun's HTTP server cannot read. Nothing was saved. Send the request without them.",
  },
  method_not_allowed: {
    status: 405,
    title: "Method not allowed",
    help: "This URL does not support the request's method. The `Allow` header lists the methods it supports.",
  },
  idle_timeout: {
    status: 408,
    title: "No data arrived in time",
    help: "No data arrived for longer than `--idle-timeout`. Nothing was saved: send it again. Only an upload at `/uploads` keeps the received bytes and can be resumed.",
  },
  name_taken: {
    status: 409,
    title: "The name is taken",
    help: "An entry with this name exists. Use another name, `conflict=rename`, or `conflict=replace`, which replaces files.",
  },
  is_folder: {
    status: 409,
    title: "This is a folder",
    help: "The request needs a file, but this path is a folder. Choose another name.",
  },
  not_a_folder: {
    status: 409,
    title: "Not a folder",
    help: "A segment of the path that should be a folder is a file. Choose another folder.",
  },
  no_parent: {
    status: 409,
    title: "The folder does not exist",
    help: "By WebDAV, an entry is made only in a folder that exists. Make the folder first (`MKCOL`). `PUT /files/{path}` makes missing folders itself.",
  },
  link_in_path: {
    status: 409,
    title: "The path contains a link",
    help: "Nothing is written or deleted through a symbolic link. Use the real path of the folder.",
  },
  into_itself: {
    status: 409,
    title: "Source and destination overlap",
    help: "A folder cannot be moved or copied into itself, and no entry to its own location. Choose another destination.",
  },
  other_file_system: {
    status: 409,
    title: "The folder is on another file system",
    help: "A file cannot be published atomically into a folder that is mounted from another file system. Serve that file system as a root of its own.",
  },
  mount_point: {
    status: 409,
    title: "A file system is mounted here",
    help: "The folder is the mount point of another file system, or one is mounted inside it. A mount point can be neither moved nor deleted, and a folder around it cannot be deleted. Nothing was deleted: unmount the file system, or delete the other entries one by one.",
  },
  idempotency_key_in_use: {
    status: 409,
    title: "The request is still running",
    help: "A request with the same `Idempotency-Key` has not been answered yet. Try again after `Retry-After` seconds: if it succeeds, the answer is its file.",
  },
  source_changed: {
    status: 409,
    title: "The source changed while it was moved",
    help: "A move from another file system copies, then deletes what it copied. Something was added or changed in the meantime. It was not deleted: `detail` says what stays. Look at both places and move the rest.",
  },
  offset_mismatch: {
    status: 409,
    title: "The offset does not match",
    help: "`Upload-Offset` is not the current offset of the upload. The response's `Upload-Offset` is: resume from there.",
    type: "https://iana.org/assignments/http-problem-types#mismatching-upload-offset",
  },
  upload_gone: {
    status: 410,
    title: "The upload is gone",
    help: "The upload was cancelled, received no data for longer than `--upload-expiry`, exceeded its length or did not match its `Repr-Digest`, or its file no longer exists. Start a new upload.",
  },
  upload_cancelled: {
    status: 410,
    title: "The upload was cancelled",
    help: "An operator of the server has cancelled the upload with `DELETE /api/uploads/{id}`; its bytes are deleted. Ask before you start a new one.",
  },
  misdirected: {
    status: 421,
    title: "Not a name of this server",
    help: "The `Host` of the request is not a name of this server. This keeps a website from reaching a server on your machine through your browser, by making its own name resolve to it (DNS rebinding). Start the server with `--url`, or with `--hostname NAME` for each name under which it is reached, for example the one that a reverse proxy forwards.",
  },
  precondition_failed: {
    status: 412,
    title: "A precondition failed",
    help: "The condition in `If-Match` or `If-None-Match` is false (RFC 9110 section 13). Read the file's current state, then decide whether to retry.",
  },
  unsupported_version: {
    status: 412,
    title: "Unsupported version of tus",
    help: "Every tus request needs `Tus-Resumable` with one of the versions in the response's `Tus-Version`.",
  },
  file_too_large: {
    status: 413,
    title: "The file is too large",
    help: "The file is larger than `--max-file-size`.",
  },
  probe_too_large: {
    status: 413,
    title: "The probe is too large",
    help: "Data sent to `/api/probe` is discarded, and its size and duration are limited. Send files to `/files/`.",
  },
  too_many_files: {
    status: 413,
    title: "Too many files in one form",
    help: "One form holds at most `--max-files` files. Send the rest in another form.",
  },
  body_too_large: {
    status: 413,
    title: "The body is too large",
    help: "A JSON body may have at most 1 MiB. Split it into several requests.",
  },
  unsupported_encoding: {
    status: 415,
    title: "Content-Encoding is not supported",
    help: "Bodies are stored as they are sent. Send the file without `Content-Encoding`, or store the compressed file under its own name.",
  },
  unsupported_type: {
    status: 415,
    title: "Unsupported Content-Type",
    help: "Send the bytes of an upload as `application/offset+octet-stream` (tus) or `application/partial-upload` (Resumable Uploads for HTTP), and requests to `/api` as `application/json`. A form (`multipart/form-data`) goes to a folder, with `POST /files/{folder}/`; `PUT` takes the file itself.",
  },
  expectation_failed: {
    status: 417,
    title: "Expectation cannot be met",
    help: "The client waited for `100 Continue`, which Bun's HTTP server sends only if `Expect: 100-continue` is in lower case. Nothing was saved. Send the request without `Expect`.",
  },
  idempotency_key_reused: {
    status: 422,
    title: "The Idempotency-Key belongs to another request",
    help: "An earlier request with this `Idempotency-Key` had other bytes or another path. Nothing was saved. Send a new upload with a key of its own.",
  },
  upload_locked: {
    status: 423,
    title: "The upload is in use",
    help: "An earlier request to this upload is still ending. Try again after `Retry-After` seconds.",
  },
  locked: {
    status: 423,
    title: "Locked",
    help: "A client has locked the file or folder by WebDAV: until the lock ends, only this client can change, move or remove the entry; locks hold for every protocol. The detail says until when. An owner of the server can release a lock with `UNLOCK`, and without accounts everybody can: the property `lockdiscovery` shows the token.",
  },
  no_such_lock: {
    status: 409,
    title: "No such lock",
    help: "The lock of this token has expired or been released, or does not cover the path of the request. Lock the file again before you change it.",
  },
  too_many_locks: {
    status: 429,
    title: "Too many locks",
    help: "An account, or a client without one, may have 1,000 locks, and all together 10,000; 32 may share one file. Release some with `UNLOCK`, or wait: a lock lasts an hour at most unless it is renewed.",
  },
  checksum_mismatch: {
    status: 460,
    title: "The checksum does not match",
    help: "The received bytes do not match `Upload-Checksum`. They were discarded and the offset is unchanged: send them again.",
  },
  range_not_satisfiable: {
    status: 416,
    title: "The file is shorter",
    help: "`Range` requests bytes past the end of the file; `Content-Range` states its length (RFC 9110 section 14).",
  },
  ...ACCESS_PROBLEMS,
  ...SERVER_PROBLEMS,
} as const satisfies Record<string, ProblemRow>;

/** The name of a problem: stable, for programs. */
export type ProblemCode = keyof typeof PROBLEMS;

/** The URI that names a problem (RFC 9457 section 3.1.1). */
export function typeOf(code: ProblemCode): string {
  const { type }: ProblemRow = PROBLEMS[code];
  return type ?? `/problems#/${code}`;
}
