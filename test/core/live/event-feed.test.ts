// The event feed: subscribers share the same bytes, get comments during silence, and slow ones are not buffered.

import { expect, test } from "bun:test";
import { EventFeed, type Subscriber } from "../../../src/core/live/event-feed.ts";
import type { ActiveUpload } from "../../../src/core/report/active-uploads.ts";
import { buildFlowReport, NO_TIMINGS } from "../../../src/core/report/flow-report.ts";
import { type RecentUpload, RecentUploads } from "../../../src/core/report/recent-uploads.ts";
import { UploadRegistry } from "../../../src/core/resumable/registry.ts";
import { checkFilePath } from "../../../src/path.ts";
import { uploaderWith } from "../../support/uploader.ts";

const time = new Date(0).toISOString();
const ended = (id: string): RecentUpload => ({
  id,
  path: checkFilePath("a"),
  outcome: "saved",
  size: 0,
  ended: time,
  flow: buildFlowReport(NO_TIMINGS),
});
const report = (received: number): ActiveUpload => ({
  id: "one",
  path: checkFilePath("a"),
  received,
  saved: 0,
  bytesPerSecond: 0,
  bottleneck: "network",
  started: time,
  state: "receiving",
});

async function watched(silence?: number) {
  const uploader = uploaderWith();
  const uploads = await UploadRegistry.open(uploader, { uploadExpiry: 60, maxWaiting: 10 });
  return { uploader, events: new EventFeed(uploader, uploads, silence) };
}

const textOf = async (listener: Subscriber) => Buffer.concat((await listener.next()) ?? []).toString();

test("all subscribers get the same bytes, not copies", async () => {
  const { uploader, events } = await watched();
  let received = 0;
  uploader.activeUploads.add({ report: () => report(received), cancel: () => true });
  const listeners = [events.listen(null, () => {}), events.listen(null, () => {})];
  for (const _ of [1, 2]) {
    const [one, other] = await Promise.all(listeners.map((listener) => listener.next()));
    expect(one?.[0]).toBe(other?.[0] ?? expect.unreachable());
    received += 1;
  }
  events.close();
});

test("a slow subscriber gets the current snapshot and every ended upload that it missed", async () => {
  const { uploader, events } = await watched();
  let received = 0;
  uploader.activeUploads.add({ report: () => report(received), cancel: () => true });
  const quick = events.listen(null, () => {});
  const slow = events.listen(null, () => {});
  for (const listener of [quick, slow]) await listener.next();
  for (received = 1; received < 4; received += 1) {
    uploader.recentUploads.add(ended(`e${received}`));
    const said = await textOf(quick);
    expect(said).toContain(`"id":"e${received}"`);
    expect(said).toContain(`"received":${received}`);
  }
  const said = await textOf(slow);
  expect([...said.matchAll(/"id":"(e\d)"/g)].map(([, id]) => id)).toEqual(["e1", "e2", "e3"]);
  expect([...said.matchAll(/"received":(\d)/g)].map(([, count]) => count)).toEqual(["3"]);
  events.close();
  expect(await quick.next()).toBeNull();
});

test("a comment is sent after a period of silence", async () => {
  const { events } = await watched(200);
  const listener = events.listen(null, () => {});
  expect(await textOf(listener)).toEndWith('\ndata: {"uploads":[]}\n\n');
  expect(await textOf(listener)).toBe(":\n\n");
  listener.close();
  expect(await listener.next()).toBeNull();
  expect(events.size).toBe(0);
});

test("the last ended uploads can be retrieved by their numbers", () => {
  const all = new RecentUploads();
  expect(all.between(0, 5)).toEqual([]);
  for (let at = 1; at <= 300; at += 1) all.add(ended(String(at)));
  const ids = (from: number, to: number) => all.between(from, to).map(({ id }) => Number(id));
  expect(ids(297, 300)).toEqual([298, 299, 300]);
  expect(ids(290, 292)).toEqual([291, 292]);
  expect(ids(0, 300)).toHaveLength(256);
  expect(ids(0, 300)[0]).toBe(45);
  expect(ids(0, 20)).toEqual([]);
  expect(ids(300, 300)).toEqual([]);
});
