// The framing of forms: invalid bodies, boundaries, and third-party bodies.

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { BOUNDARY, file, formBody, formType, sendForm } from "../../support/form.ts";
import { CORPUS_MISSING, corpus } from "../../support/multipart-corpus.ts";
import { problemIn } from "../../support/problem.ts";
import { connect } from "../../support/raw.ts";
import { startServer, type TestServer } from "../../support/server.ts";

let server: TestServer;
beforeAll(async () => {
  server = await startServer();
});
afterAll(() => server.stop());

describe("a broken body", () => {
  const good = formBody([file("good.txt"), file("second.txt", "12345")]);
  const half = good.subarray(0, good.indexOf("12345") + 2);

  test("that ends in the middle of a part: the files before it are saved", async () => {
    const { answer, files } = await sendForm(server, half);
    expect(answer.status).toBe(207);
    expect(await answer.json()).toMatchObject({
      files: [{ name: "good.txt" }],
      errors: [
        {
          code: "invalid_multipart",
          file: "second.txt",
          detail: expect.stringContaining("closing boundary"),
        },
      ],
    });
    expect(await files()).toEqual(["good.txt"]);
  });

  test("without its last boundary: complete files are saved", async () => {
    const { answer, files } = await sendForm(server, good.subarray(0, good.length - 4));
    expect(answer.status).toBe(207);
    expect(await files()).toContain("good.txt");
  });

  test("without any valid part is answered with 400", async () => {
    for (const body of [
      "",
      "nonsense",
      `--${BOUNDARY}`,
      `--${BOUNDARY}\r\nbad header\r\n\r\nx\r\n--${BOUNDARY}--\r\n`,
    ]) {
      const { answer, files } = await sendForm(server, Buffer.from(body));
      await problemIn(answer, "invalid_multipart");
      expect(await files()).toEqual([]);
    }
  });

  test("whose connection is cut in the middle: only complete files are saved", async () => {
    using connection = await connect(server.url);
    await connection.send(
      Buffer.concat([
        Buffer.from(
          `POST /files/cut/ HTTP/1.1\r\nHost: localhost\r\nContent-Type: ${formType()}\r\nContent-Length: ${good.length}\r\n\r\n`,
        ),
        half,
      ]),
    );
    const { uploader } = server.app.decorator.services;
    while (uploader.activeUploads.reports()[0]?.path !== "cut/second.txt") await Bun.sleep(1);
    connection.halfClose();
    await uploader.slots.idle();
    expect(await readdir(join(server.root, "cut"))).toEqual(["good.txt"]);
  });
});

describe("the boundary", () => {
  const body = (boundary: string) => formBody([file("a.txt")], boundary);

  test.each(["x", "x".repeat(70), "'()+_,-./:=?", `"with space in it"`])("%s", async (boundary) => {
    const { answer } = await sendForm(server, body(boundary.replaceAll('"', "")), {
      type: formType(boundary.includes(":") && !boundary.startsWith('"') ? `"${boundary}"` : boundary),
    });
    expect(answer.status).toBe(201);
  });

  test.each([
    ["multipart/form-data", "no boundary"],
    ["multipart/form-data; boundary=", "boundary"],
    [formType("x".repeat(71)), "1 to 70 characters"],
    [formType('"ends in space "'), "boundary"],
  ])("%s is refused before the body is read", async (type, detail) => {
    const { answer } = await sendForm(server, body("x"), { type });
    expect((await problemIn(answer, "invalid_multipart")).detail).toContain(detail);
  });
});

const cases = corpus();
describe.skipIf(cases === null)(
  `third-party bodies${cases === null ? ` (skipped: ${CORPUS_MISSING})` : ""}`,
  () => {
    test.each(cases ?? [])("$name", async ({ boundary, body, expected }) => {
      const { answer, files, text } = await sendForm(server, Buffer.from(body), {
        type: formType(`"${boundary}"`),
      });
      if (expected === "broken") {
        expect([400, 207]).toContain(answer.status);
        expect(
          answer.status === 400 ? (await problemIn(answer, "invalid_multipart")).code : "207",
        ).toBeString();
        return;
      }
      const refused = expected.filter(({ problem }) => problem !== undefined);
      const sent = expected.filter(({ filename, problem }) => filename && problem === undefined);
      const status = sent.length === 0 ? 400 : refused.length > 0 ? 207 : 201;
      expect(answer.status).toBe(status);
      if (sent.length === 0) await problemIn(answer, refused.length > 0 ? "invalid_multipart" : "no_files");
      expect(await files()).toHaveLength(sent.length);
      for (const { filename, data } of sent)
        expect(await text(filename ?? "")).toBe(Buffer.from(data).toString());
    });
  },
);
