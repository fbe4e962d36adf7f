// POST /files/{folder}/ with a body that is one file.

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { SavedFile } from "../../../src/routes/openapi/shapes.ts";
import { bodyIn } from "../../support/answer.ts";
import { run } from "../../support/binary.ts";
import { problemIn } from "../../support/problem.ts";
import { TRUSTING } from "../../support/protocol.ts";
import { startServer, type TestServer } from "../../support/server.ts";

let server: TestServer;
beforeAll(async () => {
  server = await startServer();
});
afterAll(() => server.stop());

const post = (folder: string, headers: Record<string, string> = {}, body = "hello") =>
  server.fetch(`/files/${folder}`, { method: "POST", body, headers });

const onDisk = (path: string) => Bun.file(join(server.root, path));

describe("the name", () => {
  test("is set by ?name=, with the answer of a PUT", async () => {
    const answer = await post("in/?name=a%20b.txt");
    expect(answer.status).toBe(201);
    expect(answer.headers.get("location")).toBe("/files/in/a%20b.txt");
    expect(answer.headers.get("server-timing")).toContain("total;dur=");
    const file = await bodyIn(SavedFile, answer);
    expect(answer.headers.get("etag")).toBe(file.etag);
    expect(file).toMatchObject({ path: "in/a b.txt", size: 5, flow: { bytes: 5 } });
    expect(await onDisk("in/a b.txt").text()).toBe("hello");
  });

  test("may contain folders", async () => {
    expect((await post("?name=x/y/z.txt")).headers.get("location")).toBe("/files/x/y/z.txt");
    expect((await post("w/?name=x%2Fy.txt")).headers.get("location")).toBe("/files/w/x/y.txt");
  });

  test.each([
    [`attachment; filename="q.txt"`, "q.txt"],
    ["attachment; filename=token.txt", "token.txt"],
    [`inline; FileName="with \\"quotes\\".txt"`, `with "quotes".txt`],
    ["attachment; filename*=UTF-8''%e2%82%ac%20rates.txt", "€ rates.txt"],
    [`attachment; filename="fallback.txt"; filename*=UTF-8''%C3%BC.txt`, "ü.txt"],
    ["attachment; filename*=iso-8859-1''%FC-latin.txt", "ü-latin.txt"],
    [`attachment; filename="d/e/f.txt"`, "d/e/f.txt"],
  ])("from Content-Disposition: %s", async (header, path) => {
    const answer = await post("cd/", { "content-disposition": header });
    expect(answer.status).toBe(201);
    expect(await answer.json()).toMatchObject({ path: `cd/${path}` });
  });

  test("?name= takes precedence", async () => {
    const answer = await post("?name=query.txt", {
      "content-disposition": `attachment; filename="header.txt"`,
    });
    expect(await answer.json()).toMatchObject({ path: "query.txt" });
  });

  test.each<[string, Record<string, string>]>([
    ["nothing", {}],
    ["a disposition without one", { "content-disposition": "attachment" }],
    ["a disposition that cannot be read", { "content-disposition": "attachment; filename=" }],
  ])("missing: %s", async (_, headers) => {
    await problemIn(await post("nameless/", headers), "missing_name");
    expect(await onDisk("nameless").exists()).toBe(false);
  });

  test("missing, because curl has put it into the URL: PUT is named, and works", async () => {
    const file = join(server.root, "name in url.txt");
    await Bun.write(file, "from curl");
    const curl = (method: string) =>
      run(["curl", ...TRUSTING.curl, "-sS", "-X", method, "-T", file, `${server.url}/files/curl/`], {
        cwd: server.root,
      });
    const { stdout } = await curl("POST");
    expect(JSON.parse(stdout)).toMatchObject({
      code: "missing_name",
      detail: expect.stringContaining("to save the file under this URL, use PUT instead of POST."),
    });
    expect(await onDisk("curl/name in url.txt").exists()).toBe(false);
    expect(JSON.parse((await curl("PUT")).stdout)).toMatchObject({ path: "curl/name in url.txt", size: 9 });
  });

  test.each([
    ["?name=", "/path/0", "empty_segment"],
    ["?name=..", "/path/0", "parent_segment"],
    ["a/?name=x%2F..%2Fy", "/path/1", "parent_segment"],
    ["?name=%2Fetc%2Fx", "/path/0", "empty_segment"],
    ["?name=a%5Cb", "/path/0", "backslash"],
    ["?name=.sluice%2Fx", "/path/0", "reserved_name"],
  ])("that is invalid is refused: %s", async (query, pointer, code) => {
    const { errors } = await problemIn(await post(query), "invalid_path");
    expect(errors).toEqual([expect.objectContaining({ pointer, code })]);
  });
});

