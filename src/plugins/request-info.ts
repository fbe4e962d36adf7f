// Every request: what it is called, when and from where it came, how long it took, and the headers and the line that say so.

import type { Server } from "bun";
import { Elysia } from "elysia";
import type { Log } from "./log.ts";

/** What clients may call a request; other names are replaced. */
const ID = /^[A-Za-z0-9._-]{1,64}$/;

/** What is known of a request from its first moment on. */
export class RequestInfo {
  readonly id: string;
  /** True when a line of the log tells of it, or will. */
  told = false;
  /** Seconds, by what took them; nothing where nobody measured. */
  parts: Map<string, number> | undefined;
  readonly #began = performance.now();
  #by: string | undefined;

  constructor(
    readonly request: Request,
    readonly server: Server<unknown> | null,
  ) {
    const given = request.headers.get("x-request-id");
    this.id = given !== null && ID.test(given) ? given : crypto.randomUUID();
  }

  /** The address it came from; unknown when it is asked for the first time after the answer was sent. */
  get by(): string | undefined {
    this.#by ??= this.server?.requestIP(this.request)?.address;
    return this.#by;
  }

  get seconds(): number {
    return (performance.now() - this.#began) / 1000;
  }

  took(part: string, seconds: number): void {
    this.parts ??= new Map();
    this.parts.set(part, (this.parts.get(part) ?? 0) + seconds);
  }

  /** A line follows when its answer has been sent, which is later than it is known who asked. */
  tellLater(): void {
    this.told = true;
    this.#by = this.by;
  }

  /** Its times as a `Server-Timing` header. */
  get timing(): string {
    const total = `total;dur=${(this.seconds * 1000).toFixed(1)}`;
    if (this.parts === undefined) return total;
    const parts = [...this.parts].map(([name, seconds]) => `${name};dur=${(seconds * 1000).toFixed(1)}`);
    return [...parts, total].join(", ");
  }
}

/** On the request itself: a WeakMap beside it takes half a microsecond more, and what it holds is looked at by the collector. */
const REQUEST_INFO = Symbol("request info");
declare global {
  interface Request {
    [REQUEST_INFO]?: RequestInfo;
  }
}

/** Nothing for a request that came by another way than an app. */
export function requestInfoOf(request: Request): RequestInfo | undefined {
  return request[REQUEST_INFO];
}

/** Runs a step whose time shows in `Server-Timing`, and in the log when the request was slow. */
export async function timed<T>(request: Request, name: string, step: () => Promise<T>): Promise<T> {
  const began = performance.now();
  try {
    return await step();
  } finally {
    request[REQUEST_INFO]?.took(name, (performance.now() - began) / 1000);
  }
}

/** What every answer says of itself. Upload reports in the same header go before. */
interface Answering {
  headers: Record<string, string | number>;
}

/** To be called when the answer is known, once. */
export function onAnswered(
  request: Request,
  set: Answering,
  log: Log,
  answer: { status: number; bytes: number | null; route: string | undefined },
): void {
  const info = request[REQUEST_INFO];
  if (info) set.headers["server-timing"] = info.timing;
  log.answered(request, answer);
}

/** Notes when requests come, and says of each answer how long it took. */
export function requestInfo(log: Log) {
  return new Elysia({ name: "request-info" })
    .onRequest(({ request, set, server }) => {
      const info = new RequestInfo(request, server);
      request[REQUEST_INFO] = info;
      set.headers["x-request-id"] = info.id;
    })
    .onAfterHandle({ as: "global" }, ({ request, set, route, responseValue }) => {
      onAnswered(request, set, log, { ...outcome(responseValue, set.status), route });
    });
}

function outcome(value: unknown, status: unknown): { status: number; bytes: number | null } {
  if (value instanceof Response) {
    const length = value.headers.get("content-length");
    return { status: value.status, bytes: length === null ? null : Number(length) };
  }
  const code = typeof value === "object" && value !== null && "code" in value ? value.code : status;
  return { status: typeof code === "number" ? code : 200, bytes: null };
}
