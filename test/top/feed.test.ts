// The event feed of top: other answers of servers, and reconnecting after a cut.

import { afterEach, describe, expect, test } from "bun:test";
import { type FeedEvent, follow } from "../../src/top/feed.ts";
import { testCertificate } from "../support/certificate.ts";
import { arriving } from "./uploads.ts";

let stop = new AbortController();
afterEach(() => {
  stop.abort();
  stop = new AbortController();
});

type Handler = (request: Request, count: number) => Response | Promise<Response>;

function fake(handler: Handler) {
  let count = 0;
  const server = Bun.serve({ port: 0, hostname: "127.0.0.1", fetch: (request) => handler(request, count++) });
  return { url: server.url, [Symbol.asyncDispose]: () => server.stop(true) };
}

const stream = (text: string): Response =>
  new Response(text, { headers: { "content-type": "text/event-stream" } });

async function first(url: URL, count: number): Promise<FeedEvent[]> {
  const all: FeedEvent[] = [];
  for await (const happening of follow(url, stop.signal)) if (all.push(happening) === count) break;
  return all;
}

const problem = (status: number, code: string, detail: string): Response =>
  Response.json({ type: "/", title: "", status, code, detail }, { status });

test("known events are parsed; other events and comments are ignored", async () => {
  const uploads = [arriving("a")];
  await using server = fake(() =>
    stream(`:\n\nevent: other\ndata: x\n\nevent: uploads\ndata: ${JSON.stringify({ uploads })}\n\n`),
  );
  expect(await first(server.url, 1)).toEqual([{ kind: "uploads", uploads }]);
});

test("after a cut it reconnects with the last id, the same path and the login", async () => {
  const asked: string[] = [];
  await using server = fake(({ url, headers }) => {
    asked.push(`${new URL(url).pathname} ${headers.get("last-event-id")} ${headers.get("authorization")}`);
    return stream(`id: x-${asked.length}\nevent: uploads\ndata: {"uploads":[]}\n\n`);
  });
  const url = new URL("sub/folder?x#y", server.url);
  url.username = "me";
  url.password = "p%40ss";
  const all = await first(url, 3);
  expect(all.map(({ kind }) => kind)).toEqual(["uploads", "lost", "uploads"]);
  const login = `Basic ${btoa("me:p@ss")}`;
  expect(asked).toEqual([
    `/sub/folder/api/uploads/events null ${login}`,
    `/sub/folder/api/uploads/events x-1 ${login}`,
  ]);
});

test("the token in SLUICE_TOKEN logs in, unless the URL has a login", async () => {
  const asked: (string | null)[] = [];
  await using server = fake(({ headers }) => {
    asked.push(headers.get("authorization"));
    return stream('event: uploads\ndata: {"uploads":[]}\n\n');
  });
  process.env["SLUICE_TOKEN"] = "slu_1";
  try {
    await first(server.url, 1);
    const url = new URL(server.url);
    url.username = "me";
    await first(url, 1);
  } finally {
    delete process.env["SLUICE_TOKEN"];
  }
  expect(asked).toEqual(["Bearer slu_1", `Basic ${btoa("me:")}`]);
});

describe("temporary failures are retried:", () => {
  test.each([
    [
      "a server that stops",
      () => problem(503, "draining", "x"),
      { gone: true, why: "the server is stopping" },
    ],
    ["a full one", () => problem(503, "too_many_listeners", "Full."), { gone: false, why: "Full." }],
    ["a proxy without one", () => new Response("", { status: 502 }), { why: "the server answers 502" }],
    ["a clean end", () => stream(""), { gone: false, why: "the server closed the connection" }],
  ])("%s", async (_, answer, expected) => {
    await using server = fake(answer);
    expect(await first(server.url, 1)).toMatchObject([{ kind: "lost", attempt: 1, wait: 1, ...expected }]);
  });

  test("an unreachable server, with increasing pauses", async () => {
    const server = fake(() => stream(""));
    const { url } = server;
    await server[Symbol.asyncDispose]();
    const why = `nothing listens at ${url.host}`;
    expect(await first(url, 2)).toMatchObject([
      { kind: "lost", attempt: 1, wait: 1, gone: true, why },
      { attempt: 2, wait: 2 },
    ]);
  });
});

test("a certificate that is not trusted is named with the fix", async () => {
  await using server = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    tls: testCertificate(),
    fetch: () => stream(""),
  });
  const [lost] = await first(server.url, 1);
  expect(lost).toMatchObject({
    kind: "lost",
    why: expect.stringMatching(/certificate; .* NODE_EXTRA_CA_CERTS /),
  });
});

describe("permanent failures end the feed with a message:", () => {
  test.each([
    [
      "a grant",
      () => problem(403, "not_allowed", "Start it with --allow read."),
      "Start it with --allow read.",
    ],
    ["a login", () => new Response("", { status: 401 }), "requires a login"],
    ["another place", () => Response.redirect("https://a.example/", 302), "redirects to https://a.example/"],
    ["no Sluice", () => new Response("<html>", { status: 404 }), "it is not Sluice"],
    ["a page", () => new Response("<html>", { headers: { "content-type": "text/html" } }), "answers 200"],
    ["events that are others", () => stream("event: uploads\ndata: {}\n\n"), "another version of Sluice"],
    ["no JSON", () => stream("event: ended\ndata: {\n\n"), "another version of Sluice"],
  ])("%s", async (_, answer, words) => {
    await using server = fake(answer);
    await expect(first(server.url, 1)).rejects.toThrow(words);
  });
});

test("an endless event is not buffered", async () => {
  await using server = fake(() => {
    const text = "x".repeat(1_000_000);
    let left = 30;
    const body = new ReadableStream({
      pull(controller) {
        if (left === 30) controller.enqueue("data: ");
        controller.enqueue(text);
        left -= 1;
        if (left === 0) controller.close();
      },
    });
    return new Response(body, { headers: { "content-type": "text/event-stream" } });
  });
  expect(await first(server.url, 1)).toMatchObject([{ kind: "lost", why: expect.stringMatching(/buffer/i) }]);
});

describe("a refusal", () => {
  test.each([
    ["a date", new Date(Date.now() + 3_600_000).toUTCString(), 15],
    ["a date that has passed", new Date(0).toUTCString(), 1],
    ["seconds", "7", 7],
    ["nonsense", "soon", 1],
    ["a negative number", "-5", 1],
    ["nothing", "", 1],
  ])("with %s in Retry-After is followed by a pause of 1 to 15 s", async (_, text, wait) => {
    await using server = fake(() => {
      const answer = problem(503, "too_many_listeners", "Full.");
      answer.headers.set("retry-after", text);
      return answer;
    });
    expect(await first(server.url, 1)).toMatchObject([{ kind: "lost", attempt: 1, wait }]);
  });

  test("is read to 64 KiB, however much is sent", async () => {
    let sent = 0;
    const { promise: cancelled, resolve: cancel } = Promise.withResolvers<void>();
    await using server = fake(() => {
      const body = new ReadableStream(
        {
          pull(controller) {
            sent += 65_536;
            controller.enqueue(new Uint8Array(65_536));
          },
          cancel: cancel,
        },
        { highWaterMark: 0 },
      );
      return new Response(body, { status: 500 });
    });
    expect(await first(server.url, 1)).toMatchObject([{ kind: "lost", why: "the server answers 500" }]);
    await cancelled;
    // Bytes that the sockets of both sides buffer.
    expect(sent).toBeLessThan(32 * 1024 * 1024);
  });
});
