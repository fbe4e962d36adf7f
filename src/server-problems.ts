// The rows of the table of problems with a status of 5xx: the server cannot do now what a correct request asks for.

/** Part of `PROBLEMS`. */
export const SERVER_PROBLEMS = {
  internal: {
    status: 500,
    title: "Internal error",
    help: "The server has a defect. Its log contains the details under the id and time of the request.",
  },
  storage_failed: {
    status: 500,
    title: "The storage failed",
    help: "The disk reported an error. Nothing was saved. The server's log names the error; check the disk.",
  },
  storage_read_only: {
    status: 503,
    title: "The storage cannot be written",
    help: "The root is read-only, or the server is not permitted to write to it. Check its mount options and owner; once they are right, the server writes without a restart.",
  },
  storage_gone: {
    status: 503,
    title: "The root is gone",
    help: "The served folder was removed, moved, unmounted or replaced by another one while the server was running. Nothing is read from or written to the other one. Put the folder back, or mount the same file system again, and the server goes on; to serve another folder there, restart it.",
  },
  too_many_uploads: {
    status: 503,
    title: "Too many uploads at once",
    help: "The server is already running `--max-uploads` uploads. Try again after `Retry-After` seconds.",
  },
  too_many_probes: {
    status: 503,
    title: "Too many probes at once",
    help: "The server is already running its maximum number of `sluice doctor URL` tests. Try again after `Retry-After` seconds.",
  },
  too_many_searches: {
    status: 503,
    title: "Too many searches at once",
    help: "The server is already running its maximum number of searches. Try again after `Retry-After` seconds.",
  },
  too_many_listeners: {
    status: 503,
    title: "Too many event listeners",
    help: "The maximum number of clients is already listening to `GET /api/uploads/events`. Try again after `Retry-After` seconds, or poll `GET /api/uploads`.",
  },
  too_many_archives: {
    status: 503,
    title: "Too many archives at once",
    help: "The server is already sending its maximum number of archives. Try again after `Retry-After` seconds.",
  },
  too_many_waiting: {
    status: 503,
    title: "Too many unfinished uploads",
    help: "The unfinished uploads, or those of your address, are as many or as large as `--max-waiting` allows. The detail says which. Try again when some are finished or have expired, or cancel some with `DELETE`.",
  },
  too_many_jobs: {
    status: 503,
    title: "Too many copies at once",
    help: "The copy queue is full. Try again after `Retry-After` seconds, or cancel some under `/api/jobs`.",
  },
  hook_failed: {
    status: 503,
    title: "The operator's check gave no answer",
    help: "A program that the operator of this server runs before uploads did not answer in time, or could not be started. Nothing was saved. The server's log names the hook; try again after `Retry-After` seconds.",
  },
  logins_busy: {
    status: 503,
    title: "Too many logins at once",
    help: "Passwords are checked one after the other, and the maximum number is already waiting. Try again after `Retry-After` seconds. Sessions and tokens are not affected.",
  },
  provider_failed: {
    status: 502,
    title: "The identity provider failed",
    help: "The provider that `--oidc-issuer` names cannot be reached, or refuses this server. Its log and that of the server say why: check the issuer, the id and the secret of the client, and the redirect address that the provider has for it. Other ways to log in are not affected.",
  },
  out_of_files: {
    status: 503,
    title: "No file descriptors left",
    help: "The process has reached its limit of open files. Raise `ulimit -n`, or lower `--max-uploads`.",
  },
  draining: {
    status: 503,
    title: "The server is stopping",
    help: "The server finishes running requests and accepts no new ones. Try again when it is back.",
  },
  quota_exceeded: {
    status: 507,
    title: "A quota is used up",
    help: "The folder, or one above it, has a quota, and the file or folder does not fit into what is left of it: the detail says how much is used, and how much unfinished uploads and copies have reserved. Delete files in that folder, cancel unfinished uploads, or raise the quota.",
  },
  storage_full: {
    status: 507,
    title: "Not enough space",
    help: "The disk is full, a quota of the file system is used up, or the file would leave less than `--keep-free`. Nothing of this file was saved.",
  },
  too_many_properties: {
    status: 507,
    title: "Too many properties",
    help: "The properties that WebDAV clients keep with one file or folder may have 64 KiB together, and all of them 256 MiB. None of this request was stored. Remove properties with `PROPPATCH`.",
  },
} as const;
