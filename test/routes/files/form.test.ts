// POST /files/{folder}/ with a form: any number of files, each streamed to the disk.

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { join } from "node:path";
import { FormResult } from "../../../src/routes/openapi/shapes.ts";
import { MemoryStorage } from "../../../src/storage/memory/memory.ts";
import { bodyIn } from "../../support/answer.ts";
import { type FormPart, file, formBody, formType, sendForm } from "../../support/form.ts";
import { problemIn } from "../../support/problem.ts";
import { startServer, type TestServer } from "../../support/server.ts";
import { textOf } from "../../support/uploader.ts";

let server: TestServer;
beforeAll(async () => {
  server = await startServer();
});
afterAll(() => server.stop());

describe("a form", () => {
  test("with one file, as browsers and curl send it", async () => {
    const form = new FormData();
    form.append("file", new File(["hello"], "ä b.txt", { type: "text/plain" }));
    const { answer, text, folder } = await sendForm(server, form);
    expect(answer.status).toBe(201);
    expect(answer.headers.get("content-type")).toBe("application/json");
    expect(answer.headers.get("cache-control")).toBe("no-store");
    const { files, errors, errorsOmitted } = await bodyIn(FormResult, answer);
    expect(files).toEqual([
      {
        path: `${folder}/ä b.txt`,
        name: "ä b.txt",
        size: 5,
        etag: expect.stringMatching(/^".+"$/),
        modified: expect.stringMatching(/Z$/),
        url: `/files/${folder}/%C3%A4%20b.txt`,
        flow: expect.objectContaining({ bytes: 5 }),
      },
    ]);
    expect(errors).toEqual([]);
    expect(errorsOmitted).toBe(0);
    expect(await text("ä b.txt")).toBe("hello");
  });

  test("with names as .NET and older urllib3 write them", async () => {
    const body = [
      ["a", "name=file; filename=\"=?utf-8?B?w7wgMTAwJS50eHQ=?=\"; filename*=utf-8''%C3%BC%20100%25.txt"],
      ["b", "name=\"file\"; filename*=utf-8''%E2%82%AC.txt"],
      ["c", "name=file; filename=plain.txt; filename*=utf-8''plain.txt"],
    ].map(([text, names]) => `--b\r\nContent-Disposition: form-data; ${names}\r\n\r\n${text}\r\n`);
    const answer = await server.fetch("/files/dotnet/", {
      method: "POST",
      headers: { "content-type": 'multipart/form-data; boundary="b"' },
      body: `${body.join("")}--b--\r\n`,
    });
    expect(answer.status).toBe(201);
    const names = ["ü 100%.txt", "€.txt", "plain.txt"];
    expect((await bodyIn(FormResult, answer)).files.map(({ name }) => name)).toEqual(names);
    const saved = names.map((name) => Bun.file(join(server.root, "dotnet", name)).text());
    expect(await Promise.all(saved)).toEqual(["a", "b", "c"]);
  });

  test("with many files: all are reported in the order of the form, each with its own flow report", async () => {
    const sizes = [3_000_000, 0, 1, 700_000, 65_536];
    const { answer, text } = await sendForm(
      server,
      sizes.map((size, index) => file(`${index}.bin`, "x".repeat(size))),
    );
    expect(answer.status).toBe(201);
    const { files } = await bodyIn(FormResult, answer);
    expect(files.map(({ name, size }) => [name, size])).toEqual(
      sizes.map((size, index) => [`${index}.bin`, size]),
    );
    for (const { flow } of files) {
      const sum = Object.values(flow.waits).reduce((total, part) => total + part, 0);
      expect(Math.abs(sum - flow.seconds)).toBeLessThanOrEqual(Math.max(flow.seconds / 100, 5e-6));
    }
    const total = files.reduce((sum, { flow }) => sum + flow.seconds, 0);
    expect(answer.headers.get("server-timing")).toEndWith(`total;dur=${(total * 1000).toFixed(1)}`);
    for (const [index, size] of sizes.entries()) expect((await text(`${index}.bin`)).length).toBe(size);
  });

  test("of 10,000 parts", async () => {
    const storage = new MemoryStorage();
    await using inMemory = await startServer({ storage });
    const parts = Array.from({ length: 10_000 }, (_, index) => file(`${index}.txt`, String(index)));
    const { answer } = await sendForm(inMemory, parts, { folder: "many" });
    expect(answer.status).toBe(201);
    const { files, errors } = await bodyIn(FormResult, answer);
    expect(files.map(({ path }) => path)).toEqual(parts.map(({ filename }) => `many/${filename}`));
    expect(errors).toEqual([]);
    expect(storage.contents.files.size).toBe(10_000);
    expect(await textOf(storage, "many/9999.txt")).toBe("9999");
  });

  test("of a whole folder creates its subfolders", async () => {
    const { files } = await sendForm(server, [
      file("photos/2026/a.jpg"),
      file("photos/b.jpg"),
      file("c.jpg"),
    ]);
    expect(await files()).toEqual(["c.jpg", "photos/2026/a.jpg", "photos/b.jpg"]);
  });

  test("may contain fields before, between and after files, and empty file inputs, which are ignored", async () => {
    const { answer, files } = await sendForm(server, [
      { name: "comment", data: "x".repeat(100_000) },
      file("a.txt"),
      { name: "filename", data: "../evil" },
      { name: "empty", filename: "", data: "" },
      file("b.txt"),
      { name: "end", data: "x" },
    ]);
    expect(answer.status).toBe(201);
    expect(await files()).toEqual(["a.txt", "b.txt"]);
  });

  test("renames by default, and follows ?conflict=", async () => {
    const { answer, folder } = await sendForm(server, [
      file("a.txt", "1"),
      file("a.txt", "2"),
      file("a.txt", "3"),
    ]);
    expect((await bodyIn(FormResult, answer)).files.map(({ name }) => name).toSorted()).toEqual([
      "a (1).txt",
      "a (2).txt",
      "a.txt",
    ]);
    const again = [file("a.txt", "new"), file("b.txt", "new")];
    const failed = await sendForm(server, again, { folder, query: "?conflict=fail" });
    expect(failed.answer.status).toBe(207);
    expect(await failed.answer.json()).toMatchObject({
      files: [{ name: "b.txt" }],
      errors: [{ code: "name_taken", file: "a.txt" }],
    });
    const replaced = await sendForm(server, again, { folder, query: "?conflict=replace" });
    expect(replaced.answer.status).toBe(201);
    expect(await replaced.text("a.txt")).toBe("new");
  });

  test("into the root", async () => {
    const form = new FormData();
    form.append("file", new File(["x"], "at-the-root.txt"));
    const answer = await server.fetch("/files/", { method: "POST", body: form });
    expect(await answer.json()).toMatchObject({ files: [{ path: "at-the-root.txt" }] });
  });

  test("200 concurrent forms with the same name lose no file", async () => {
    const sent = await Promise.all(
      Array.from({ length: 200 }, (_, index) =>
        sendForm(server, [file("a.jpg", String(index))], { folder: "contested" }),
      ),
    );
    expect(sent.map(({ answer }) => answer.status)).toEqual(Array(200).fill(201));
    const names = (await sent[0]?.files()) ?? [];
    expect(names).toHaveLength(200);
    const texts = await Promise.all(
      names.map((name) => Bun.file(join(server.root, "contested", name)).text()),
    );
    expect(texts.map(Number).toSorted((a, b) => a - b)).toEqual(
      Array.from({ length: 200 }, (_, index) => index),
    );
  });
});

describe("a form without files", () => {
  test.each<[string, FormPart[]]>([
    ["no part", []],
    [
      "fields only",
      [
        { name: "a", data: "1" },
        { name: "b", data: "2" },
      ],
    ],
    ["an empty file input", [{ filename: "", data: "" }]],
  ])("%s is 400 no_files", async (_, parts) => {
    const { answer, files } = await sendForm(server, parts);
    await problemIn(answer, "no_files");
    expect(await files()).toEqual([]);
  });
});

test("a digest of a form is refused, because its files would be saved before it can be verified", async () => {
  const answer = await server.fetch("/files/", {
    method: "POST",
    body: new Uint8Array(formBody([file("digest.txt")])),
    headers: { "content-type": formType(), "repr-digest": `sha-256=:${"A".repeat(43)}=:` },
  });
  await problemIn(answer, "invalid_digest");
  expect(await Bun.file(join(server.root, "digest.txt")).exists()).toBe(false);
});
