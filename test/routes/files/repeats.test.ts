// Uploads sent again after a lost answer: a digest or an Idempotency-Key keeps the file from being saved twice.

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { createHash, randomUUID } from "node:crypto";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { SavedFile } from "../../../src/routes/openapi/shapes.ts";
import { MemoryStorage } from "../../../src/storage/memory/memory.ts";
import { bodyIn } from "../../support/answer.ts";
import { problemIn } from "../../support/problem.ts";
import { connect } from "../../support/raw.ts";
import { startServer, type TestServer, until } from "../../support/server.ts";

let server: TestServer;
beforeAll(async () => {
  server = await startServer();
});
afterAll(() => server.stop());

const sha256 = (text: string) => `sha-256=:${createHash("sha256").update(text).digest("base64")}:`;
const visible = async (at: TestServer, folder = "") =>
  (await readdir(join(at.root, folder))).filter((name) => name !== ".sluice").sort();

const put = (path: string, body: string, headers: Record<string, string> = {}, at = server) =>
  at.fetch(`/files/${path}`, { method: "PUT", body, headers });
const rename = (path: string) => `${path}?conflict=rename`;

/** The answer for an already saved file: 200, marked, with this path. */
async function expectRepeated(answer: Response, path: string) {
  expect(answer.status).toBe(200);
  const file = await bodyIn(SavedFile, answer);
  expect(file).toMatchObject({ path, repeated: true });
  expect(file.flow.explanation).toContain("already here");
  expect(answer.headers.get("location")).toBe(file.url);
  return file;
}

async function expectSaved(answer: Response, path: string) {
  expect(answer.status).toBe(201);
  const file = await bodyIn(SavedFile, answer);
  expect(file.path).toBe(path);
  expect(file).not.toHaveProperty("repeated");
  return file;
}

