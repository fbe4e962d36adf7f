// The rows of the matrix: what each route asks for at a place, and which paths it needs there.

import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import type { AccessServer } from "../../support/access.ts";
import { connect } from "../../support/raw.ts";
import { until } from "../../support/server.ts";

/** Own, a sibling, one whose name begins like one's own, and the folder above. */
export const PLACES = {
  own: "team/own",
  sibling: "team/canary-sibling",
  prefix: "team/own-canary-prefix",
  parent: "team",
} as const;
export type Place = keyof typeof PLACES;

/** A request, and the paths that must be permitted: `needs` by a word, `lists` also as folders that lead to something. */
export interface Asked {
  url: string;
  headers?: string;
  body?: string;
  needs?: string[];
  lists?: string[];
}

export interface Row {
  /** `paths`: the needs of the request decide. `anyone`: answered for everybody, by what they may. */
  by: "public" | "anyone" | "paths" | "account" | "owner";
  ask: (folder: string, prepared: string) => Asked;
  /** Files that must exist before. */
  files?: (folder: string) => string[];
  /** Makes an upload, a copy or an entry of the trash by an owner. @returns its id */
  prepare?: (server: AccessServer, folder: string, place: Place, owner: string) => Promise<string>;
  clean?: (server: AccessServer, prepared: string) => Promise<void>;
  /** The statuses of a request that is permitted. */
  done?: number[];
  streams?: boolean;
}

const JSON_TYPE = "Content-Type: application/json\r\n";
const json = (url: string, body: object, needs: string[]): Asked => ({
  url,
  headers: JSON_TYPE,
  body: JSON.stringify(body),
  needs,
});
let numbers = 0;
const unique = (name: string): string => {
  numbers += 1;
  return `${name}-${numbers}`;
};
const headersOf = (owner: string): Record<string, string> => ({
  authorization: owner.replace("Authorization: ", "").trim(),
});

/** An upload of an owner that is running, with an id that anybody could guess. */
const uploading: Pick<Row, "prepare" | "clean"> = {
  async prepare(server, folder, place, owner) {
    const client = await connect(server.url);
    const id = unique("guessable");
    running.set(id, client);
    await client.send(
      `PUT /files/${folder}/canary-upload-${place} HTTP/1.1\r\nHost: localhost\r\n${owner}X-Request-Id: ${id}\r\nContent-Length: 9\r\n\r\nx`,
    );
    const { activeUploads } = server.app.decorator.services.uploader;
    await until("it runs", () => activeUploads.reports().some((upload) => upload.id === id));
    return id;
  },
  async clean(server, id) {
    running.get(id)?.reset();
    running.delete(id);
    const { activeUploads } = server.app.decorator.services.uploader;
    await until("it ends", () => !activeUploads.reports().some((upload) => upload.id === id));
  },
};
const running = new Map<string, Disposable & { reset(): void }>();

/** A copy that an owner has made. */
const copying: Pick<Row, "prepare"> = {
  async prepare(server, folder, place, owner) {
    const from = `${folder}/canary-${place}.txt`;
    const answer = await server.fetch("/api/copy", {
      method: "POST",
      headers: { ...headersOf(owner), prefer: "respond-async" },
      body: JSON.stringify({ from, to: `${folder}/canary-${place}-copied.txt` }),
    });
    const id = answer.headers.get("location")?.split("/").at(-1);
    if (id === undefined) throw new Error(await answer.text());
    const { jobs } = server.app.decorator.services;
    await until("it is copied", () => jobs.report(id).state === "done");
    return id;
  },
};

/** An entry that an owner has removed. */
const trashed: Pick<Row, "prepare"> = {
  async prepare(server, folder, place, owner) {
    const path = `${folder}/${unique(`canary-${place}-trash`)}`;
    await mkdir(join(server.root, folder), { recursive: true });
    await Bun.write(join(server.root, path), "x");
    await server.fetch(`/files/${path}`, { method: "DELETE", headers: headersOf(owner) });
    const ids = await server.app.decorator.services.storage.trash.ids();
    return ids.sort().at(-1) ?? "";
  },
};

const ofOwner = (url: string, body?: object): Row => ({
  by: "owner",
  ask: () => (body ? json(url, body, []) : { url }),
});
const ofAccount = (url: string, body?: object): Row => ({ ...ofOwner(url, body), by: "account" });
const open = (url: string, body?: object): Row => ({ ...ofOwner(url, body), by: "public" });
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
  "GET /api/accounts": ofOwner("/api/accounts"),
  "POST /api/accounts": ofOwner("/api/accounts", { name: "" }),
  "PATCH /api/accounts/:name": ofOwner("/api/accounts/nobody", {}),
  "DELETE /api/accounts/:name": ofOwner("/api/accounts/nobody"),
  "POST /api/accounts/:name/reset": ofOwner("/api/accounts/nobody/reset", {}),
  "GET /api/tokens": ofAccount("/api/tokens"),
  "POST /api/tokens": ofAccount("/api/tokens", {}),
  "DELETE /api/tokens/:id": ofAccount("/api/tokens/none"),
  "GET /api/account": ofAccount("/api/account"),
  "PUT /api/account/password": ofAccount("/api/account/password", {}),
  "GET /api/account/sessions": ofAccount("/api/account/sessions"),
  "DELETE /api/account/sessions/:id": ofAccount("/api/account/sessions/none"),
  "POST /api/account/totp": ofAccount("/api/account/totp", {}),
  "PUT /api/account/totp": ofAccount("/api/account/totp", {}),
  "POST /api/account/totp/remove": ofAccount("/api/account/totp/remove", {}),
  "POST /api/account/passkeys/options": ofAccount("/api/account/passkeys/options", {}),
  "POST /api/account/passkeys": ofAccount("/api/account/passkeys", {}),
  "DELETE /api/account/passkeys/:id": ofAccount("/api/account/passkeys/none"),
  "POST /api/qr": ofAccount("/api/qr", {}),
  "POST /api/setup": open("/api/setup", {}),
  "POST /api/invite": open("/api/invite", {}),
  "POST /api/session": open("/api/session", {}),
  "DELETE /api/session": { by: "anyone", ask: () => ({ url: "/api/session" }) },
  "POST /api/session/passkey/options": open("/api/session/passkey/options", {}),
  "POST /api/session/passkey": open("/api/session/passkey", {}),
  "GET /api/session/oidc": open("/api/session/oidc"),
  "GET /api/session/oidc/callback": open("/api/session/oidc/callback"),
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
