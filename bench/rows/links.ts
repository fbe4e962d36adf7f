// Group "links": what 10,000 links cost at the start of a server.

import { join } from "node:path";
import { addAccount } from "../../src/access/database/changes/account-changes.ts";
import { addLink } from "../../src/access/database/changes/link-changes.ts";
import { openDatabase } from "../../src/access/database/open.ts";
import { newId } from "../../src/access/secrets.ts";
import { checkFolderPath } from "../../src/path.ts";
import type { Bench, Group } from "../bench.ts";
import type { Opened } from "../clients/open-access.ts";
import { openAccess } from "../load.ts";
import { type Figure, median, spread } from "../table.ts";

const LINKS = 10_000;
const MOST_MILLISECONDS = 50;
const MOST_BYTES = 30e6;

/** @param links 0 for a database with an account only */
function fill(file: string, links: number): void {
  const database = openDatabase(file, { create: true });
  if (!database) throw new Error("No database was made.");
  addAccount(database, { name: "alice", password: null, owner: true });
  database.transaction(() => {
    for (let number = 0; number < links; number += 1)
      addLink(database, {
        id: newId(),
        account: "alice",
        path: checkFolderPath(`folder ${number % 100}/file ${number}.txt`),
        kind: "file",
      });
  })();
  database.close();
}

async function run(bench: Bench): Promise<Figure[]> {
  const [few, many] = [0, LINKS].map((links) => {
    const file = join(bench.workspace.makeFolder(`links-${links}`), "access.db");
    fill(file, links);
    return { links, file, opened: [] as Opened[] };
  });
  if (!few || !many) return [];
  for (let round = 1; round <= bench.rounds; round += 1) {
    for (const one of [few, many]) one.opened.push(await openAccess(bench.workspace, { file: one.file }));
    const last = many.opened.at(-1);
    if (last?.links !== LINKS) throw new Error(`${last?.links} links were read.`);
    bench.say(`  ${round}: ${last.milliseconds.toFixed(1)} ms, ${(last.bytes / 1e6).toFixed(1)} MB`);
  }
  const milliseconds = [few, many].map(({ opened }) => opened.map((one) => one.milliseconds));
  const megabytes = [few, many].map(({ opened }) => opened.map((one) => one.bytes / 1e6));
  const names = { versus: "with one account" };
  return [
    {
      name: "10,000 links read at the start",
      ...names,
      sluice: spread(milliseconds[1] ?? [], 1, "ms"),
      other: spread(milliseconds[0] ?? [], 1, "ms"),
      target: { text: `≤ ${MOST_MILLISECONDS} ms`, met: median(milliseconds[1] ?? []) <= MOST_MILLISECONDS },
    },
    {
      name: "10,000 links in memory",
      ...names,
      sluice: spread(megabytes[1] ?? [], 1, "MB"),
      other: spread(megabytes[0] ?? [], 1, "MB"),
      target: { text: `≤ ${MOST_BYTES / 1e6} MB`, met: median(megabytes[1] ?? []) * 1e6 <= MOST_BYTES },
    },
  ];
}

/** The cost of links at the start. */
export const links: Group = {
  key: "links",
  title: "Links at the start",
  method: "a process of its own reads the database of accounts with and without 10,000 links, in turn.",
  run,
};
