// A fake Sluice that serves the page and answers as scripted: it can hold an upload in any state until a test continues it.

import { join } from "node:path";
import type { Server } from "bun";

const PUBLIC = join(import.meta.dir, "../../public");
const POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/** An entry in the answer of `GET /api/entries`. */
export interface FakeEntry {
  path: string;
  kind: "file" | "folder";
  size?: number;
  modified?: string;
}

/** How the server treats one upload. */
export interface Script {
  /** Share of the body to read before the upload is held; 1 reads all of it. */
  read?: number;
  /** The progress in `GET /api/uploads/{id}` while the upload is held, as shares of the size. */
  received?: number;
  saved?: number;
  bytesPerSecond?: number;
  /** Resolves when the upload may continue and be answered. */
  until?: Promise<void>;
  /** The response instead of 201. `"cut"` closes the connection without one. */
  answer?: Response | "cut";
}

interface Running {
  id: string;
  path: string;
  size: number;
  received: number;
  saved: number;
  bytesPerSecond: number;
  bottleneck: string;
  started: string;
  state: "receiving" | "saving";
}

/** The state that a test can read and set. */
export interface FakeServer extends Disposable {
  url: string;
  entries: FakeEntry[];
  /** The answer of `GET /api/me`. */
  me: { name: string | null; accounts: boolean; words: string[]; trash: number | null };
  /** Returns the script of each upload; by default all are read and saved. */
  script: (path: string) => Script;
  /** The `X-Request-Id` of every upload so far. */
  ids: string[];
  /** The requested paths below `/api/uploads`. */
  asked: string[];
  /** Whether `GET /api/uploads/events` sends events, is refused, or is buffered by a proxy. */
  events: "sent" | "refused" | "buffered";
  /** The maximum number of concurrent uploads so far. */
  mostAtOnce: number;
}

/** Starts the fake server on a free port. Dispose it to stop it. */
export function startFakeServer(): FakeServer {
  const running = new Map<string, Running>();
  /** The resumable uploads; the index is the id in their URL. */
  const begun: { path: string; size: number; id: string }[] = [];
  const fake: FakeServer = {
    url: "",
    entries: [],
    me: { name: null, accounts: false, words: ["list", "read", "write", "replace", "delete"], trash: null },
    script: () => ({}),
    ids: [],
    asked: [],
    events: "sent",
    mostAtOnce: 0,
    [Symbol.dispose]: () => void server.stop(true),
  };
  const server: Server<undefined> = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    idleTimeout: 0,
    maxRequestBodySize: Number.MAX_SAFE_INTEGER,
    async fetch(request) {
      const { pathname, searchParams } = new URL(request.url);
      if (pathname.startsWith("/api/uploads")) fake.asked.push(pathname);
      if (pathname === "/api/uploads/events") return eventsOf(fake, running);
      if (pathname.startsWith("/api/uploads/")) {
        const upload = running.get(pathname.slice("/api/uploads/".length));
        return Response.json({ uploads: upload ? [upload] : [] });
      }
      if (pathname === "/api/me") return Response.json(fake.me);
      if (pathname === "/api/entries") return Response.json(page(fake.entries, searchParams));
      if (request.method === "PUT") {
        const path = pathname.slice("/files/".length).split("/").map(decodeURIComponent).join("/");
        const size = Number(request.headers.get("content-length"));
        return upload(fake, running, server, request, { path, size, id: idOf(request) });
      }
      if (pathname === "/uploads") {
        const size = Number(request.headers.get("upload-length"));
        begun.push({ path: searchParams.get("path") ?? "", size, id: idOf(request) });
        return new Response(null, { status: 201, headers: { location: `/uploads/${begun.length - 1}` } });
      }
      const resumed = begun[Number(pathname.slice("/uploads/".length))];
      if (request.method === "PATCH" && resumed) return upload(fake, running, server, request, resumed);
      if (request.method !== "GET") return new Response(null, { status: 404 });
      return asset(pathname);
    },
  });
  fake.url = server.url.href.replace(/\/$/, "");
  return fake;
}

