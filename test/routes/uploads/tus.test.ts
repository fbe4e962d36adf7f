// tus 1.0.0 over a real socket: the core protocol, every extension, and refusals.

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import type { ProblemCode } from "../../../src/errors.ts";
import { problemIn } from "../../support/problem.ts";
import { startServer, type TestServer } from "../../support/server.ts";
import { base64, named, OFFSET_TYPE, TUS, type TusClient, tusClient } from "../../support/tus-client.ts";

let server: TestServer;
let client: TusClient;
beforeAll(async () => {
  server = await startServer({ maxFileSize: 1_000_000 });
  client = tusClient(server);
});
afterAll(() => server.stop());

describe("an upload", () => {
  test("is created, appended to in two requests, and saved when its length is reached", async () => {
    const made = await client.post({ "upload-length": "10", ...named("two.txt") });
    expect(made.status).toBe(201);
    const url = made.headers.get("location") ?? "";
    expect(url).toMatch(/^\/uploads\/[\w-]{22,}$/);
    expect(made.headers.get("upload-expires")).toMatch(/GMT$/);

    const first = await client.patch(url, 0, "01234");
    expect([first.status, first.headers.get("upload-offset")]).toEqual([204, "5"]);
    expect(first.headers.get("content-location")).toBeNull();
    expect(await client.exists("two.txt")).toBe(false);

    const asked = await client.head(url);
    expect(asked.status).toBe(200);
    expect(asked.headers.get("upload-length")).toBe("10");
    expect(asked.headers.get("cache-control")).toBe("no-store");
    expect(asked.headers.get("upload-metadata")).toBe(named("two.txt")["upload-metadata"]);

    const last = await client.patch(url, 5, "56789");
    expect([last.status, last.headers.get("upload-offset")]).toEqual([204, "10"]);
    expect(last.headers.get("content-location")).toBe("/files/two.txt");
    expect(last.headers.get("server-timing")).toContain("network;dur=");
    expect(await client.text("two.txt")).toBe("0123456789");
    expect(server.log.filter((line) => line.includes("saved two.txt · 10 B"))).toHaveLength(1);
  });

  test("that is complete answers a repetition of the last request, and keeps only its metadata", async () => {
    const url = await client.create({ "upload-length": "4", ...named("again.txt") });
    await client.patch(url, 0, "abcd");
    expect(await client.offsetOf(url)).toBe("4");
    const again = await client.patch(url, 0, "abcd");
    await problemIn(again, "offset_mismatch");
    expect(again.headers.get("upload-offset")).toBe("4");
    expect((await client.patch(url, 4, "")).status).toBe(204);
    const id = url.slice("/uploads/".length);
    expect((await client.kept()).filter((name) => name.startsWith(id))).toEqual([`${id}.note`]);
  });

  test("of no bytes is complete immediately", async () => {
    const made = await client.post({ "upload-length": "0", ...named("empty.txt") });
    expect(made.headers.get("content-location")).toBe("/files/empty.txt");
    expect(await client.text("empty.txt")).toBe("");
  });

  test("can be created with its bytes", async () => {
    const made = await client.post({ "upload-length": "4", ...OFFSET_TYPE, ...named("with.txt") }, "abcd");
    expect([made.status, made.headers.get("upload-offset")]).toEqual([201, "4"]);
    expect(await client.text("with.txt")).toBe("abcd");
  });

  test("can get its length later, but only once", async () => {
    const url = await client.create({ "upload-defer-length": "1", ...named("later.txt") });
    await client.patch(url, 0, "abc");
    expect((await client.head(url)).headers.get("upload-defer-length")).toBe("1");
    expect((await client.patch(url, 3, "", { "upload-length": "5" })).headers.get("upload-length")).toBe("5");
    await problemIn(await client.patch(url, 3, "de", { "upload-length": "6" }), "inconsistent_length");
    await client.patch(url, 3, "de");
    expect(await client.text("later.txt")).toBe("abcde");
  });

  test.each([
    ["?path=", "?path=in/query.txt", {}, "in/query.txt"],
    ["relativePath", "", { "upload-metadata": `relativePath ${base64("a/b/c.txt")}` }, "a/b/c.txt"],
    ["folder", "", { "upload-metadata": `folder ${base64("f")},filename ${base64("g.txt")}` }, "f/g.txt"],
    ["Content-Disposition", "", { "content-disposition": 'attachment; filename="h.txt"' }, "h.txt"],
  ])("is saved to the path in %s", async (_, query, headers, path) => {
    await client.post({ "upload-length": "2", ...OFFSET_TYPE, ...headers }, "ok", query);
    expect(await client.text(path)).toBe("ok");
  });

  test("without a name gets a random one", async () => {
    const made = await client.post({ "upload-length": "2", ...OFFSET_TYPE }, "ok");
    expect(made.headers.get("content-location")).toMatch(/^\/files\/upload-[\w-]{8}$/);
  });

  test.each([
    ["rename", "taken (1).txt", "new"],
    ["replace", "taken.txt", "new"],
  ])("whose name is taken: %s", async (conflict, path, content) => {
    await Bun.write(join(server.root, "taken.txt"), "old");
    await client.post(
      { "upload-length": "3", ...OFFSET_TYPE, ...named("taken.txt") },
      "new",
      `?conflict=${conflict}`,
    );
    expect(await client.text(path)).toBe(content);
    await rm(join(server.root, path));
  });

  test("is cancelled", async () => {
    const url = await client.create({ "upload-length": "9", ...named("cancelled.txt") });
    await client.patch(url, 0, "abc");
    expect((await server.fetch(url, { method: "DELETE", headers: TUS })).status).toBe(204);
    expect((await client.head(url)).status).toBe(404);
    expect((await client.kept()).filter((name) => url.includes(name.slice(0, 22)))).toEqual([]);
  });

  test("that is complete can be deleted, and the file is kept", async () => {
    const url = await client.create({ "upload-length": "3", ...named("stays.txt") });
    await client.patch(url, 0, "abc");
    expect((await server.fetch(url, { method: "DELETE", headers: TUS })).status).toBe(204);
    expect((await client.head(url)).status).toBe(404);
    expect(await client.text("stays.txt")).toBe("abc");
  });

  test("is listed while it is unfinished, without its id, which grants access", async () => {
    const url = await client.create({
      "upload-length": "9",
      ...named("listed.txt"),
      "x-request-id": "my-upload",
    });
    await client.patch(url, 0, "abc");
    const listed = await (await server.fetch("/api/uploads")).text();
    expect(JSON.parse(listed).uploads).toContainEqual(
      expect.objectContaining({ id: "my-upload", state: "waiting", saved: 3, size: 9, path: "listed.txt" }),
    );
    expect(listed).not.toContain(url.slice("/uploads/".length));
  });
});