describe("with a digest", () => {
  test("the same bytes under the same name are saved once", async () => {
    const headers = { "repr-digest": sha256("hello") };
    const first = await expectSaved(await put(rename("digest/a"), "hello", headers), "digest/a");
    const again = await expectRepeated(await put(rename("digest/a"), "hello", headers), "digest/a");
    expect(again).toMatchObject({ etag: first.etag, size: 5, modified: first.modified });
    expect(await visible(server, "digest")).toEqual(["a"]);
  });

  test("the same with Content-Digest, with sha-512, by POST, and with the requested digest in the answer", async () => {
    const sha512 = `sha-512=:${createHash("sha512").update("hello").digest("base64")}:`;
    const post = (headers: Record<string, string>) =>
      server.fetch("/files/posted/?name=a", { method: "POST", body: "hello", headers });
    await expectSaved(await post({ "content-digest": sha512 }), "posted/a");
    await expectRepeated(await post({ "content-digest": sha512 }), "posted/a");
    const wanting = await post({ "repr-digest": sha512, "want-repr-digest": "sha-256=1" });
    expect(wanting.headers.get("repr-digest")).toBe(sha256("hello"));
    await expectRepeated(wanting, "posted/a");
  });

  test("other bytes, also of the same length, get the next name", async () => {
    const send = (text: string) => put(rename("others/a"), text, { "repr-digest": sha256(text) });
    await expectSaved(await send("one"), "others/a");
    await expectSaved(await send("two"), "others/a (1)");
    await expectSaved(await send("three"), "others/a (2)");
    expect(await visible(server, "others")).toEqual(["a", "a (1)", "a (2)"]);
  });

  test("the answer is sent before the body if its length is announced", async () => {
    const text = "x".repeat(3_000_000);
    await expectSaved(await put("early", text), "early");
    using connection = await connect(server.url);
    await connection.send(
      `PUT /files/early?conflict=rename HTTP/1.1\r\nHost: localhost\r\nContent-Length: ${text.length}\r\nRepr-Digest: ${sha256(text)}\r\n\r\n`,
    );
    const answer = await connection.answer();
    expect(answer.status).toBe(200);
    expect(JSON.parse(answer.text)).toMatchObject({ path: "early", repeated: true, flow: { bytes: 0 } });
    expect(answer.headers.get("connection")).toBe("close");
    await connection.closed;
  });

  test("a body of unknown length is compared when it is complete", async () => {
    const chunked = (text: string) =>
      server.fetch("/files/chunked?conflict=rename", {
        method: "PUT",
        body: new Blob([text]).stream(),
        headers: { "repr-digest": sha256(text) },
      });
    await expectSaved(await chunked("hello"), "chunked");
    await expectRepeated(await chunked("hello"), "chunked");
    expect(await visible(server, ".sluice/uploads")).toEqual([]);
  });

  test("uploads of the same bytes at the same time become one file", async () => {
    const text = "y".repeat(100_000);
    const chunked = () =>
      server.fetch("/files/together/a?conflict=rename", {
        method: "PUT",
        body: new Blob([text]).stream(),
        headers: { "repr-digest": sha256(text) },
      });
    const answers = await Promise.all(Array.from({ length: 12 }, chunked));
    expect(answers.map(({ status }) => status).sort()).toEqual([...Array(11).fill(200), 201]);
    expect(await visible(server, "together")).toEqual(["a"]);
  });

  test("without the grant to replace, a repeated PUT is answered as saved and any other is refused", async () => {
    await using strict = await startServer({ allow: new Set(["read", "write"]) });
    const send = (text: string) => put("a", text, { "repr-digest": sha256(text) }, strict);
    await expectSaved(await send("one"), "a");
    await expectRepeated(await send("one"), "a");
    await problemIn(await send("two"), "not_allowed");
  });

  test("without the grant to read, a digest does not tell whether a file has these bytes", async () => {
    await using dropBox = await startServer({ allow: new Set(["write"]) });
    const send = (path: string, text: string) => put(path, text, { "repr-digest": sha256(text) }, dropBox);
    await expectSaved(await send("pin", "0000"), "pin");
    for (const text of ["0000", "0001"]) await problemIn(await send("pin", text), "not_allowed");
    using connection = await connect(dropBox.url);
    await connection.send(
      `PUT /files/pin?conflict=rename HTTP/1.1\r\nHost: localhost\r\nContent-Length: 4\r\nRepr-Digest: ${sha256("0000")}\r\n\r\n`,
    );
    await connection.send("0001");
    expect((await connection.answer()).status).toBe(400);
    await expectRepeated(await send(rename("pin"), "0000"), "pin");
    expect(await visible(dropBox)).toEqual(["pin"]);
  });

  test("conflict=fail and preconditions are respected", async () => {
    const headers = { "repr-digest": sha256("hello") };
    await expectSaved(await put("kept", "hello", headers), "kept");
    await problemIn(await put("kept?conflict=fail", "hello", headers), "name_taken");
    const conditional = { ...headers, "if-none-match": "*" };
    await problemIn(await put(rename("kept"), "hello", conditional), "precondition_failed");
  });

  test("the answer waits until the file that is there survives a power cut", async () => {
    const durable: string[] = [];
    class Recording extends MemoryStorage {
      override async makeDurable(path?: string): Promise<void> {
        durable.push(path ?? "");
      }
    }
    await using memory = await startServer({ storage: new Recording() });
    const send = () => put(rename("a"), "hello", { "repr-digest": sha256("hello") }, memory);
    await expectSaved(await send(), "a");
    expect(durable).toEqual([]);
    await expectRepeated(await send(), "a");
    expect(durable).toEqual(["a"]);
  });

  test("a folder with this name is not mistaken for the file", async () => {
    await put("folder/a", "hello");
    const answer = await put(rename("folder"), "hello", { "repr-digest": sha256("hello") });
    await expectSaved(answer, "folder (1)");
  });
});

