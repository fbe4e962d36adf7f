// Every error is answered as a problem, including missing routes and unexpected exceptions.

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import type { FolderPath } from "../../src/path.ts";
import { MemoryStorage } from "../../src/storage/memory/memory.ts";
import { problemIn } from "../support/problem.ts";
import { connect } from "../support/raw.ts";
import { startServer, type TestServer, until } from "../support/server.ts";

let server: TestServer;
beforeAll(async () => {
  server = await startServer();
});
afterAll(() => server.stop());

const ask = (method: string, path: string) => server.fetch(path, { method });

describe("404", () => {
  test.each(["/nothing", "/api", "/api/nothing", "/filesystem", "/health/x"])("GET %s", async (path) => {
    await problemIn(await ask("GET", path), "not_found");
  });

  test("for every method, and without a body for HEAD", async () => {
    for (const method of ["PUT", "POST", "DELETE", "PATCH", "OPTIONS"])
      await problemIn(await ask(method, "/nothing"), "not_found");
    const head = await ask("HEAD", "/nothing");
    expect(head.status).toBe(404);
    expect(await head.text()).toBe("");
  });
});

describe("404 at the top", () => {
  test.each([
    ["PUT", "/x", "/files/x"],
    ["POST", "/photos/a%20b.jpg", "/files/photos/a%20b.jpg"],
    ["GET", "/film.mkv", "/files/film.mkv"],
    ["DELETE", "/x/", "/files/x/"],
  ])("%s %s: files are at %s", async (method, path, hint) => {
    const { detail } = await problemIn(await ask(method, path), "not_found");
    expect(detail).toBe(`This server has no such URL: files are below /files/, so try ${hint}.`);
  });

  test("with --base-path, it is part of the hint", async () => {
    await using below = await startServer({ basePath: "/sluice" });
    const answer = await below.fetch("/sluice/x", { method: "PUT" });
    expect(await answer.json()).toMatchObject({
      code: "not_found",
      detail: expect.stringMatching(/so try \/sluice\/files\/x\.$/),
    });
  });

  test.each(["/api/x", "/swagger/x", `/${"x".repeat(300)}`])(
    "%s is no file that is misplaced",
    async (path) => {
      const { detail } = await problemIn(await ask("PUT", path), "not_found");
      expect(detail).toBe("This server has no such URL.");
    },
  );
});

describe("405 names the methods that the URL supports", () => {
  test.each([
    ["PATCH", "/files/a", "DELETE, GET, HEAD, POST, PUT"],
    ["OPTIONS", "/files/a/b", "DELETE, GET, HEAD, POST, PUT"],
    ["PROPFIND", "/files/a", "DELETE, GET, HEAD, POST, PUT"],
    ["POST", "/health", "GET, HEAD"],
    ["DELETE", "/api/entries", "GET, HEAD"],
    ["PUT", "/api/uploads", "GET, HEAD"],
    ["POST", "/", "GET, HEAD, OPTIONS, PROPFIND"],
    // Not those of the routes with an id in the same position.
    ["PUT", "/api/trash/restore", "POST"],
    ["PUT", "/api/uploads/events", "GET, HEAD"],
    ["PUT", "/api/trash/id", "DELETE"],
  ])("%s %s", async (method, path, allow) => {
    const answer = await ask(method, path);
    expect(answer.headers.get("allow")).toBe(allow);
    const { detail } = await problemIn(answer, "method_not_allowed");
    expect(detail).toBe(`This URL supports only ${allow}.`);
  });

  test("a body in the request does not break the connection", async () => {
    using connection = await connect(server.url);
    await connection.send("PATCH /files/a HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n\r\nhello");
    expect((await connection.answer()).status).toBe(405);
    await connection.send("GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n");
    expect((await connection.answer()).status).toBe(200);
  });
});