describe("is refused, and stores nothing:", () => {
  test.each<[string, Record<string, string>, ProblemCode]>([
    ["no length", named("x"), "invalid_request"],
    ["a negative length", { "upload-length": "-1" }, "invalid_request"],
    ["a length that is no number", { "upload-length": "NaN" }, "invalid_request"],
    ["a length larger than allowed", { "upload-length": "1000001" }, "file_too_large"],
    ["a length no file can have", { "upload-length": "9".repeat(30) }, "file_too_large"],
    ["a name that leads out", { "upload-length": "1", ...named("../canary") }, "invalid_path"],
    ["another version", { "upload-length": "1", "tus-resumable": "0.2.2" }, "unsupported_version"],
    [
      "a checksum of an unknown kind",
      { "upload-length": "1", "upload-checksum": "sha9 YQ==" },
      "invalid_request",
    ],
  ])("%s", async (_, headers, code) => {
    const before = await client.kept();
    const answer = await client.post(headers);
    await problemIn(answer, code);
    expect(answer.headers.get("tus-resumable")).toBe("1.0.0");
    expect(await client.kept()).toEqual(before);
  });

  test("a PATCH with a wrong offset, a wrong type, too many bytes, or for a missing upload", async () => {
    const url = await client.create({ "upload-length": "5", ...named("refused.txt") });
    await client.patch(url, 0, "abc");
    const elsewhere = await client.patch(url, 1, "bc");
    await problemIn(elsewhere, "offset_mismatch");
    expect(elsewhere.headers.get("upload-offset")).toBe("3");
    await problemIn(await client.patch(url, 3, "de", { "content-type": "text/plain" }), "unsupported_type");
    await problemIn(await client.patch(url, 3, "def"), "file_too_large");
    const chunked = new ReadableStream<Uint8Array>({
      start(controller) {
        controller.enqueue(Buffer.from("d"));
        controller.enqueue(Buffer.from("efgh"));
        controller.close();
      },
    });
    await problemIn(await client.patch(url, 3, chunked), "file_too_large");
    await problemIn(await client.patch("/uploads/0123456789012345678901", 0, "a"), "not_found");
    expect(await client.offsetOf(url)).toBe("3");
    expect(await client.exists("refused.txt")).toBe(false);
    await client.patch(url, 3, "de");
    expect(await client.text("refused.txt")).toBe("abcde");
  });
});

