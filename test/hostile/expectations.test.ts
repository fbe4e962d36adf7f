// Expect in any case, trailers, and a sending side that is closed early: no client hears that nothing was saved when it was.

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { randomUUID } from "node:crypto";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { problemIn } from "../support/problem.ts";
import { connect } from "../support/raw.ts";
import { startServer, type TestServer, until } from "../support/server.ts";

let server: TestServer;
beforeAll(async () => {
  server = await startServer({ idleTimeout: 1 });
});
afterAll(() => server.stop());

const names = async () => (await readdir(server.root)).filter((name) => name !== ".sluice");
const HOST = "Host: 127.0.0.1\r\n";

async function ask(request: string) {
  const connection = await connect(server.url);
  await connection.send(request);
  return connection;
}

describe("Expect", () => {
  test.each(["100-Continue", "100-CONTINUE", "100-Continue "])(
    "%j: a client that waits in vain is answered 417 and nothing is saved",
    async (expectation) => {
      for (const path of ["PUT /files/vain", "POST /files/?name=vain"]) {
        using connection = await ask(
          `${path} HTTP/1.1\r\n${HOST}Content-Length: 3\r\nExpect: ${expectation}\r\n\r\n`,
        );
        const answer = await connection.answer();
        await problemIn(answer, "expectation_failed");
        expect(answer.headers.get("connection")).toBe("close");
        await connection.closed;
      }
      expect(await names()).not.toContain("vain");
    },
  );

  test("so is one that waits to send JSON", async () => {
    // Bun closes connections that are idle for longer than the limit of the first server.
    await using patientServer = await startServer({ idleTimeout: 30 });
    using connection = await connect(patientServer.url);
    await connection.send(
      `POST /api/folders HTTP/1.1\r\n${HOST}Content-Length: 3\r\nExpect: 100-Continue\r\n\r\n`,
    );
    await problemIn(await connection.answer(), "expectation_failed");
  });

  test("a client that sends the body all the same is served", async () => {
    using connection = await ask(
      `PUT /files/sent HTTP/1.1\r\n${HOST}Content-Length: 3\r\nExpect: 100-Continue\r\n\r\n`,
    );
    await until("the upload is known", () =>
      server.app.decorator.services.uploader.activeUploads.reports().some(({ path }) => path === "sent"),
    );
    await connection.send("abc");
    expect((await connection.answer()).status).toBe(201);
  });

  test("once a byte has arrived, only the idle timeout counts", async () => {
    using connection = await ask(
      `PUT /files/idle HTTP/1.1\r\n${HOST}Content-Length: 3\r\nExpect: 100-Continue\r\n\r\na`,
    );
    await problemIn(await connection.answer(), "idle_timeout");
  });

  test("in lower case it is answered with 100 at once, and an empty body needs none", async () => {
    using connection = await ask(
      `PUT /files/lower HTTP/1.1\r\n${HOST}Content-Length: 3\r\nExpect: 100-continue\r\n\r\n`,
    );
    await until("100 Continue", () => connection.unread.toString().startsWith("HTTP/1.1 100 "));
    await connection.send("abc");
    expect((await connection.answer()).status).toBe(201);
    using empty = await ask(
      `PUT /files/empty HTTP/1.1\r\n${HOST}Content-Length: 0\r\nExpect: 100-Continue\r\n\r\n`,
    );
    expect((await empty.answer()).status).toBe(201);
  });
});

describe("trailers that are announced", () => {
  const chunked = (line: string, more = "") =>
    `${line} HTTP/1.1\r\n${HOST}Transfer-Encoding: chunked\r\nTrailer: Content-Digest\r\n${more}\r\n`;
  const BODY = "3\r\nabc\r\n0\r\nContent-Digest: sha-256=:x:\r\n\r\n";

  test.each(["PUT /files/announced", "POST /files/?name=announced", "POST /api/folders"])(
    "%s is refused, before its body is sent and with it",
    async (line) => {
      for (const body of ["", BODY]) {
        using connection = await ask(chunked(line) + body);
        await problemIn(await connection.answer(), "unsupported_trailers");
      }
      expect(await names()).not.toContain("announced");
    },
  );

  test("also in a form, and at /uploads", async () => {
    using form = await ask(chunked("POST /files/", "Content-Type: multipart/form-data; boundary=b\r\n"));
    await problemIn(await form.answer(), "unsupported_trailers");
    using upload = await ask(chunked("POST /uploads?path=announced", "Upload-Complete: ?1\r\n"));
    await problemIn(await upload.answer(), "unsupported_trailers");
    expect(await names()).not.toContain("announced");
  });
});

test("after the sending side was closed the file is saved, and a repeat with its key is answered with it", async () => {
  const key = randomUUID();
  const request = `PUT /files/half?conflict=rename HTTP/1.1\r\n${HOST}Content-Length: 3\r\nIdempotency-Key: ${key}\r\n\r\nabc`;
  using connection = await ask(request);
  connection.halfClose();
  await connection.closed;
  await until("the file is saved", () => Bun.file(join(server.root, "half")).exists());
  await until("the first request has ended", async () => {
    using again = await ask(request);
    const { status, text } = await again.answer();
    if (status === 409) return false;
    expect([status, JSON.parse(text).repeated]).toEqual([200, true]);
    return true;
  });
  expect((await names()).filter((name) => name.startsWith("half"))).toEqual(["half"]);
});
