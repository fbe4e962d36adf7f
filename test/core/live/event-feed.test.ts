// Those who watch: told the same bytes, with comments in between, and held to nothing.

import { expect, test } from "bun:test";
import { Events, type Listener } from "../../../src/core/live/event-feed.ts";
import type { RunningUpload } from "../../../src/core/report/active-uploads.ts";
import { flowOf, UNMEASURED } from "../../../src/core/report/flow-report.ts";
import { Ended, type EndedUpload } from "../../../src/core/report/recent-uploads.ts";
import { Uploads } from "../../../src/core/resumable/registry.ts";
import { checkFilePath } from "../../../src/path.ts";
import { engineWith } from "../../support/engine.ts";

const time = new Date(0).toISOString();
const ended = (id: string): EndedUpload => ({
  id,
  path: checkFilePath("a"),
  outcome: "saved",
  size: 0,
  ended: time,
  flow: flowOf(UNMEASURED),
});
const report = (received: number): RunningUpload => ({
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
  const engine = engineWith();
  const uploads = await Uploads.open(engine, { uploadExpiry: 60, maxWaiting: 10 });
  return { engine, events: new Events(engine, uploads, silence) };
}

const textOf = async (listener: Listener) => Buffer.concat((await listener.next()) ?? []).toString();

test("all are given the same bytes, not copies", async () => {
  const { engine, events } = await watched();
  let received = 0;
  engine.running.add({ report: () => report(received) });
  const listeners = [events.listen(null, () => {}), events.listen(null, () => {})];
  for (const _ of [1, 2]) {
    const [one, other] = await Promise.all(listeners.map((listener) => listener.next()));
    expect(one?.[0]).toBe(other?.[0] ?? expect.unreachable());
    received += 1;
  }
  events.close();
});

test("who comes late hears what is true then, and how all ended that it missed", async () => {
  const { engine, events } = await watched();
  let received = 0;
  engine.running.add({ report: () => report(received) });
  const quick = events.listen(null, () => {});
  const slow = events.listen(null, () => {});
  for (const listener of [quick, slow]) await listener.next();
  for (received = 1; received < 4; received += 1) {
    engine.ended.add(ended(`e${received}`));
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

test("a comment breaks the silence", async () => {
  const { events } = await watched(200);
  const listener = events.listen(null, () => {});
  expect(await textOf(listener)).toEndWith('\ndata: {"uploads":[]}\n\n');
  expect(await textOf(listener)).toBe(":\n\n");
  listener.close();
  expect(await listener.next()).toBeNull();
  expect(events.size).toBe(0);
});

test("the last that ended are remembered, by their numbers", () => {
  const all = new Ended();
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
