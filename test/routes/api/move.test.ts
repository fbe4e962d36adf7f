// POST /api/folders and /api/move: results, names and refusals.

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { exists, mkdir, readdir, symlink } from "node:fs/promises";
import { join } from "node:path";
import type { Grant } from "../../../src/config/config.ts";
import { Entry } from "../../../src/routes/openapi/shapes.ts";
import { bodyIn } from "../../support/answer.ts";
import { problemIn } from "../../support/problem.ts";
import { startServer, type TestServer } from "../../support/server.ts";

let server: TestServer;
beforeAll(async () => {
  server = await startServer();
});
afterAll(() => server.stop());

const post = (path: string, body: unknown, at = server) =>
  at.fetch(`/api/${path}`, {
    method: "POST",
    body: typeof body === "string" ? body : JSON.stringify(body),
    headers: { "content-type": "application/json" },
  });
const move = (from: string, to: string, conflict?: string, at = server) =>
  post("move", { from, to, ...(conflict && { conflict }) }, at);
const put = (path: string, text = path) => Bun.write(join(server.root, path), text);
const textOf = (path: string) => Bun.file(join(server.root, path)).text();

describe("a folder", () => {
  test("is created with its parent folders, 201 with its entry, and one log line", async () => {
    const answer = await post("folders", { path: "made/inner/ünder" });
    expect(answer.status).toBe(201);
    expect(answer.headers.get("location")).toBe("/files/made/inner/%C3%BCnder/");
    expect(await bodyIn(Entry, answer)).toEqual({
      path: "made/inner/ünder",
      name: "ünder",
      kind: "folder",
      modified: expect.any(String),
      url: "/files/made/inner/%C3%BCnder/",
    });
    expect(await exists(join(server.root, "made/inner/ünder"))).toBe(true);
    expect(server.log.filter((line) => line.includes("made made/inner/ünder · by 127.0.0.1"))).toHaveLength(
      1,
    );
  });

  test("that already exists, or is below a file or a link, is refused", async () => {
    await put("file", "x");
    await symlink("made", join(server.root, "link"));
    await problemIn(await post("folders", { path: "made/inner" }), "name_taken");
    await problemIn(await post("folders", { path: "file" }), "name_taken");
    await problemIn(await post("folders", { path: "file/new" }), "not_a_folder");
    await problemIn(await post("folders", { path: "link/new" }), "link_in_path");
    expect(await readdir(join(server.root, "made"))).toEqual(["inner"]);
  });

  test("with an invalid path is refused with all broken rules", async () => {
    const { errors } = await problemIn(await post("folders", { path: "a/../NUL" }), "invalid_path");
    expect(errors).toMatchObject([
      { code: "parent_segment", pointer: "/path/1" },
      { code: "device_name", pointer: "/path/2" },
    ]);
    for (const path of [".sluice", ".SLUICE/x", "", "/a", "a//b"])
      await problemIn(await post("folders", { path }), "invalid_path");
  });
});

