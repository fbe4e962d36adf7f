// Facts about a request: its id, the address of its client, its asker, and its timings.

import type { Server } from "bun";
import type { Asker } from "../access/asker.ts";
import type { ListenAddress } from "../config/listen-address.ts";
import { type ClientAddresses, clientOf, type Peer, UNIX } from "../http/client-address.ts";
import { forwardedPrefix, markOverTls } from "../http/target.ts";
import { hasAnswered, observeAnswer } from "../system/sockets/answering.ts";

/** Valid request ids from clients; others are replaced. */
const ID = /^[A-Za-z0-9._-]{1,64}$/;

/** Where a request arrived. */
export interface Listener {
  readonly address: ListenAddress;
  /** Whether it speaks TLS. */
  readonly secure: boolean;
  /** The server of this address alone. */
  readonly server: Server<unknown>;
}

/** Created when a request arrives. */
export class RequestInfo {
  readonly id: string;
  /** True when a log line reports this request, or will report it. */
  logged = false;
  /** The asker of the request, or the one who began the upload that it names; `undefined` on routes that need no asker. */
  asker: Asker | undefined;
  /** Whether the route has proved that the asker may do it. */
  proved = false;
  /** Seconds per step; `undefined` when no step was timed. */
  parts: Map<string, number> | undefined;
  readonly #began = performance.now();
  #address: string | undefined;

  constructor(
    readonly request: Request,
    readonly server: Server<unknown> | null,
    readonly addresses: ClientAddresses,
    readonly basePath: string,
  ) {
    const clientId = request.headers.get("x-request-id");
    this.id = clientId !== null && ID.test(clientId) ? clientId : crypto.randomUUID();
  }

  /** The other end of the connection; `undefined` once the answer is sent. */
  get #peer(): Peer | undefined {
    if (listenerOf(this.request)?.address.kind === "unix") return UNIX;
    return this.server?.requestIP(this.request)?.address;
  }

  /** The client's address. Bun discards it once the answer is sent, so the first read must happen before that. */
  get address(): string | undefined {
    if (this.#address !== undefined) return this.#address;
    const peer = this.#peer;
    if (peer !== undefined) this.#address = this.addresses.of(peer, this.request.headers);
    return this.#address;
  }

  /** Reads the address in time, for a line of the log that is written after the answer, or after the client has gone. */
  keepAddress(): void {
    this.#address = this.address;
  }

  /** Whether a trusted proxy has sent the request: its headers about the client are true. */
  get throughProxy(): boolean {
    const peer = this.#peer;
    return peer !== undefined && this.addresses.trusts(peer);
  }

  /** The path below which the client sees this server: the one that a trusted proxy has removed, otherwise `--base-path`. */
  get prefix(): string {
    const removed = forwardedPrefix(this.request.headers);
    return removed !== undefined && this.throughProxy ? removed : this.basePath;
  }

  /** The client whose share of limited operations is counted; `undefined` for one without a limit of its own. */
  get client(): string | undefined {
    return this.address === undefined ? undefined : clientOf(this.address);
  }

  /** Seconds since the request arrived. */
  get seconds(): number {
    return (performance.now() - this.#began) / 1000;
  }

  addTiming(part: string, seconds: number): void {
    this.parts ??= new Map();
    this.parts.set(part, (this.parts.get(part) ?? 0) + seconds);
  }

  /** Must be called when the log line is written only after the answer is sent. */
  logOnFinish(): void {
    this.logged = true;
    this.keepAddress();
  }

  /** The timings as the value of a `Server-Timing` header. */
  get timing(): string {
    const total = `total;dur=${(this.seconds * 1000).toFixed(1)}`;
    if (this.parts === undefined) return total;
    const parts = [...this.parts].map(([name, seconds]) => `${name};dur=${(seconds * 1000).toFixed(1)}`);
    return [...parts, total].join(", ");
  }
}

/** Stored as a property of the request: a WeakMap costs half a microsecond more, and garbage collection time. */
const REQUEST_INFO = Symbol("request info");
const LISTENER = Symbol("listener");
declare global {
  interface Request {
    [REQUEST_INFO]?: RequestInfo;
    [LISTENER]?: Listener;
  }
}

/** Creates the `RequestInfo` of a new request. */
export function attachRequestInfo(
  request: Request,
  server: Server<unknown> | null,
  addresses: ClientAddresses,
  basePath: string,
): RequestInfo {
  const info = new RequestInfo(request, server, addresses, basePath);
  request[REQUEST_INFO] = info;
  return info;
}

/** `undefined` for a request that did not pass through the app. */
export function requestInfoOf(request: Request): RequestInfo | undefined {
  return request[REQUEST_INFO];
}

/** The text before the path of every URL in an answer: `""`, or a path such as `/sluice`. */
export function publicPrefix(request: Request): string {
  return request[REQUEST_INFO]?.prefix ?? "";
}

/** Must be called before the app gets the request. */
export function attachListener(request: Request, listener: Listener): void {
  request[LISTENER] = listener;
  if (listener.secure) markOverTls(request);
  if (listener.address.kind === "unix") observeAnswer(request);
}

/** `undefined` for an app that listens in another way, or is called without a server. */
export function listenerOf(request: Request): Listener | undefined {
  return request[LISTENER];
}

/** Whether Bun still answers a request; it forgets the client's address with the end of the answer. */
export function isAnswering(request: Request, server: Server<unknown>): boolean {
  if (listenerOf(request)?.address.kind === "unix") return !hasAnswered(request);
  return server.requestIP(request) !== null;
}

/** Runs a step and reports its duration in `Server-Timing`, and in the log if the request is slow. */
export async function timed<T>(request: Request, name: string, step: () => Promise<T>): Promise<T> {
  const began = performance.now();
  try {
    return await step();
  } finally {
    request[REQUEST_INFO]?.addTiming(name, (performance.now() - began) / 1000);
  }
}
