// DELETE /files/{path}: removes one file permanently.

import { afterAll, beforeAll, expect, test } from "bun:test";
import { exists, mkdir, mkdtemp, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { SavedFile } from "../../../src/routes/openapi/shapes.ts";
import { bodyIn } from "../../support/answer.ts";
import { problemIn } from "../../support/problem.ts";
import { startServer, type TestServer } from "../../support/server.ts";

let server: TestServer;
beforeAll(async () => {
  server = await startServer();
});
afterAll(() => server.stop());

const remove = (path: string, headers: Record<string, string> = {}) =>
  server.fetch(`/files/${path}`, { method: "DELETE", headers });
const put = async (path: string) =>
  bodyIn(SavedFile, await server.fetch(`/files/${path}`, { method: "PUT", body: "x" }));
const there = (path: string) => exists(join(server.root, path));

test("a file is removed, with 204 and one log line; its folder is kept", async () => {
  await put("d/a.txt");
  const answer = await remove("d%2Fa.txt");
  expect(answer.status).toBe(204);
  expect(await answer.text()).toBe("");
  expect(await there("d/a.txt")).toBe(false);
  expect(await there("d")).toBe(true);
  expect(server.log.filter((line) => line.includes("removed d/a.txt"))).toHaveLength(1);
  await problemIn(await remove("d/a.txt"), "not_found");
});

test("a folder is refused", async () => {
  await put("folder/a.txt");
  await problemIn(await remove("folder"), "is_folder");
  await problemIn(await remove("folder/a.txt/x"), "not_found");
  expect(await there("folder/a.txt")).toBe(true);
});

test("nothing is removed through a link", async () => {
  await using outside = await startServer();
  await mkdir(join(outside.root, "d"));
  await Bun.write(join(outside.root, "d/canary"), "canary");
  await symlink(join(outside.root, "d"), join(server.root, "way"));
  await symlink(join(outside.root, "d/canary"), join(server.root, "leaf"));
  await put("real/a.txt");
  await symlink("real", join(server.root, "inner"));
  await problemIn(await remove("way/canary"), "link_in_path");
  await problemIn(await remove("leaf"), "link_in_path");
  await problemIn(await remove("inner/a.txt"), "link_in_path");
  expect(await there("leaf")).toBe(true);
  expect(await there("real/a.txt")).toBe(true);
  expect(await Bun.file(join(outside.root, "d/canary")).text()).toBe("canary");
});

test("preconditions are checked", async () => {
  const { etag } = await put("condition");
  await problemIn(await remove("condition", { "if-match": '"x"' }), "precondition_failed");
  await problemIn(await remove("condition", { "if-none-match": etag }), "precondition_failed");
  const longAgo = new Date(0).toUTCString();
  await problemIn(await remove("condition", { "if-unmodified-since": longAgo }), "precondition_failed");
  expect((await remove("condition", { "if-match": etag })).status).toBe(204);
  await problemIn(await remove("condition", { "if-match": "*" }), "precondition_failed");
});

test("without the grant delete the answer is 403, and the file is kept", async () => {
  await using careful = await startServer({ allow: new Set(["read", "write"]) });
  await careful.fetch("/files/a", { method: "PUT", body: "x" });
  const { detail } = await problemIn(await careful.fetch("/files/a", { method: "DELETE" }), "not_allowed");
  expect(detail).toBe("This needs the grant `delete`: start the server with --allow read,write,delete.");
  expect(await exists(join(careful.root, "a"))).toBe(true);
});

test("the grant delete is sufficient", async () => {
  const root = await mkdtemp(join(tmpdir(), "sluice-remove-"));
  try {
    await Bun.write(join(root, "a"), "x");
    await using janitor = await startServer({ allow: new Set(["delete"]), root });
    expect((await janitor.fetch("/files/a", { method: "DELETE" })).status).toBe(204);
    expect(await exists(join(root, "a"))).toBe(false);
    await problemIn(await janitor.fetch("/files/a"), "not_allowed");
    await problemIn(await janitor.fetch("/files/a", { method: "PUT", body: "x" }), "not_allowed");
  } finally {
    await rm(root, { recursive: true });
  }
});
