// The closed table of problems: every error a client can meet, with its status, title and what to do about it.

/** The fixed part of a problem. */
export interface ProblemRow {
  status: number;
  title: string;
  help: string;
  /** The URI a specification registers for it (RFC 9457 section 4.2). @default its place on `/problems` */
  type?: string;
}

/**
 * Every problem Sluice can answer with. `help` is for the reader of the docs and says what to do.
 * Adding a row here is the only way to make a new error; `docs/problems.md` and the page at `/problems` are
 * written from this table.
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
    help: "A query parameter, a header or the body has a value that is not allowed. `errors` points to each.",
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
    help: "The connection ended, or the framing broke, before the whole body had arrived. Nothing of the unfinished file was saved: send it again. Only an upload at `/uploads` keeps what arrived.",
  },
  too_many_errors: {
    status: 400,
    title: "Too many errors",
    help: "The list of errors is full, so reading stopped. What was saved before stays saved. `--max-errors` sets the limit.",
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
    help: "The server was started without the grant this request needs. `--allow` grants it.",
  },
  concatenated_upload: {
    status: 403,
    title: "The upload is a concatenation",
    help: "An upload that was made with `Upload-Concat: final` takes no bytes of its own (tus 1.0.0, concatenation). Send them to its parts.",
  },
  cross_origin: {
    status: 403,
    title: "Cross-origin request refused",
    help: "A page of another origin asked a browser to send this. `--cors ORIGIN` lets that origin in.",
  },
  not_found: {
    status: 404,
    title: "Not found",
    help: "There is nothing under this URL.",
  },
  method_not_allowed: {
    status: 405,
    title: "Method not allowed",
    help: "This URL exists, with other methods: see the `Allow` header.",
  },
  idle_timeout: {
    status: 408,
    title: "No data arrived in time",
    help: "The upload was silent for longer than `--idle-timeout`. Nothing was saved: send it again. Only an upload at `/uploads` keeps what arrived.",
  },
  name_taken: {
    status: 409,
    title: "The name is taken",
    help: "An entry with this name exists. Use another name, `conflict=rename`, or `conflict=replace`, which replaces files.",
  },
  is_folder: {
    status: 409,
    title: "This is a folder",
    help: "The request needs a file, and a folder has this name.",
  },
  not_a_folder: {
    status: 409,
    title: "Not a folder",
    help: "A segment of the path that should be a folder is a file. Choose another folder.",
  },
  link_in_path: {
    status: 409,
    title: "The path contains a link",
    help: "Nothing is written or deleted through a symbolic link. Use the real path of the folder.",
  },
  into_itself: {
    status: 409,
    title: "Source and destination overlap",
    help: "A folder cannot be moved or copied into itself, and nothing to where it is already. Choose another target.",
  },
  other_file_system: {
    status: 409,
    title: "The folder is on another file system",
    help: "A file cannot be published atomically into a folder that is mounted from another file system. Serve that file system as a root of its own.",
  },
  mount_point: {
    status: 409,
    title: "A file system is mounted here",
    help: "The folder is where another file system is mounted: it can be neither moved nor removed, only what is in it.",
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
    help: "It was cancelled, nothing came for longer than `--upload-expiry`, its bytes went past its length or were not those of its `Repr-Digest`, or its file is not there any more. Start a new upload.",
  },
  precondition_failed: {
    status: 412,
    title: "A precondition failed",
    help: "`If-Match` or `If-None-Match` did not hold (RFC 9110 section 13). Look at the file again, then decide.",
  },
  unsupported_version: {
    status: 412,
    title: "Unsupported version of tus",
    help: "Every request of tus needs `Tus-Resumable` with one of the versions in the answer's `Tus-Version`.",
  },
  file_too_large: {
    status: 413,
    title: "The file is too large",
    help: "The file is larger than `--max-file-size`.",
  },
  probe_too_large: {
    status: 413,
    title: "The probe is too large",
    help: "What is sent to `/api/probe` is dropped, and bounded in bytes and time. Files are sent to `/files/`.",
  },
  too_many_files: {
    status: 413,
    title: "Too many files in one form",
    help: "One form holds at most `--max-files` files. Send the rest in another form.",
  },
  body_too_large: {
    status: 413,
    title: "The body is too large",
    help: "The body is JSON that says what to do, and has at most 1 MiB. Do it in several requests.",
  },
  unsupported_encoding: {
    status: 415,
    title: "Content-Encoding is not supported",
    help: "Bodies are stored as they are sent. Send the file without `Content-Encoding`, or store the compressed file under its own name.",
  },
  unsupported_type: {
    status: 415,
    title: "Unsupported Content-Type",
    help: "The bytes of an upload are sent as `application/offset+octet-stream` (tus) or `application/partial-upload` (Resumable Uploads for HTTP), what is to be done under `/api` as `application/json`.",
  },
  upload_locked: {
    status: 423,
    title: "The upload is in use",
    help: "An earlier request to this upload is still ending. Try again after `Retry-After` seconds.",
  },
  checksum_mismatch: {
    status: 460,
    title: "The checksum does not match",
    help: "The received bytes do not match `Upload-Checksum`. They were discarded and the offset is unchanged: send them again.",
  },
  range_not_satisfiable: {
    status: 416,
    title: "The file is shorter",
    help: "`Range` asks for bytes behind the end of the file; `Content-Range` says how many it has (RFC 9110 section 14).",
  },
  internal: {
    status: 500,
    title: "Internal error",
    help: "A defect in the server. Its log has the details under the time of the request.",
  },
  storage_failed: {
    status: 500,
    title: "The storage failed",
    help: "The disk reported an error. Nothing was saved. The server's log names the error; check the disk.",
  },
  storage_read_only: {
    status: 503,
    title: "The storage cannot be written",
    help: "The root is read-only, or the server may not write there. Check its mount and its owner.",
  },
  storage_gone: {
    status: 503,
    title: "The root is gone",
    help: "The served folder was removed or unmounted while the server was running. Put it back and restart the server.",
  },
  too_many_uploads: {
    status: 503,
    title: "Too many uploads at once",
    help: "`--max-uploads` are running. Try again after `Retry-After` seconds.",
  },
  too_many_probes: {
    status: 503,
    title: "Too many probes at once",
    help: "Others run `sluice doctor URL` against this server. Try again after `Retry-After` seconds.",
  },
  too_many_searches: {
    status: 503,
    title: "Too many searches at once",
    help: "The server is already running its maximum number of searches. Try again after `Retry-After` seconds.",
  },
  too_many_listeners: {
    status: 503,
    title: "Too many event listeners",
    help: "The maximum number of clients already listens to `GET /api/uploads/events`. Try again after `Retry-After` seconds, or poll `GET /api/uploads`.",
  },
  too_many_archives: {
    status: 503,
    title: "Too many archives at once",
    help: "The server is already sending its maximum number of archives. Try again after `Retry-After` seconds.",
  },
  too_many_waiting: {
    status: 503,
    title: "Too many unfinished uploads",
    help: "`--max-waiting` uploads are unfinished. Try again when some are finished or have expired.",
  },
  too_many_jobs: {
    status: 503,
    title: "Too many copies at once",
    help: "The copy queue is full. Try again after `Retry-After` seconds, or cancel some under `/api/jobs`.",
  },
  out_of_files: {
    status: 503,
    title: "No file descriptors left",
    help: "The process reached its limit of open files. Raise `ulimit -n`, or lower `--max-uploads`.",
  },
  draining: {
    status: 503,
    title: "The server is stopping",
    help: "The server finishes running requests and accepts no new ones. Try again when it is back.",
  },
  storage_full: {
    status: 507,
    title: "Not enough space",
    help: "The disk is full, a quota is used up, or the file would leave less than `--keep-free`. Nothing of this file was saved.",
  },
} as const satisfies Record<string, ProblemRow>;

/** The name of a problem: stable, for programs. */
export type ProblemCode = keyof typeof PROBLEMS;

/** The URI that names a problem (RFC 9457 section 3.1.1). */
export function typeOf(code: ProblemCode): string {
  const { type }: ProblemRow = PROBLEMS[code];
  return type ?? `/problems#/${code}`;
}
