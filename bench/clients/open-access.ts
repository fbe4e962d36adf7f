// A load program: opens the database of accounts as a server does at its start; then prints one line of JSON.
// usage: bun open-access.ts '{"file": "access.db"}'

import { Access } from "../../src/access/access.ts";

/** The program's argument, as JSON. */
interface Order {
  file: string;
}

/** The printed line. */
export interface Opened {
  milliseconds: number;
  /** Bytes of memory more than before. */
  bytes: number;
  links: number;
}

const order: Order = JSON.parse(process.argv[2] ?? "{}");
Bun.gc(true);
const before = process.memoryUsage.rss();
const began = performance.now();
const access = Access.open({ file: order.file, allow: undefined });
const milliseconds = performance.now() - began;
Bun.gc(true);
const opened: Opened = {
  milliseconds,
  bytes: process.memoryUsage.rss() - before,
  links: access.snapshot.links.size,
};
console.log(JSON.stringify(opened));
process.exit();
