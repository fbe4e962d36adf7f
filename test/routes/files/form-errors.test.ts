// Forms with invalid parts: valid ones are saved, the list of errors is bounded, and reading stops at the limit.

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { LIMIT_REACHED } from "../../../src/errors.ts";
import { FormResult } from "../../../src/routes/openapi/shapes.ts";
import { bodyIn } from "../../support/answer.ts";
import { type FormPart, file, sendForm } from "../../support/form.ts";
import { problemIn } from "../../support/problem.ts";
import { startServer, type TestServer } from "../../support/server.ts";

let server: TestServer;
beforeAll(async () => {
  server = await startServer();
});
afterAll(() => server.stop());

describe("an invalid part does not affect the valid ones", () => {
  const bad: [string, string][] = [
    ["..\\evil.txt", "invalid_path"],
    ["../evil.txt", "invalid_path"],
    ["/etc/evil.txt", "invalid_path"],
    ["a/../evil.txt", "invalid_path"],
    ["NUL", "invalid_path"],
    [`${"x".repeat(300)}.txt`, "invalid_path"],
    ["a\u0000b", "invalid_path"],
  ];
  test.each(bad)("named %p", async (filename, code) => {
    const { answer, files } = await sendForm(server, [file("one.txt"), file(filename), file("two.txt")]);
    expect(answer.status).toBe(207);
    const result = await bodyIn(FormResult, answer);
    expect(result.files.map(({ name }) => name)).toEqual(["one.txt", "two.txt"]);
    expect(result.errors).toEqual([
      { code, file: filename.slice(0, 255), detail: expect.stringMatching(/\.$/) },
    ]);
    expect(await files()).toEqual(["one.txt", "two.txt"]);
  });

  test("names that only look invalid are accepted", async () => {
    const names = ["%2e%2e%2fx", "..x", "...y..z", "right\u202eleft.txt", "-rf", "a:b"];
    const { answer, files } = await sendForm(
      server,
      names.map((name) => file(name)),
    );
    expect(answer.status).toBe(201);
    expect(await files()).toEqual(names.toSorted());
  });

  test("if it is too large, also when it is larger than every buffer", async () => {
    await using limited = await startServer({ maxFileSize: 1000 });
    const parts = [
      file("one.txt"),
      file("large.bin", "x".repeat(5_000_000)),
      file("two.txt", "y".repeat(1000)),
    ];
    const { answer, files } = await sendForm(limited, parts);
    expect(answer.status).toBe(207);
    expect(await answer.json()).toMatchObject({
      files: [{ name: "one.txt" }, { name: "two.txt", size: 1000 }],
      errors: [
        { code: "file_too_large", file: "large.bin", detail: expect.stringContaining("--max-file-size") },
      ],
      errorsOmitted: 0,
    });
    expect(await files()).toEqual(["one.txt", "two.txt"]);
    expect(await readdir(join(limited.root, ".sluice/uploads"))).toEqual([]);
  });

  test("if its headers are invalid", async () => {
    const { answer, files } = await sendForm(server, [
      file("one.txt"),
      { headers: ["Content-Type: text/plain"], data: "x" },
      { headers: ['Content-Disposition: form-data; filename="no-name.txt"'], data: "x" },
      { headers: ['Content-Disposition: form-data; name="a"; name="b"; filename="c"'], data: "x" },
      {
        headers: [
          'Content-Disposition: form-data; name="a"; filename="c"',
          "Content-Transfer-Encoding: base64",
        ],
        data: "eA==",
      },
      file("two.txt"),
    ]);
    expect(answer.status).toBe(207);
    const { errors } = await bodyIn(FormResult, answer);
    expect(errors.map(({ code }) => code)).toEqual(Array(4).fill("invalid_multipart"));
    expect(await files()).toEqual(["one.txt", "two.txt"]);
  });

  test("if no part is valid, the answer is the problem of the first", async () => {
    const { answer, files } = await sendForm(server, [file("../a"), file("b\\c")]);
    const { errors } = await problemIn(answer, "invalid_path");
    expect(errors?.map((error) => error.file)).toEqual(["../a", "b\\c"]);
    expect(await files()).toEqual([]);
  });
});

describe("the list of errors is bounded", () => {
  const bad = (count: number): FormPart[] => Array.from({ length: count }, (_, index) => file(`../${index}`));

  test("reading stops at the tenth error; valid files before it are saved, later ones are not", async () => {
    const { answer, files } = await sendForm(server, [file("before.txt"), ...bad(20), file("after.txt")]);
    expect(answer.status).toBe(207);
    const { errors, errorsOmitted } = await bodyIn(FormResult, answer);
    expect(errors).toHaveLength(11);
    expect(errors[9]?.file).toBe("../9");
    expect(errors[10]).toEqual(LIMIT_REACHED);
    expect(errorsOmitted).toBe(0);
    expect(await files()).toEqual(["before.txt"]);
  });

  test("nine errors do not stop reading", async () => {
    const { answer, files } = await sendForm(server, [...bad(9), file("after.txt")]);
    expect((await bodyIn(FormResult, answer)).errors).toHaveLength(9);
    expect(await files()).toEqual(["after.txt"]);
  });

  test("also if no file was saved", async () => {
    const { answer } = await sendForm(server, bad(5000));
    const { errors = [] } = await problemIn(answer, "invalid_path");
    expect(errors).toHaveLength(11);
    expect(errors[10]).toEqual(LIMIT_REACHED);
  });

  test("by --max-errors", async () => {
    await using strict = await startServer({ maxErrors: 1 });
    const { answer } = await sendForm(strict, [file("one.txt"), file("../x"), file("two.txt")]);
    expect(await answer.json()).toMatchObject({
      files: [{ name: "one.txt" }],
      errors: [{ file: "../x" }, LIMIT_REACHED],
    });
  });
});

test("a file over --max-files is an error, and reading stops", async () => {
  await using limited = await startServer({ maxFiles: 3 });
  const parts = ["a", "b", "c", "d", "e"].map((name) => file(name));
  const { answer, files } = await sendForm(limited, [{ name: "field" }, ...parts]);
  expect(answer.status).toBe(207);
  expect(await answer.json()).toMatchObject({
    files: [{ name: "a" }, { name: "b" }, { name: "c" }],
    errors: [{ code: "too_many_files", file: "d", detail: expect.stringContaining("--max-files") }],
    errorsOmitted: 0,
  });
  expect(await files()).toEqual(["a", "b", "c"]);
});

test("a part with bytes and an empty file name is reported", async () => {
  const { answer } = await sendForm(server, [
    { name: "photo", filename: "", data: "bytes" },
    { name: "empty", filename: "" },
    file("good.txt", "good"),
  ]);
  expect(answer.status).toBe(207);
  const { files, errors } = await bodyIn(FormResult, answer);
  expect(files.map(({ name }) => name)).toEqual(["good.txt"]);
  expect(errors).toEqual([expect.objectContaining({ code: "missing_name", file: "photo" })]);
});
