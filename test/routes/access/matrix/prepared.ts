// The places of the matrix, the form of its rows, and what must be there before a request: uploads, copies, links, the trash.

import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import type { AccessServer } from "../../../support/access.ts";
import { connect } from "../../../support/raw.ts";
import { until } from "../../../support/server.ts";

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
  /**
   * `paths`: the needs of the request decide. `link`: these, for askers of the account that made it. `anyone`: answered for
   * everybody, by what they may.
   */
  by: "public" | "anyone" | "paths" | "link" | "account" | "owner";
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
export const json = (url: string, body: object, needs: string[]): Asked => ({
  url,
  headers: JSON_TYPE,
  body: JSON.stringify(body),
  needs,
});
let numbers = 0;
export const unique = (name: string): string => {
  numbers += 1;
  return `${name}-${numbers}`;
};
const headersOf = (owner: string): Record<string, string> => ({
  authorization: owner.replace("Authorization: ", "").trim(),
});

/** An upload of an owner that is running, with an id that anybody could guess. */
export const uploading: Pick<Row, "prepare" | "clean"> = {
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
export const copying: Pick<Row, "prepare"> = {
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
export const trashed: Pick<Row, "prepare"> = {
  async prepare(server, folder, place, owner) {
    const path = `${folder}/${unique(`canary-${place}-trash`)}`;
    await mkdir(join(server.root, folder), { recursive: true });
    await Bun.write(join(server.root, path), "x");
    await server.fetch(`/files/${path}`, { method: "DELETE", headers: headersOf(owner) });
    const ids = await server.app.decorator.services.storage.trash.ids();
    return ids.sort().at(-1) ?? "";
  },
};

/** A link that an owner has made. */
export const linked: Pick<Row, "prepare"> = {
  async prepare(server, folder, place, owner) {
    const answer = await server.fetch("/api/links", {
      method: "POST",
      headers: headersOf(owner),
      body: JSON.stringify({ path: `${folder}/canary-${place}.txt` }),
    });
    return answer.headers.get("location")?.split("/").at(-1) ?? "";
  },
};