describe("a move", () => {
  test("renames a file, 201 with its entry, and one log line", async () => {
    await put("m/a.txt", "bytes");
    const answer = await move("m/a.txt", "m/new/b.txt");
    expect(answer.status).toBe(201);
    const entry = await bodyIn(Entry, answer);
    expect(entry).toMatchObject({ path: "m/new/b.txt", name: "b.txt", kind: "file", size: 5 });
    expect(answer.headers.get("etag")).toBe(entry.etag ?? "");
    expect(await textOf("m/new/b.txt")).toBe("bytes");
    expect(await exists(join(server.root, "m/a.txt"))).toBe(false);
    expect(server.log.filter((line) => line.includes("moved m/a.txt to m/new/b.txt · by"))).toHaveLength(1);
  });

  test("renames a folder, also only in case", async () => {
    await put("Case/a.txt");
    expect((await move("Case", "case")).status).toBe(201);
    expect(await readdir(server.root)).toContain("case");
    expect((await move("case/a.txt", "case/A.TXT")).status).toBe(201);
    expect(await readdir(join(server.root, "case"))).toEqual(["A.TXT"]);
  });

  test("to a taken name uses the next free name, replaces, or fails, according to conflict", async () => {
    for (const name of ["1", "2", "3", "taken.txt"]) await put(`c/${name}`);
    const renamed = await move("c/1", "c/taken.txt");
    expect(renamed.status).toBe(201);
    expect(await bodyIn(Entry, renamed)).toMatchObject({
      name: "taken (1).txt",
      renamedFrom: "taken.txt",
    });
    await problemIn(await move("c/2", "c/taken.txt", "fail"), "name_taken");
    expect(server.log.at(-1)).toContain(" 409 name_taken · ");
    expect(server.log.at(-1)).not.toContain("name_taken: ");
    expect(await textOf("c/taken.txt")).toBe("c/taken.txt");
    const replaced = await move("c/2", "c/taken.txt", "replace");
    expect(replaced.status).toBe(200);
    expect(await bodyIn(Entry, replaced)).not.toHaveProperty("renamedFrom");
    expect(await textOf("c/taken.txt")).toBe("c/2");
    expect((await readdir(join(server.root, "c"))).sort()).toEqual(["3", "taken (1).txt", "taken.txt"]);
  });

  test("of a folder never replaces, and appends the number to its whole name", async () => {
    await put("f/v1.2/a");
    await put("f/other.d/b");
    await put("f/file");
    await problemIn(await move("f/v1.2", "f/other.d", "replace"), "name_taken");
    await problemIn(await move("f/v1.2", "f/file", "replace"), "name_taken");
    await problemIn(await move("f/file", "f/other.d", "replace"), "is_folder");
    expect(await bodyIn(Entry, await move("f/v1.2", "f/other.d"))).toMatchObject({
      name: "other.d (1)",
      renamedFrom: "other.d",
    });
  });

  test("into itself, to the same path, of a missing entry or through links is refused", async () => {
    await put("s/a/file");
    await symlink("s", join(server.root, "way"));
    await problemIn(await move("s", "s/a/b"), "into_itself");
    await problemIn(await move("s/a/file", "s/a/file", "replace"), "into_itself");
    await problemIn(await move("s/none", "t"), "not_found");
    await problemIn(await move("way/a", "t"), "link_in_path");
    await problemIn(await move("way", "t"), "link_in_path");
    await problemIn(await move("s/a", "way/t"), "link_in_path");
    await problemIn(await move("s/a", ".sluice/uploads/t"), "invalid_path");
    const { errors } = await problemIn(await move("s/a", "../t"), "invalid_path");
    expect(errors).toMatchObject([{ pointer: "/to/0" }]);
    expect(await textOf("s/a/file")).toBe("s/a/file");
  });

  test("replaces only with the grant", async () => {
    const allow = new Set<Grant>(["read", "write", "delete"]);
    await using careful = await startServer({ allow });
    for (const name of ["a", "b"]) await Bun.write(join(careful.root, name), name);
    const { detail } = await problemIn(await move("a", "b", "replace", careful), "not_allowed");
    expect(detail).toContain("`replace`");
    expect(await Bun.file(join(careful.root, "b")).text()).toBe("b");
    expect((await move("a", "c", "replace", careful)).status).toBe(201);
  });

  test("uses --conflict by default", async () => {
    await using strict = await startServer({ conflict: "fail" });
    for (const name of ["a", "b"]) await Bun.write(join(strict.root, name), name);
    await problemIn(await move("a", "b", undefined, strict), "name_taken");
  });
});

describe("a body", () => {
  test("with invalid JSON or values is refused with pointers", async () => {
    await problemIn(await post("move", "{"), "invalid_request");
    await problemIn(await post("move", ""), "invalid_request");
    await problemIn(await post("move", "null"), "invalid_request");
    await problemIn(await post("move", '"\\ud800'), "invalid_request");
    const body = { from: 1, conflict: "merge" };
    const { errors } = await problemIn(await post("move", body), "invalid_request");
    expect(errors?.map(({ pointer }) => pointer)).toEqual(
      expect.arrayContaining(["/from", "/to", "/conflict"]),
    );
    expect(errors?.find(({ pointer }) => pointer === "/conflict")?.detail).toContain("rename, replace, fail");
  });

  test("of another type, or too large, is refused", async () => {
    const text = await server.fetch("/api/move", {
      method: "POST",
      body: "{}",
      headers: { "content-type": "text/plain" },
    });
    await problemIn(text, "unsupported_type");
    await problemIn(await post("folders", `"${"x".repeat(2 ** 20)}"`), "body_too_large");
    await problemIn(await post("folders", "[".repeat(500_000)), "invalid_request");
    await problemIn(await post("folders", { path: "x".repeat(100_000) }), "invalid_path");
  });

  test("that arrives in pieces is read completely", async () => {
    const pieces = new ReadableStream({
      async pull(controller) {
        for (const piece of ['{"path":"in pi', 'eces"}']) {
          controller.enqueue(Buffer.from(piece));
          await Bun.sleep(5);
        }
        controller.close();
      },
    });
    const answer = await server.fetch("/api/folders", { method: "POST", body: pieces });
    expect(answer.status).toBe(201);
  });
});

test("a folder is removed with its contents only with ?recursive", async () => {
  await using outside = await startServer();
  await mkdir(join(outside.root, "d"));
  await Bun.write(join(outside.root, "d/canary"), "canary");
  await put("r/a/b");
  await symlink(join(outside.root, "d"), join(server.root, "r/a/out"));
  const remove = (query: string) => server.fetch(`/files/r${query}`, { method: "DELETE" });
  await problemIn(await remove(""), "is_folder");
  await problemIn(await remove("?recursive=false"), "is_folder");
  await problemIn(await remove("?recursive=1"), "invalid_request");
  await problemIn(await server.fetch("/files/?recursive=true", { method: "DELETE" }), "invalid_path");
  await problemIn(await server.fetch("/files/.sluice?recursive=true", { method: "DELETE" }), "invalid_path");
  expect(await textOf("r/a/b")).toBe("r/a/b");
  expect((await remove("?recursive=true")).status).toBe(204);
  await problemIn(await remove("?recursive=true"), "not_found");
  expect(await exists(join(server.root, "r"))).toBe(false);
  expect(await Bun.file(join(outside.root, "d/canary")).text()).toBe("canary");
});
