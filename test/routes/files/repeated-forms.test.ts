// Forms with an Idempotency-Key that are sent again, and keys after a restart of the server.

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { randomUUID } from "node:crypto";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { FormResult, SavedFile } from "../../../src/routes/openapi/shapes.ts";
import { bodyIn } from "../../support/answer.ts";
import { problemIn } from "../../support/problem.ts";
import { connect } from "../../support/raw.ts";
import { type ServerOptions, startServer, type TestServer, until } from "../../support/server.ts";
import { spawnServing } from "../../support/spawn.ts";

let server: TestServer;
beforeAll(async () => {
  server = await startServer();
});
afterAll(() => server.stop());

const visible = async (folder: string) => (await readdir(join(server.root, folder)).catch(() => [])).sort();

const put = (path: string, body: string, headers: Record<string, string>, at: TestServer) =>
  at.fetch(`/files/${path}?conflict=rename`, { method: "PUT", body, headers });

/** The status, the path of the file, and whether it was saved before. */
async function outcome(sent: Promise<Response>) {
  const answer = await sent;
  const { path, repeated = false } = await bodyIn(SavedFile, answer);
  return [answer.status, path, repeated];
}

describe("a form with an Idempotency-Key", () => {
  const send = (files: [string, string][], key: string, at = server) => {
    const form = new FormData();
    for (const [name, text] of files) form.append("file", new File([text], name));
    return at.fetch("/files/form/", { method: "POST", body: form, headers: { "idempotency-key": key } });
  };

  test("each file is saved once, also two with the same name", async () => {
    const files: [string, string][] = [
      ["a", "one"],
      ["a", "two"],
      ["b", "three"],
    ];
    const key = randomUUID();
    const first = await send(files, key);
    expect(first.status).toBe(201);
    // Files of one form are published at the same time, so either `a` may get the number.
    const paths = (await bodyIn(FormResult, first)).files.map(({ path }) => path);
    expect(paths.toSorted()).toEqual(["form/a", "form/a (1)", "form/b"]);
    const again = await send(files, key);
    expect(again.status).toBe(200);
    const result = await bodyIn(FormResult, again);
    expect(result.files.map(({ path, repeated }) => [path, repeated])).toEqual(
      paths.map((path) => [path, true]),
    );
    expect(await visible("form")).toEqual(["a", "a (1)", "b"]);
  });

  test("files saved by a form that was cut are not saved again", async () => {
    const key = randomUUID();
    const part = (name: string, text: string) =>
      `--b\r\nContent-Disposition: form-data; name="file"; filename="${name}"\r\n\r\n${text}\r\n`;
    const whole = `${part("one", "1")}${part("two", "2")}${part("three", "3")}--b--\r\n`;
    const head = (length: number) =>
      `POST /files/cut/ HTTP/1.1\r\nHost: localhost\r\nContent-Type: multipart/form-data; boundary=b\r\nContent-Length: ${length}\r\nIdempotency-Key: "${key}"\r\n\r\n`;
    const cut = await connect(server.url);
    await cut.send(head(whole.length) + whole.slice(0, whole.indexOf("three")));
    await until("two files are there", async () => (await visible("cut")).length === 2);
    cut.reset();
    await until("the key is free", async () => {
      using connection = await connect(server.url);
      await connection.send(head(whole.length) + whole);
      const { status, text } = await connection.answer();
      if (status === 409) return false;
      expect(status).toBe(201);
      const { files } = JSON.parse(text);
      expect(
        files.map((file: { path: string; repeated?: true }) => [file.path, file.repeated ?? false]),
      ).toEqual([
        ["cut/one", true],
        ["cut/two", true],
        ["cut/three", false],
      ]);
      return true;
    });
    expect(await visible("cut")).toEqual(["one", "three", "two"]);
  });
});

describe("after a restart", () => {
  async function rooted(work: (start: (options?: ServerOptions) => Promise<TestServer>) => Promise<void>) {
    const root = await mkdtemp(join(tmpdir(), "sluice-repeats-"));
    try {
      await work((options) => startServer({ ...options, root }));
    } finally {
      await rm(root, { recursive: true, force: true });
    }
  }

  test("a key is remembered", () =>
    rooted(async (start) => {
      const headers = { "idempotency-key": randomUUID() };
      const first = await start();
      await put("a", "somebody else's", {}, first);
      expect(await outcome(put("a", "one", headers, first))).toEqual([201, "a (1)", false]);
      await first.stop();
      const second = await start();
      expect(await outcome(put("a", "one", headers, second))).toEqual([200, "a (1)", true]);
      await problemIn(await put("a", "two", headers, second), "idempotency_key_reused");
      await second.stop();
    }));

  test("a torn or foreign line of the record is skipped, and later keys are remembered", () =>
    rooted(async (start) => {
      const [one, two] = [randomUUID(), randomUUID()];
      const first = await start();
      await put("a", "one", { "idempotency-key": one }, first);
      await first.stop();
      const file = Bun.file(join(first.root, ".sluice/receipts"));
      await Bun.write(file, `nonsense\n[]\n${await file.text()}{"key":"${two}","tar`);
      const second = await start();
      expect(await outcome(put("a", "one", { "idempotency-key": one }, second))).toEqual([200, "a", true]);
      expect(await outcome(put("b", "two", { "idempotency-key": two }, second))).toEqual([201, "b", false]);
      await second.stop();
      const third = await start();
      expect(await outcome(put("a", "one", { "idempotency-key": one }, third))).toEqual([200, "a", true]);
      expect(await outcome(put("b", "two", { "idempotency-key": two }, third))).toEqual([200, "b", true]);
      await third.stop();
    }));

  test("a key is remembered after kill -9, for each of 40 uploads that were answered", () =>
    rooted(async (start) => {
      const { root } = await start().then(async (server) => {
        await server.stop();
        return server;
      });
      const keys = Array.from({ length: 40 }, () => randomUUID());
      const send = (url: string, key: string, index: number) =>
        fetch(`${url}/files/f?conflict=rename`, {
          method: "PUT",
          body: `content ${index}`,
          headers: { "idempotency-key": key },
        });
      let paths: string[];
      {
        await using first = await spawnServing(root, "--keep-free", "0B");
        const saved = await Promise.all(keys.map((key, index) => send(first.url, key, index)));
        paths = await Promise.all(saved.map(async (answer) => (await bodyIn(SavedFile, answer)).path));
        first.signal("SIGKILL");
        await first.exited;
      }
      await using second = await spawnServing(root, "--keep-free", "0B");
      const again = await Promise.all(keys.map((key, index) => outcome(send(second.url, key, index))));
      expect(again).toEqual(paths.map((path) => [200, path, true]));
      expect((await readdir(root)).filter((name) => name !== ".sluice").length).toBe(40);
    }));
});
