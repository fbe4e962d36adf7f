// The table of permissions in docs/webdav.md: each row works with its words, and with no fewer.

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { join } from "node:path";
import { WORDS, type Word } from "../../src/config/config.ts";
import { type AccessServer, bearer, startAccessServer } from "../support/access.ts";
import { EXCLUSIVE_LOCK } from "../support/dav.ts";
import { pageText } from "../support/pages.ts";

interface Step {
  method: string;
  path: string;
  headers?: Record<string, string>;
  body?: string;
}

/** The requests of each row. There are two files, `old.txt` and `other.txt`. */
const REQUESTS: Record<string, Step[]> = {
  "open the drive and see what is in a folder": [{ method: "PROPFIND", path: "", headers: { depth: "1" } }],
  "open files": [{ method: "GET", path: "old.txt" }],
  "copy new files in, make folders": [
    { method: "PUT", path: "new.txt", body: "new" },
    { method: "MKCOL", path: "folder" },
    { method: "LOCK", path: "new.txt", body: EXCLUSIVE_LOCK },
  ],
  "save changes to a file that has content, lock what is there": [
    { method: "PUT", path: "old.txt", body: "changed" },
    { method: "LOCK", path: "other.txt", body: EXCLUSIVE_LOCK },
  ],
  delete: [{ method: "DELETE", path: "old.txt" }],
  "rename or move": [{ method: "MOVE", path: "old.txt", headers: { destination: "/dav/PLACE/renamed.txt" } }],
  "move a file over another one": [
    { method: "MOVE", path: "old.txt", headers: { destination: "/dav/PLACE/other.txt" } },
  ],
};

const rows = [...pageText("docs/webdav.md").matchAll(/^\| ([^|]+) \| ((?:`\w+`(?:, )?)+) \|$/gm)].map(
  ([, name = "", list = ""]) => ({ name, words: WORDS.filter((word) => list.includes(`\`${word}\``)) }),
);

test("every row of the table has its requests", () => {
  expect(rows.map(({ name }) => name).toSorted()).toEqual(Object.keys(REQUESTS).toSorted());
});

describe.each(rows)("$name", ({ name, words }) => {
  let server: AccessServer;
  const tokens: Record<string, string> = {};
  beforeAll(async () => {
    server = await startAccessServer((database) => {
      database.account("all", { exact: words.join(",") });
      tokens.all = database.token("all");
      for (const missing of words) {
        const rest = without(missing);
        database.account(missing, { [missing]: rest.length === 0 ? "none" : rest.join(",") });
        tokens[missing] = database.token(missing);
      }
    });
    for (const place of ["exact", ...words])
      for (const file of ["old.txt", "other.txt"]) await Bun.write(join(server.root, place, file), file);
  });
  afterAll(() => server.stop());

  /** All words but one; `read` includes `list`. */
  const without = (missing: Word): Word[] =>
    WORDS.filter((word) => word !== missing && !(missing === "list" && word === "read"));

  const statuses = async (account: string, place: string): Promise<number[]> => {
    const found: number[] = [];
    for (const { method, path, headers = {}, body } of REQUESTS[name] ?? []) {
      const sent = Object.entries(headers).map(
        ([key, value]) => [key, value.replace("PLACE", place)] as const,
      );
      const answer = await server.fetch(`/dav/${place}/${path}`, {
        method,
        headers: { ...Object.fromEntries(sent), ...bearer(tokens[account] ?? "") },
        body: body ?? null,
      });
      found.push(answer.status);
    }
    return found;
  };

  test("works with these words", async () => {
    expect((await statuses("all", "exact")).filter((status) => status >= 300)).toEqual([]);
  });

  test.each(words)("does not work with all words but %s", async (missing) => {
    expect((await statuses(missing, missing)).filter((status) => ![403, 404].includes(status))).toEqual([]);
  });
});