test("every tus request is answered with Tus-Resumable, also if it is refused before it is routed", async () => {
  const url = await client.create({ "upload-length": "1", ...named("version.txt") });
  await using reading = await startServer({ allow: new Set(["read"]) });
  const put = await server.fetch(url, { method: "PUT", headers: TUS });
  const refused = await reading.fetch("/uploads", { method: "POST", headers: TUS });
  for (const answer of [put, refused]) expect(answer.headers.get("tus-resumable")).toBe("1.0.0");
  expect([put.status, refused.status]).toEqual([405, 403]);
});

describe("a checksum", () => {
  const sha1 = (content: string) => ({
    "upload-checksum": `sha1 ${new Bun.CryptoHasher("sha1").update(content).digest("base64")}`,
  });

  test("that matches is accepted, one that does not leaves the offset unchanged", async () => {
    const url = await client.create({ "upload-length": "6", ...named("sum.txt") });
    await client.patch(url, 0, "abc", sha1("abc"));
    await problemIn(await client.patch(url, 3, "dxf", sha1("def")), "checksum_mismatch");
    expect(await client.offsetOf(url)).toBe("3");
    expect((await client.patch(url, 3, "def", sha1("def"))).status).toBe(204);
    expect(await client.text("sum.txt")).toBe("abcdef");
  });

  test("that is wrong for the last bytes prevents the file from being saved", async () => {
    const answer = await client.post(
      { "upload-length": "3", ...OFFSET_TYPE, ...named("wrong.txt"), ...sha1("abc") },
      "abd",
    );
    await problemIn(answer, "checksum_mismatch");
    expect(await client.exists("wrong.txt")).toBe(false);
  });
});

describe("partial uploads", () => {
  const part = async (content: string): Promise<string> => {
    const url = await client.create({ "upload-length": `${content.length}`, "upload-concat": "partial" });
    await client.patch(url, 0, content);
    return url;
  };

  test("become one file, in the given order, and their own bytes are deleted", async () => {
    const [one, two] = [await part("one"), await part("two")];
    const made = await client.post({
      "upload-concat": `final;${two} ${server.url}${one}`,
      ...named("whole.txt"),
    });
    expect(made.status).toBe(201);
    expect(await client.text("whole.txt")).toBe("twoone");
    const url = made.headers.get("location") ?? "";
    const asked = await client.head(url);
    expect(asked.headers.get("upload-length")).toBe("6");
    expect(asked.headers.get("upload-concat")).toBe(`final;${two} ${server.url}${one}`);
    expect((await client.head(one)).headers.get("upload-concat")).toBe("partial");
    expect(await client.offsetOf(one)).toBe("3");
    expect(
      (await client.kept()).filter((name) => name.endsWith(".data") && one.includes(name.slice(0, 22))),
    ).toEqual([]);
    await problemIn(await client.patch(url, 6, "more"), "concatenated_upload");
  });

  test("may be concatenated before they are complete", async () => {
    const one = await part("one");
    const two = await client.create({ "upload-length": "3", "upload-concat": "partial" });
    const url = await client.create({ "upload-concat": `final;${one} ${two}`, ...named("unfinished.txt") });
    expect(await client.offsetOf(url)).toBeNull();
    await client.patch(two, 0, "two");
    expect(await client.offsetOf(url)).toBe("6");
    expect(await client.text("unfinished.txt")).toBe("onetwo");
  });

  test("that do not exist or are not partial are refused", async () => {
    const ordinary = await client.create({ "upload-length": "3" });
    for (const url of [ordinary, "/uploads/none"])
      await problemIn(await client.post({ "upload-concat": `final;${url}` }), "invalid_request");
  });
});
