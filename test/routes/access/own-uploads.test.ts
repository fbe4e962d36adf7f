// Running uploads, their events, and copies are known to those who began them and to those who may list the paths.

import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { Jobs, Trash } from "../../../src/routes/openapi/change-shapes.ts";
import { Uploads } from "../../../src/routes/openapi/shapes.ts";
import { type AccessServer, bearer, startAccessServer } from "../../support/access.ts";
import { bodyIn } from "../../support/answer.ts";
import { problemIn } from "../../support/problem.ts";
import { connect, type RawConnection } from "../../support/raw.ts";
import { until } from "../../support/server.ts";
import { type EventWatch, watchEvents } from "../../support/watch.ts";

let server: AccessServer;
const tokens = { olga: "", alice: "", bob: "", uploader: "" };
type Name = keyof typeof tokens;

beforeAll(async () => {
  server = await startAccessServer(
    (database) => {
      database.account("olga", {}, { owner: true });
      database.account("alice", { alice: "read,write,delete", shared: "read,write" });
      database.account("bob", { bob: "read,write,delete", shared: "read" });
      database.account("uploader", { alice: "write" });
      for (const name of ["olga", "alice", "bob", "uploader"] as const) tokens[name] = database.token(name);
    },
    { trash: 3600 },
  );
  for (const folder of ["alice", "bob", "shared"]) await mkdir(join(server.root, folder));
});
afterAll(() => server.stop());

const by = (name: Name): Record<string, string> => bearer(tokens[name]);
const get = (name: Name, path: string) => server.fetch(path, { headers: by(name) });
const change = (name: Name, method: string, path: string, body?: object) =>
  server.fetch(path, { method, headers: by(name), ...(body && { body: JSON.stringify(body) }) });
const listed = async (name: Name, path = "/api/uploads"): Promise<string[]> =>
  (await bodyIn(Uploads, await get(name, path))).uploads.map((upload) => upload.path).sort();

/** Begins an upload of ten bytes with a request id that anybody could guess. */
async function begin(name: Name, path: string): Promise<RawConnection> {
  const client = await connect(server.url);
  await client.send(
    `PUT /files/${path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${tokens[name]}\r\nX-Request-Id: request-1\r\nContent-Length: 10\r\n\r\nhello`,
  );
  await until("it arrives", async () => (await listed("olga")).includes(path));
  return client;
}
const endings = ({ received }: EventWatch) => received.flatMap(({ data }) => data.ended?.path ?? []);

test("uploads are listed, followed and cancelled by path and maker, not by a guessed id", async () => {
  using one = await begin("alice", "alice/canary-one");
  using two = await begin("uploader", "alice/canary-two");
  using three = await begin("alice", "shared/three");
  expect(await listed("olga")).toEqual(["alice/canary-one", "alice/canary-two", "shared/three"]);
  expect(await listed("bob")).toEqual(["shared/three"]);
  expect(await listed("bob", "/api/uploads/request-1")).toEqual(["shared/three"]);
  // May list nothing, and follows their own upload.
  expect(await listed("uploader", "/api/uploads/request-1")).toEqual(["alice/canary-two"]);
  await problemIn(await get("uploader", "/api/uploads"), "not_found");

  await problemIn(await change("bob", "DELETE", "/api/uploads/request-1"), "not_allowed");
  expect(await listed("olga")).toHaveLength(3);
  expect((await change("alice", "DELETE", "/api/uploads/request-1")).status).toBe(204);
  expect(await one.answer()).toMatchObject({ status: 410 });
  expect(await two.answer()).toMatchObject({ status: 410 });
  // Alice may not delete in `shared`.
  expect(await listed("olga")).toEqual(["shared/three"]);
  await three.send("world");
  expect(await three.answer()).toMatchObject({ status: 201 });
});

test("each subscriber gets the events of their own view, and no id or size of others", async () => {
  using ofOlga = await watchEvents(server.url, undefined, by("olga"));
  using ofBob = await watchEvents(server.url, undefined, by("bob"));
  using hidden = await begin("alice", "alice/canary-event");
  await hidden.send("world");
  await hidden.answer();
  using seen = await begin("alice", "shared/event");
  await until("bob sees it", () =>
    ofBob.received.some(({ data }) => data.uploads?.[0]?.path === "shared/event"),
  );
  await seen.send("world");
  await seen.answer();
  await until("the ends", () => endings(ofOlga).length === 2 && endings(ofBob).length === 1);
  expect(endings(ofOlga)).toEqual(["alice/canary-event", "shared/event"]);
  expect(JSON.stringify(ofBob.received)).not.toContain("canary");
  // Nor does a client that reconnects learn more.
  using again = await watchEvents(server.url, ofBob.received[0]?.id, by("bob"));
  await until("the missed end", () => endings(again).length > 0);
  expect(JSON.stringify(again.received)).not.toContain("canary");
});

test("copies are known to those who began them, and to those who may list both paths", async () => {
  await mkdir(join(server.root, "alice/folder"), { recursive: true });
  const made = await change("alice", "POST", "/api/copy", { from: "alice/folder", to: "shared/copied" });
  expect(made.status).toBe(202);
  const url = made.headers.get("location") ?? "";
  const jobs = async (name: Name) => (await bodyIn(Jobs, await get(name, "/api/jobs"))).jobs.length;
  expect([await jobs("alice"), await jobs("olga"), await jobs("bob")]).toEqual([1, 1, 0]);
  await problemIn(await get("bob", url), "not_found");
  await problemIn(await change("bob", "DELETE", url), "not_found");
  expect((await get("alice", url)).status).toBe(200);
  expect((await change("alice", "DELETE", url)).status).toBe(204);
});

test("the trash is listed by path, in full pages", async () => {
  for (const name of ["canary-1", "canary-2", "canary-3", "canary-4"]) {
    await Bun.write(join(server.root, "alice", name), "x");
    expect((await change("alice", "DELETE", `/files/alice/${name}`)).status).toBe(204);
  }
  for (const name of ["1", "2"]) {
    await Bun.write(join(server.root, "bob", name), "x");
    expect((await change("bob", "DELETE", `/files/bob/${name}`)).status).toBe(204);
  }
  const pages: string[][] = [];
  let cursor = "";
  while (pages.length < 10) {
    const page = await bodyIn(Trash, await get("bob", `/api/trash?limit=1${cursor && `&cursor=${cursor}`}`));
    pages.push(page.entries.map(({ path }) => path));
    if (page.next === null) break;
    cursor = page.next;
  }
  expect(pages).toEqual([["bob/2"], ["bob/1"]]);
  const [mine] = (await bodyIn(Trash, await get("alice", "/api/trash"))).entries;
  await problemIn(await change("bob", "POST", "/api/trash/restore", { id: mine?.id }), "not_found");
  await problemIn(await change("bob", "DELETE", `/api/trash/${mine?.id}`), "not_found");
  expect((await bodyIn(Trash, await get("alice", "/api/trash"))).entries).toHaveLength(4);
});

test("metrics need a login where there are accounts", async () => {
  await problemIn(await server.fetch("/metrics"), "login_required");
  await problemIn(await get("bob", "/metrics"), "not_allowed");
  expect((await get("olga", "/metrics")).status).toBe(200);
});