test("a taken name gets the next number by default, or another conflict policy", async () => {
  const send = (query: string) => post(`taken/?name=a.jpg${query}`);
  expect((await send("")).headers.get("location")).toBe("/files/taken/a.jpg");
  expect(await (await send("")).json()).toMatchObject({ name: "a (1).jpg", renamedFrom: "a.jpg" });
  expect((await send("&conflict=replace")).status).toBe(200);
  await problemIn(await send("&conflict=fail"), "name_taken");
});

test("200 concurrent uploads with one name become 200 files", async () => {
  const texts = Array.from({ length: 200 }, (_, index) => `content ${index}`);
  const answers = await Promise.all(texts.map((text) => post("many/?name=archive.tar.gz", {}, text)));
  expect(answers.map(({ status }) => status)).toEqual(Array(200).fill(201));
  const names = await readdir(join(server.root, "many"));
  expect(names.toSorted()).toEqual(
    [
      "archive.tar.gz",
      ...Array.from({ length: 199 }, (_, index) => `archive (${index + 1}).tar.gz`),
    ].toSorted(),
  );
  const saved = await Promise.all(names.map((name) => onDisk(`many/${name}`).text()));
  expect(saved.toSorted()).toEqual(texts.toSorted());
});

test("conditions and digests work as with PUT", async () => {
  await post("rules/?name=a");
  const unlessThere = { "if-none-match": "*" };
  await problemIn(await post("rules/?name=a", unlessThere), "precondition_failed");
  const wrong = { "repr-digest": `sha-256=:${new Bun.CryptoHasher("sha256").update("x").digest("base64")}:` };
  await problemIn(await post("rules/?name=b", wrong), "digest_mismatch");
  expect(
    (await post("rules/?name=c", { "want-repr-digest": "sha-256=1" })).headers.get("repr-digest"),
  ).toMatch(/^sha-256=:.{44}:$/);
  await problemIn(await post("rules/?name=d", { "content-encoding": "gzip" }), "unsupported_encoding");
  expect(await readdir(join(server.root, "rules"))).toHaveLength(2);
});

test("a body of any other type is a file", async () => {
  for (const type of [
    "application/json",
    "application/x-www-form-urlencoded",
    "text/plain",
    "multipart/mixed; boundary=x",
    "",
  ]) {
    const headers: Record<string, string> = type === "" ? {} : { "content-type": type };
    const answer = await post("types/?name=f&conflict=replace", headers, "{not json");
    expect(answer.ok).toBe(true);
    expect(await onDisk("types/f").text()).toBe("{not json");
  }
});

test("the folder may have a trailing slash or not", async () => {
  expect((await post("with/?name=a")).headers.get("location")).toBe("/files/with/a");
  expect((await post("without?name=a")).headers.get("location")).toBe("/files/without/a");
});

test("a folder that is a file is answered with 409", async () => {
  await post("?name=plain");
  await problemIn(await post("plain/?name=a"), "not_a_folder");
});

test("the length of the whole path is limited", async () => {
  const folder = `${"x".repeat(250)}/`.repeat(15);
  const { errors } = await problemIn(
    await post(`${folder}?name=${"y".repeat(250)}/${"z".repeat(250)}`),
    "invalid_path",
  );
  expect(errors).toEqual([expect.objectContaining({ code: "path_too_long" })]);
});