describe("with an Idempotency-Key", () => {
  test("the same bytes are saved once, and the key may be a string or bare", async () => {
    const key = randomUUID();
    const first = await expectSaved(await put(rename("key/a"), "one", { "idempotency-key": key }), "key/a");
    const quoted = { "idempotency-key": `"${key}"` };
    const again = await expectRepeated(await put(rename("key/a"), "one", quoted), "key/a");
    expect(again.etag).toBe(first.etag);
    expect(await visible(server, "key")).toEqual(["a"]);
  });

  test("a file that was renamed is found under its new name", async () => {
    await put("renamed/a", "somebody else's");
    const headers = { "idempotency-key": randomUUID() };
    await expectSaved(await put(rename("renamed/a"), "mine", headers), "renamed/a (1)");
    const again = await expectRepeated(await put(rename("renamed/a"), "mine", headers), "renamed/a (1)");
    expect(again.renamedFrom).toBe("a");
    expect(await visible(server, "renamed")).toEqual(["a", "a (1)"]);
  });

  test("other bytes or another path with the same key are refused, and nothing is saved", async () => {
    const headers = { "idempotency-key": randomUUID() };
    await expectSaved(await put(rename("reused/a"), "one", headers), "reused/a");
    await problemIn(await put(rename("reused/a"), "two", headers), "idempotency_key_reused");
    await problemIn(await put(rename("reused/a"), "longer", headers), "idempotency_key_reused");
    await problemIn(await put(rename("reused/b"), "one", headers), "idempotency_key_reused");
    const digest = { ...headers, "repr-digest": sha256("two") };
    await problemIn(await put(rename("reused/a"), "two", digest), "idempotency_key_reused");
    expect(await visible(server, "reused")).toEqual(["a"]);
    expect(await Bun.file(join(server.root, "reused/a")).text()).toBe("one");
  });

  test("a request with the key of a running one is refused with Retry-After", async () => {
    const key = randomUUID();
    using connection = await connect(server.url);
    const head = `PUT /files/running?conflict=rename HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\nIdempotency-Key: "${key}"\r\n\r\n`;
    await connection.send(`${head}hel`);
    await until("the upload runs", () => running("running"));
    const refused = await put(rename("running"), "hello", { "idempotency-key": key });
    expect(Number(refused.headers.get("retry-after"))).toBeGreaterThan(0);
    await problemIn(refused, "idempotency_key_in_use");
    await connection.send("lo");
    expect((await connection.answer()).status).toBe(201);
    await expectRepeated(await put(rename("running"), "hello", { "idempotency-key": key }), "running");
  });

  test("the key of a failed upload can be used again", async () => {
    const headers = { "idempotency-key": randomUUID() };
    await problemIn(
      await put(rename("free"), "one", { ...headers, "repr-digest": sha256("two") }),
      "digest_mismatch",
    );
    await expectSaved(await put(rename("free"), "two", headers), "free");
  });

  test("a repetition succeeds although the first request has made its conditions false", async () => {
    const headers = { "idempotency-key": randomUUID(), "if-none-match": "*" };
    await expectSaved(await put("condition", "one", headers), "condition");
    await expectRepeated(await put("condition", "one", headers), "condition");
    const failing = { "idempotency-key": randomUUID() };
    await expectSaved(await put("failing?conflict=fail", "one", failing), "failing");
    await expectRepeated(await put("failing?conflict=fail", "one", failing), "failing");
  });

  test("a file that was removed or changed is saved again", async () => {
    const headers = { "idempotency-key": randomUUID() };
    await expectSaved(await put(rename("gone/a"), "one", headers), "gone/a");
    expect((await server.fetch("/files/gone/a", { method: "DELETE" })).status).toBe(204);
    await expectSaved(await put(rename("gone/a"), "one", headers), "gone/a");
    await Bun.write(join(server.root, "gone/a"), "two");
    await expectSaved(await put(rename("gone/a"), "one", headers), "gone/a (1)");
    await expectRepeated(await put(rename("gone/a"), "one", headers), "gone/a (1)");
  });

  test.each(["", '"', "a b", '"ä"', `"${"k".repeat(256)}"`, "7;a", "(a b)"])(
    "refuses the key %j",
    async (key) => {
      using connection = await connect(server.url);
      await connection.send(
        `PUT /files/bad-key HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\nIdempotency-Key: ${key}\r\n\r\na`,
      );
      const answer = await connection.answer();
      await problemIn({ ...answer, headers: answer.headers }, "invalid_request");
    },
  );
});

const running = (path: string): boolean =>
  server.app.decorator.services.uploader.activeUploads
    .reports()
    .some((upload) => upload.path.startsWith(path));
