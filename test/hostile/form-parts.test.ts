// Form parts with misleading headers, and nested forms: only they are refused, and the other parts are saved.

import { describe, expect, test } from "bun:test";
import { mkdir } from "node:fs/promises";
import { problemIn } from "../support/problem.ts";
import { until } from "../support/server.ts";
import { BOUNDARY, FORM_END, filePart, part, resultIn, sendForm } from "./requests.ts";
import { targetOfAll } from "./target.ts";

const server = await targetOfAll();

describe("a form in a form", () => {
  test("as a file is saved like any other file", async () => {
    const inner = (filePart("../canary", "evil") + FORM_END).replaceAll(BOUNDARY, "inner");
    const mixed = filePart("a", inner).replace(
      "\r\n\r\n",
      "\r\nContent-Type: multipart/mixed; boundary=inner\r\n\r\n",
    );
    expect((await sendForm(server, mixed + FORM_END)).status).toBe(201);
    expect(await server.files()).toEqual(["a"]);
    expect(await Bun.file(server.in("a")).text()).toBe(inner);
  });

  test("as a field is ignored", async () => {
    const inner = (filePart("evil", "evil") + FORM_END).replaceAll(BOUNDARY, "inner");
    const field = part('name="n"', inner).replace(
      "\r\n\r\n",
      "\r\nContent-Type: multipart/mixed; boundary=inner\r\n\r\n",
    );
    await problemIn(await sendForm(server, field + FORM_END), "no_files");
    expect(await server.files()).toEqual([]);
  });

  test("with the boundary of the outer form ends at that boundary", async () => {
    const { files } = await resultIn(
      await sendForm(server, filePart("a", filePart("b", "hello")) + FORM_END),
    );
    expect(files).toMatchObject([{ path: "a" }, { path: "b" }]);
    expect(await Bun.file(server.in("a")).text()).toBe("");
  });
});

describe("the headers of a part", () => {
  test.each([
    ["NUL", 'filename="a\0.jpg"'],
    ["NUL, encoded", 'filename="a%00/../b"'],
    ["300 bytes", `filename="${"a".repeat(300)}"`],
    ["no UTF-8", 'filename="a\xff.jpg"'],
    ["overlong UTF-8", 'filename="\xc0\xae\xc0\xae\xc0\xafcanary"'],
    ["a lone surrogate", 'filename="\xed\xa0\x80"'],
    ["a folder above", 'filename="..\\canary"'],
    ["a folder above, encoded as browsers do", 'filename="..%5c..%5c\\canary"'],
    ["a path of another system", 'filename="C:\\Users\\me\\canary"'],
    ["two names", 'filename="a"; filename="../canary"'],
    ["two names in two ways", 'filename="a"; filename="b"'],
    ["no end of its quotes", 'filename="a'],
    ["a quote in the middle", 'filename="a"b"'],
    ["a carriage return", 'filename="a%0D%0Ab"'],
    ["a device", 'filename="aux.h"'],
    ["what the server keeps for itself", 'filename=".sluice/uploads/a"'],
  ])("%s: refused alone, and the next is saved", async (_, filename) => {
    const form = part(`name="n"; ${filename}`, "evil") + filePart("good", "hello") + FORM_END;
    const { files, errors } = await resultIn(await sendForm(server, form));
    expect(files).toMatchObject([{ path: "good" }]);
    expect(errors).toHaveLength(1);
    expect(await server.files()).toEqual(["good"]);
  });

  test.each([
    ["letters that look encoded", 'filename="%2e%2e%2fcanary"', "%2e%2e%2fcanary"],
    ["a quote, encoded as browsers do", 'filename="a%22b"', 'a"b'],
    ["a quote, escaped", 'filename="a\\"b"', 'a"b'],
    ["no quotes", "filename=a.txt", "a.txt"],
    ["a semicolon", 'filename="a;b"', "a;b"],
    [
      "bidirectional control characters",
      `filename="${Buffer.from("a\u202egpj.exe").toString("latin1")}"`,
      "a\u202egpj.exe",
    ],
    ["the longest name", `filename="${"a".repeat(255)}"`, "a".repeat(255)],
    ["capitals", 'FILENAME="a.txt"', "a.txt"],
  ])("%s: a name", async (_, filename, name) => {
    expect((await sendForm(server, part(`name="n"; ${filename}`, "hello") + FORM_END)).status).toBe(201);
    expect(await server.files()).toEqual([name]);
  });

  test("a path below an existing file, or of an existing folder, is refused", async () => {
    await Bun.write(server.in("file"), "kept");
    await mkdir(server.in("folder"));
    const form =
      filePart("file/below", "evil") + filePart("folder", "hello") + filePart("good", "hello") + FORM_END;
    const { files, errors } = await resultIn(await sendForm(server, form));
    expect(files.map(({ path }) => path)).toEqual(["folder (1)", "good"]);
    expect(errors).toMatchObject([{ code: "not_a_folder", file: "file/below" }]);
    expect(await Bun.file(server.in("file")).text()).toBe("kept");
  });
});

test("twenty concurrent broken forms do not affect a valid one", async () => {
  const broken = [
    "",
    "--",
    `--${BOUNDARY}`,
    `--${BOUNDARY}\r\n`,
    filePart("a", "x").slice(0, 60),
    `${filePart("a", "x")}--`,
  ];
  const answers = await Promise.all([
    ...Array.from({ length: 20 }, (_, index) => sendForm(server, broken[index % broken.length] ?? "")),
    sendForm(server, filePart("good", "hello") + FORM_END),
  ]);
  expect(answers.at(-1)?.status).toBe(201);
  for (const answer of answers.slice(0, -1)) expect([207, 400]).toContain(answer.status);
  await until("nothing runs", async () => (await server.uploads()).length === 0);
  expect(await server.files()).toContain("good");
});
