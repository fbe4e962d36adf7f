// The rows of the matrix: the requests of each route at a place, and the paths that they need.

import { ACCOUNT_ROWS, open } from "./account-rows.ts";
import { DAV_ROWS } from "./dav-rows.ts";
import { copying, json, type Row, trashed, unique, uploading } from "./prepared.ts";

const probe = (query = ""): Row => ({
  by: "paths",
  ask: () => ({ url: `/api/probe${query}`, needs: ["team/own"] }),
});
const TUS = "Tus-Resumable: 1.0.0\r\n";
/** Its URL is the permission, so that one that was made up opens nothing. */
const session = (more = ""): Row => ({
  by: "public",
  ask: () => ({ url: `/uploads/${"a".repeat(22)}`, headers: TUS + more }),
});

export const ROWS: Record<string, Row> = {
  "GET /files/*": {
    by: "paths",
    ask: (folder) => ({ url: `/files/${folder}/asked.txt`, needs: [`${folder}/asked.txt`] }),
  },
  "PUT /files/*": {
    by: "paths",
    ask: (folder) => {
      const path = `${folder}/${unique("put")}.txt`;
      return { url: `/files/${path}`, body: "x", needs: [path] };
    },
  },
  "POST /files/*": {
    by: "paths",
    ask: (folder) => {
      const name = unique("post");
      return { url: `/files/${folder}/?name=${name}`, body: "x", needs: [`${folder}/${name}`] };
    },
  },
  "DELETE /files/*": {
    by: "paths",
    files: (folder) => [`${folder}/doomed.txt`],
    ask: (folder) => ({ url: `/files/${folder}/doomed.txt`, needs: [`${folder}/doomed.txt`] }),
  },
  "GET /api/entries": {
    by: "paths",
    ask: (folder) => ({ url: `/api/entries?folder=${folder}&hidden=true`, lists: [folder] }),
  },
  "GET /api/search": {
    by: "paths",
    ask: (folder) => ({ url: `/api/search?folder=${folder}&query=txt`, lists: [folder] }),
  },
  "GET /api/usage": {
    by: "paths",
    ask: (folder) => ({ url: `/api/usage?folder=${folder}`, lists: [folder] }),
  },
  "GET /api/archive": {
    by: "paths",
    ask: (folder) => ({ url: `/api/archive?folder=${folder}&format=tar`, needs: [folder] }),
  },
  "POST /api/folders": {
    by: "paths",
    ask: (folder) => {
      const path = `${folder}/${unique("made")}`;
      return json("/api/folders", { path }, [path]);
    },
  },
  "POST /api/move": {
    by: "paths",
    files: (folder) => [`${folder}/movable.txt`],
    ask: (folder) => {
      const [from, to] = [`${folder}/movable.txt`, `team/own/${unique("moved")}`];
      return json("/api/move", { from, to }, [from, to]);
    },
  },
  "POST /api/copy": {
    by: "paths",
    ask: (folder) => {
      const [from, to] = ["team/own/asked.txt", `${folder}/${unique("copied")}`];
      return json("/api/copy", { from, to }, [from, to]);
    },
  },
  "POST /api/batch": {
    by: "paths",
    files: (folder) => [`${folder}/doomed.txt`],
    ask: (folder) => {
      const path = `${folder}/doomed.txt`;
      return json("/api/batch", { operations: [{ op: "delete", path }] }, [path]);
    },
  },
  "GET /api/trash": { ...trashed, by: "paths", ask: () => ({ url: "/api/trash", needs: ["team/own"] }) },
  "POST /api/trash/restore": {
    ...trashed,
    by: "paths",
    ask: (folder, id) => json("/api/trash/restore", { id }, [`${folder}/hidden`]),
  },
  "DELETE /api/trash/:id": {
    ...trashed,
    by: "paths",
    ask: (folder, id) => ({ url: `/api/trash/${id}`, needs: [`${folder}/hidden`] }),
  },
  "GET /api/jobs": { ...copying, by: "paths", ask: () => ({ url: "/api/jobs", needs: ["team/own"] }) },
  "GET /api/jobs/:id": {
    ...copying,
    by: "paths",
    // A hidden job is like one that does not exist.
    ask: (folder, id) => ({ url: `/api/jobs/${id}`, needs: [`${folder}/hidden`] }),
  },
  "DELETE /api/jobs/:id": {
    ...copying,
    by: "paths",
    ask: (folder, id) => ({ url: `/api/jobs/${id}`, needs: [`${folder}/hidden`] }),
  },
  "GET /api/uploads": {
    ...uploading,
    by: "paths",
    ask: () => ({ url: "/api/uploads", needs: ["team/own"] }),
  },
  "GET /api/uploads/:id": {
    ...uploading,
    by: "paths",
    ask: (_, id) => ({ url: `/api/uploads/${id}`, needs: ["team/own"] }),
  },
  "GET /api/uploads/events": {
    ...uploading,
    by: "paths",
    streams: true,
    ask: () => ({ url: "/api/uploads/events", needs: ["team/own"] }),
  },
  "DELETE /api/uploads/:id": {
    ...uploading,
    by: "paths",
    ask: (folder, id) => ({ url: `/api/uploads/${id}`, needs: [`${folder}/hidden`] }),
  },
  "POST /uploads": {
    by: "paths",
    ask: (folder) => {
      const path = `${folder}/${unique("tus")}`;
      return { url: `/uploads?path=${path}`, headers: `${TUS}Upload-Length: 0\r\n`, needs: [path] };
    },
  },
  "OPTIONS /uploads": open("/uploads"),
  "OPTIONS /uploads/:id": session(),
  "HEAD /uploads/:id": session(),
  "GET /uploads/:id": session(),
  "PATCH /uploads/:id": session("Upload-Offset: 0\r\nContent-Type: application/offset+octet-stream\r\n"),
  "DELETE /uploads/:id": session(),
  "POST /uploads/:id": session(),
  ...ACCOUNT_ROWS,
  ...DAV_ROWS,
  "GET /api/me": { by: "anyone", ask: (folder) => ({ url: `/api/me?folder=${folder}` }) },
  "GET /health": open("/health"),
  "GET /metrics": { by: "paths", ask: () => ({ url: "/metrics", needs: [""] }) },
  "GET /api/probe": probe("?bytes=1"),
  "PUT /api/probe": probe(),
  "POST /api/probe": probe(),
  "PATCH /api/probe": probe(),
  "DELETE /api/probe": probe(),
  "GET /problems": open("/problems"),
  "GET /swagger": open("/swagger"),
  "GET /swagger/json": open("/swagger/json"),
  // Nobody gets the page that asks for a login.
  "GET /": { by: "paths", ask: () => ({ url: "/", headers: "Accept: text/html\r\n", lists: [""] }) },
  "GET /setup": open("/setup"),
  "GET /invite": open("/invite"),
};
