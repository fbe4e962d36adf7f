// The rows of WebDAV.

import { EXCLUSIVE_LOCK, MODIFIED } from "../../../support/dav.ts";
import { type Asked, type Row, unique } from "./prepared.ts";

const file = (folder: string): string => `${folder}/asked.txt`;
const at = (path: string, more: Partial<Asked> = {}): Asked => ({
  url: `/dav/${path}`,
  needs: [path],
  ...more,
});

const BELOW: Record<string, Row> = {
  OPTIONS: { by: "public", ask: (folder) => at(folder) },
  PROPFIND: {
    by: "paths",
    done: [207],
    ask: (folder) => ({ url: `/dav/${folder}/`, headers: "Depth: 1\r\n", lists: [folder] }),
  },
  PROPPATCH: { by: "paths", done: [207], ask: (folder) => at(file(folder), { body: MODIFIED }) },
  GET: { by: "paths", ask: (folder) => at(file(folder)) },
  PUT: { by: "paths", ask: (folder) => at(`${folder}/${unique("dav-put")}`, { body: "x" }) },
  MKCOL: { by: "paths", ask: (folder) => at(`${folder}/${unique("dav-made")}`) },
  DELETE: {
    by: "paths",
    files: (folder) => [`${folder}/doomed.txt`],
    ask: (folder) => at(`${folder}/doomed.txt`),
  },
  MOVE: {
    by: "paths",
    files: (folder) => [`${folder}/movable.txt`],
    ask: (folder) => transfer(`${folder}/movable.txt`, `team/own/${unique("dav-moved")}`),
  },
  COPY: {
    by: "paths",
    ask: (folder) => transfer("team/own/asked.txt", `${folder}/${unique("dav-copied")}`),
  },
  LOCK: { by: "paths", ask: (folder) => at(`${folder}/${unique("dav-locked")}`, { body: EXCLUSIVE_LOCK }) },
  // Without a lock: the token of no lock is refused later than who may not write.
  UNLOCK: {
    by: "paths",
    done: [409],
    ask: (folder) => at(file(folder), { headers: "Lock-Token: <urn:uuid:none>\r\n" }),
  },
};

function transfer(from: string, to: string): Asked {
  return { url: `/dav/${from}`, headers: `Destination: /dav/${to}\r\n`, needs: [from, to] };
}

const OPEN: Row = { by: "public", ask: () => ({ url: "/" }) };
/** Nothing but reading is done to the root. */
const root = (...done: number[]): Row => ({
  by: "paths",
  done,
  ask: () => ({ url: "/dav/", lists: [""] }),
});

export const DAV_ROWS: Record<string, Row> = {
  ...Object.fromEntries(Object.entries(BELOW).map(([method, row]) => [`${method} /dav/*`, row])),
  "OPTIONS /dav": OPEN,
  "PROPFIND /dav": root(207),
  "GET /dav": root(200, 303),
  ...Object.fromEntries(
    ["PROPPATCH", "PUT", "MKCOL", "DELETE", "MOVE", "COPY", "LOCK", "UNLOCK"].map((method) => [
      `${method} /dav`,
      root(403),
    ]),
  ),
  "OPTIONS /": OPEN,
  "PROPFIND /": OPEN,
};