describe("a defect", () => {
  /** A storage that throws an unexpected error. */
  class Defect extends MemoryStorage {
    override async find(): Promise<never> {
      throw new TypeError("secret of /home/operator/.ssh");
    }
  }

  test("is answered with 500 without details, which are in one log line", async () => {
    await using broken = await startServer({ storage: new Defect() });
    const answer = await broken.fetch("/files/a%20b");
    const { detail } = await problemIn(answer, "internal");
    expect(detail).toBe("The server failed; its log says more.");
    expect(broken.log).toHaveLength(1);
    expect(broken.log[0]).toContain("500 internal · GET /files/a%20b");
    expect(broken.log[0]).toContain("secret of /home/operator/.ssh");
  });

  test("does not stop the server", async () => {
    await using broken = await startServer({ storage: new Defect() });
    await Promise.all(Array.from({ length: 20 }, () => broken.fetch("/files/a")));
    expect((await broken.fetch("/health")).status).toBe(200);
  });
});

test("errors of clients are not logged, because clients could fill the disk with them", async () => {
  await using quiet = await startServer();
  for (const path of ["/nothing", "/files/..%2Fx", "/api/entries?limit=0"]) await quiet.fetch(path);
  expect(quiet.log).toEqual([]);
});

test.each(["/api/usage", "/api/entries", "/files/"])(
  "a client that goes away before the answer to %s is no failure of the server",
  async (path) => {
    const [looking, look] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    class Slow extends MemoryStorage {
      override async page(...given: Parameters<MemoryStorage["page"]>) {
        looking.resolve();
        await look.promise;
        return await super.page(...given);
      }
      override async *scan(folder: FolderPath) {
        looking.resolve();
        await look.promise;
        return yield* super.scan(folder);
      }
    }
    await using slow = await startServer({ storage: new Slow(), logLevel: "debug" });
    const client = new AbortController();
    const headers = { accept: "application/json" };
    const first = slow.fetch("/api/entries?limit=1");
    await looking.promise;
    const answers = [1, 2].map(() => slow.fetch(path, { headers, signal: client.signal }));
    await until("both have come", () => slow.app.server?.pendingRequests === 3);
    client.abort();
    await Promise.allSettled(answers);
    const gone = () => slow.log.filter((line) => line.includes("disconnected before"));
    await until("it is seen", () => gone().length === 2);
    look.resolve();
    expect((await first).status).toBe(200);
    expect(slow.log.filter((line) => line.includes("internal"))).toEqual([]);
  },
);

describe("the connection after a refusal", () => {
  test.each<[string, string, boolean]>([
    ["without a body", "GET /nothing HTTP/1.1\r\nHost: localhost\r\n\r\n", false],
    [
      "with a small body",
      "PUT /files/..%2Fx HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\n\r\nabc",
      false,
    ],
    [
      "with a large body",
      "PUT /files/..%2Fx HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3000000\r\n\r\nabc",
      true,
    ],
    [
      "with a body of unknown length",
      "PUT /files/..%2Fx HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n",
      true,
    ],
  ])("%s", async (_, request, closes) => {
    using connection = await connect(server.url);
    await connection.send(request);
    const answer = await connection.answer();
    expect(answer.status).toBeWithin(400, 500);
    expect(answer.headers.get("connection")).toBe(closes ? "close" : null);
    if (closes) return await connection.closed;
    await connection.send("GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n");
    expect((await connection.answer()).status).toBe(200);
  });
});

test("an invalid Host affects neither the answer nor the file", async () => {
  await using server = await startServer();
  for (const host of ["[::1", "[bad", "%", "a b", ""]) {
    using connection = await connect(server.url);
    await connection.send(`GET /nope HTTP/1.1\r\nHost: ${host}\r\n\r\n`);
    const { status, headers } = await connection.answer();
    expect({ host, status }).toEqual({ host, status: host === "" ? 404 : host === "%" ? 421 : 400 });
    expect(headers.get("content-type")).toBe("application/problem+json");
  }
  expect((await server.fetch("/health")).status).toBe(200);
});

test("another method on a path with a parameter is 405", async () => {
  await using server = await startServer();
  const answer = await server.fetch("/api/uploads/some-upload-id", { method: "PATCH" });
  expect(answer.headers.get("allow")).toBe("DELETE, GET, HEAD");
  await problemIn(answer, "method_not_allowed");
});
