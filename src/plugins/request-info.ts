// The id, client address and timings of a request.

import type { Server } from "bun";

/** The request ids that are accepted from clients; others are replaced. */
const ID = /^[A-Za-z0-9._-]{1,64}$/;

/** Created when a request arrives. */
export class RequestInfo {
  readonly id: string;
  /** True when a log line reports this request, or will. */
  logged = false;
  /** Seconds by step; `undefined` when no step was timed. */
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

  /** The client's address. Bun forgets it once the answer is sent, so the first read must come before. */
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

  /** Announces a log line that is written after the answer is sent, and reads the address while Bun still has it. */
  logOnFinish(): void {
    this.logged = true;
    this.#by = this.by;
  }

  /** The timings as the value of a `Server-Timing` header. */
  get timing(): string {
    const total = `total;dur=${(this.seconds * 1000).toFixed(1)}`;
    if (this.parts === undefined) return total;
    const parts = [...this.parts].map(([name, seconds]) => `${name};dur=${(seconds * 1000).toFixed(1)}`);
    return [...parts, total].join(", ");
  }
}

/** A property of the request itself: a WeakMap costs half a microsecond more and adds work for the garbage collector. */
const REQUEST_INFO = Symbol("request info");
declare global {
  interface Request {
    [REQUEST_INFO]?: RequestInfo;
  }
}

/** Creates the `RequestInfo` of a request that arrives. */
export function attachRequestInfo(request: Request, server: Server<unknown> | null): RequestInfo {
  const info = new RequestInfo(request, server);
  request[REQUEST_INFO] = info;
  return info;
}

/** `undefined` for a request that did not come through an app. */
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
