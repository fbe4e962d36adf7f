// POST /api/batch: valid operations are performed, others are reported, each is checked for its own grants.

import { afterAll, beforeAll, expect, test } from "bun:test";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import type { Grant } from "../../../src/config/config.ts";
import { LIMIT_REACHED } from "../../../src/errors.ts";
import { BatchResult, Job } from "../../../src/routes/openapi/change-shapes.ts";
import { bodyIn } from "../../support/answer.ts";
import { problemIn } from "../../support/problem.ts";
import { startServer, type TestServer, until } from "../../support/server.ts";

let server: TestServer;
beforeAll(async () => {
  server = await startServer();
});
afterAll(() => server.stop());

const batch = (operations: unknown, at = server) =>
  at.fetch("/api/batch", {
    method: "POST",
    body: JSON.stringify({ operations }),
    headers: { "content-type": "application/json" },
  });
const put = (path: string) => Bun.write(join(server.root, path), path);
const remove = (path: string) => ({ op: "delete", path });

test("valid operations are performed in order, with 200 and one log line each", async () => {
  await put("a/1");
  await put("a/2");
  const answer = await batch([
    { op: "folder", path: "b" },
    { op: "move", from: "a/1", to: "b/1" },
    { op: "copy", from: "b/1", to: "b/3" },
    { op: "copy", from: "b/1", to: "b/3" },
    { op: "delete", path: "a", recursive: true },
  ]);
  expect(answer.status).toBe(200);
  expect(await bodyIn(BatchResult, answer)).toEqual({
    done: [
      expect.objectContaining({ operation: 0, path: "b", kind: "folder" }),
      expect.objectContaining({ operation: 1, path: "b/1", kind: "file", size: 3 }),
      expect.objectContaining({ operation: 2, path: "b/3" }),
      expect.objectContaining({ operation: 3, path: "b/3 (1)", renamedFrom: "3" }),
      { operation: 4 },
    ],
    errors: [],
    errorsOmitted: 0,
  });
  expect((await readdir(server.root)).sort()).toEqual([".sluice", "b"]);
  expect((await readdir(join(server.root, "b"))).sort()).toEqual(["1", "3", "3 (1)"]);
  for (const line of ["made b ·", "moved a/1 to b/1 ·", "copied b/1 to b/3 ·", "removed a ·"])
    expect(server.log.filter((logged) => logged.includes(line))).toHaveLength(1);
});

test("every valid operation is performed, also after the limit of errors, with 207", async () => {
  for (let index = 0; index < 30; index += 1) if (index % 3 === 0) await put(`many/${index}`);
  const answer = await batch(Array.from({ length: 30 }, (_, index) => remove(`many/${index}`)));
  expect(answer.status).toBe(207);
  const { done, errors, errorsOmitted } = await bodyIn(BatchResult, answer);
  expect(done).toEqual(Array.from({ length: 10 }, (_, index) => ({ operation: index * 3 })));
  expect(errors).toHaveLength(11);
  expect(errors[1]).toMatchObject({ code: "not_found", pointer: "/operations/2" });
  expect(errors[10]).toEqual(LIMIT_REACHED);
  expect(errorsOmitted).toBe(10);
  expect(await readdir(join(server.root, "many"))).toEqual([]);
});

test("if no operation succeeds, the answer is the first problem, with all errors", async () => {
  const body = await problemIn(
    await batch([remove("none"), remove("../x"), { op: "move", from: "b", to: "b/c" }]),
    "not_found",
  );
  expect(body.errors).toMatchObject([
    { code: "not_found", pointer: "/operations/0" },
    { code: "invalid_path", pointer: "/operations/1" },
    { code: "into_itself", pointer: "/operations/2" },
  ]);
});

test("each operation needs its own grants", async () => {
  const allow = new Set<Grant>(["read", "write"]);
  await using careful = await startServer({ allow });
  await Bun.write(join(careful.root, "a"), "a");
  const operations = [remove("a"), { op: "move", from: "a", to: "b" }, { op: "copy", from: "a", to: "b" }];
  const answer = await batch(operations, careful);
  expect(answer.status).toBe(207);
  const { done, errors } = await bodyIn(BatchResult, answer);
  expect(done).toMatchObject([{ operation: 2, path: "b" }]);
  expect(errors.map(({ code }) => code)).toEqual(["not_allowed", "not_allowed"]);
  expect((await readdir(careful.root)).sort()).toEqual([".sluice", "a", "b"]);
});

test("a long copy becomes a job", async () => {
  await put("tree/a/b");
  const { done } = await bodyIn(BatchResult, await batch([{ op: "copy", from: "tree", to: "tree 2" }]));
  const location = `/api/jobs/${done[0]?.job?.id}`;
  const state = async () => (await bodyIn(Job, await server.fetch(location))).job.state;
  await until("it is done", async () => (await state()) === "done");
  expect(await Bun.file(join(server.root, "tree 2/a/b")).text()).toBe("tree/a/b");
});

test("a body that is not a list of operations is refused", async () => {
  await put("stays");
  for (const operations of [
    [],
    {},
    [remove("stays"), { op: "chmod", path: "a" }],
    [remove("stays"), { op: "move", from: "a" }],
    [remove("stays"), null],
    Array.from({ length: 1001 }, () => remove("stays")),
  ])
    await problemIn(await batch(operations), "invalid_request");
  expect(await Bun.file(join(server.root, "stays")).exists()).toBe(true);
});