/** Sends a snapshot ten times a second. */
function eventsOf(fake: FakeServer, running: Map<string, Running>): Response {
  if (fake.events === "refused") return Response.json({ code: "not_allowed" }, { status: 403 });
  const body = new ReadableStream({
    async pull(controller) {
      await (fake.events === "buffered" ? new Promise(() => {}) : Bun.sleep(100));
      controller.enqueue(`event: uploads\ndata: ${JSON.stringify({ uploads: [...running.values()] })}\n\n`);
    },
  });
  return new Response(body, { headers: { "content-type": "text/event-stream" } });
}

async function upload(
  fake: FakeServer,
  running: Map<string, Running>,
  server: Server<undefined>,
  request: Request,
  { path, size, id }: { path: string; size: number; id: string },
): Promise<Response> {
  const script = fake.script(path);
  fake.ids.push(id);
  running.set(id, {
    id,
    path,
    size,
    received: size * (script.received ?? 1),
    saved: size * (script.saved ?? 0),
    bytesPerSecond: script.bytesPerSecond ?? 0,
    bottleneck: "network",
    started: new Date().toISOString(),
    state: script.read === undefined || script.read >= 1 ? "saving" : "receiving",
  });
  fake.mostAtOnce = Math.max(fake.mostAtOnce, running.size);
  try {
    const stop = size * (script.read ?? 1);
    let got = 0;
    let held = script.until === undefined;
    for await (const chunk of request.body ?? []) {
      got += chunk.byteLength;
      if (!held && got >= stop && stop < size) {
        held = true;
        await script.until;
      }
    }
    if (!held) await script.until;
    if (script.answer === "cut") {
      void server.stop(true);
      return new Response();
    }
    if (script.answer !== undefined) return script.answer;
    fake.entries.push({ path, kind: "file", size: got, modified: new Date().toISOString() });
    return Response.json(saved(path, got), { status: 201 });
  } finally {
    running.delete(id);
  }
}

function saved(path: string, bytes: number) {
  return {
    path,
    name: path.slice(path.lastIndexOf("/") + 1),
    size: bytes,
    etag: '"1"',
    modified: new Date().toISOString(),
    url: urlOf(path),
    flow: {
      bytes,
      seconds: 2.5,
      bytesPerSecond: bytes / 2.5,
      waits: { network: 2.4, disk: 0.05, sync: 0.04, hash: 0, other: 0.01 },
      bottleneck: "network",
      explanation: "The network was the limit: 96 % of the time was spent waiting for data.",
    },
  };
}

function page(all: FakeEntry[], query: URLSearchParams) {
  const folder = query.get("folder") ?? "";
  const start = Number(query.get("cursor") ?? 0);
  const limit = Number(query.get("limit") ?? 100);
  const here = all.filter(({ path }) => path.slice(0, Math.max(0, path.lastIndexOf("/"))) === folder);
  const entries = here.slice(start, start + limit).map((entry) => ({
    ...entry,
    name: entry.path.slice(entry.path.lastIndexOf("/") + 1),
    modified: entry.modified ?? "2026-01-01T12:00:00.000Z",
    url: urlOf(entry.path),
  }));
  return { folder, entries, next: start + limit < here.length ? String(start + limit) : null };
}

function idOf(request: Request): string {
  return request.headers.get("x-request-id") ?? "";
}

function asset(pathname: string): Response {
  const isPage = pathname === "/" || pathname.startsWith("/files/");
  const file = Bun.file(join(PUBLIC, isPage ? "index.html" : pathname));
  return new Response(file, { headers: { "content-security-policy": POLICY, "cache-control": "no-cache" } });
}

function urlOf(path: string): string {
  return `/files/${path.split("/").map(encodeURIComponent).join("/")}`;
}
