// A minimal HTTP/1.1 client on one connection: exact headers, bodies that pause, responses that arrive before a body ends.

import { connect as connectTcp, isIP, type Socket } from "node:net";
import { connect as connectTls, TLSSocket } from "node:tls";
import { errnoOf } from "../../system/errno.ts";

/** The server to connect to, and how. */
export interface Target {
  /** Such as `https://files.example.org/`, without user and password. */
  readonly url: URL;
  readonly address: string;
  /** Headers sent with every request, such as Host. */
  readonly headers: Readonly<Record<string, string>>;
  /** The Authorization header. Sent without TLS and to trusted certificates; to others only with `insecure`. */
  readonly login?: Readonly<Record<string, string>>;
  readonly insecure?: boolean;
  /** Closes all connections when aborted. */
  readonly signal: AbortSignal;
}

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  /** The first 64 KiB of the body. */
  readonly text: string;
  readonly bytes: number;
}

/** No response, or an unreadable one. The message is a clause such as "the connection was closed". */
export class RawConnectionError extends Error {
  override readonly name = "RawConnectionError";
}

const MAX_TEXT_BYTES = 64 * 1024;
const MAX_HEAD_BYTES = 64 * 1024;
/** Unread bytes after which the socket is paused, so that the peer slows down. */
const MAX_QUEUED_BYTES = 1024 * 1024;
/** Seconds after which a send that makes no progress fails. */
const SEND_TIMEOUT = 15;

/** @throws RawConnectionError */
export async function open({ url, address, signal }: Target): Promise<RawConnection> {
  const tls = url.protocol === "https:";
  const port = Number(url.port || (tls ? 443 : 80));
  const socket = tls
    ? connectTls({
        host: address,
        port,
        // SNI must not contain an IP address (RFC 6066 section 3).
        ...(isIP(bareHost(url)) === 0 && { servername: bareHost(url) }),
        ALPNProtocols: ["http/1.1"],
        // An invalid certificate becomes a finding; it must not end the examination.
        rejectUnauthorized: false,
      })
    : connectTcp({ host: address, port });
  await new Promise<void>((resolve, reject) => {
    const stop = () => {
      socket.destroy();
      reject(new RawConnectionError("connecting took too long"));
    };
    if (signal.aborted) return stop();
    const late = setTimeout(stop, 10_000);
    signal.addEventListener("abort", stop, { once: true });
    socket.once(tls ? "secureConnect" : "connect", () => {
      clearTimeout(late);
      signal.removeEventListener("abort", stop);
      resolve();
    });
    socket.once("error", (error) => {
      clearTimeout(late);
      signal.removeEventListener("abort", stop);
      reject(new RawConnectionError(reasonOf(error)));
    });
  });
  return new RawConnection(socket, signal);
}

/** A host without the brackets of IPv6. */
export function bareHost(url: URL): string {
  return url.hostname.replace(/^\[(.*)\]$/, "$1");
}

/** An open connection; the caller must `close` it. */
export class RawConnection {
  readonly #queue: Buffer[] = [];
  #queued = 0;
  #ended: RawConnectionError | undefined;
  #wake: (() => void) | undefined;
  #drained: (() => void) | undefined;

  readonly #signal: AbortSignal;
  readonly #abort = (): void => this.fail("the examination ran out of time");

  /** @param socket connected */
  constructor(
    readonly socket: Socket,
    signal: AbortSignal,
  ) {
    this.#signal = signal;
    socket.setNoDelay(true);
    socket.on("data", (chunk: Buffer) => {
      this.#queue.push(chunk);
      this.#queued += chunk.length;
      if (this.#queued > MAX_QUEUED_BYTES) socket.pause();
      this.#wake?.();
      // A server that responds early may never read the rest of the body, so `send` must not wait for it.
      this.#drained?.();
    });
    socket.on("drain", () => this.#drained?.());
    socket.on("error", (error) => this.#end(reasonOf(error)));
    socket.on("end", () => this.#end("the connection was closed"));
    socket.on("close", () => this.#end("the connection was closed"));
    signal.addEventListener("abort", this.#abort);
  }

  /** Whether unread bytes have arrived, or the connection has ended. */
  get responded(): boolean {
    return this.#queued > 0 || this.#ended !== undefined;
  }

  /** False when anyone could have presented the certificate. */
  get #trusted(): boolean {
    return !(this.socket instanceof TLSSocket) || this.socket.authorized;
  }

  close(): void {
    this.#signal.removeEventListener("abort", this.#abort);
    this.socket.destroy();
  }

  fail(why: string): void {
    this.#end(why);
    this.socket.destroy();
  }

  /** Resolves when the kernel has accepted the bytes, or a response arrives. @throws RawConnectionError */
  async send(bytes: string | Uint8Array): Promise<void> {
    if (this.#ended) throw this.#ended;
    if (this.socket.write(bytes)) return;
    const late = setTimeout(
      () => this.fail(`the server accepted no data for ${SEND_TIMEOUT} s`),
      SEND_TIMEOUT * 1000,
    );
    await new Promise<void>((resolve) => {
      this.#drained = resolve;
    });
    clearTimeout(late);
    this.#drained = undefined;
    if (this.#ended) throw this.#ended;
  }

  /** Sends the head of a request. */
  async ask(target: Target, line: string, headers: Readonly<Record<string, string>> = {}): Promise<void> {
    const [method = "", path = ""] = line.split(" ");
    const login = this.#trusted || target.insecure ? target.login : {};
    const all = Object.entries({ ...target.headers, ...login, ...headers }).map(
      ([name, value]) => `${name}: ${value}\r\n`,
    );
    const base = target.url.pathname.replace(/\/$/, "");
    await this.send(`${method} ${base}${path} HTTP/1.1\r\n${all.join("")}\r\n`);
  }

  /**
   * Reads the next response.
   * @param within seconds within which it must be complete
   * @param interim whether to return interim responses such as `100 Continue` instead of skipping them
   * @throws RawConnectionError
   */
  async answer(within = 15, interim = false): Promise<Answer> {
    const late = setTimeout(() => this.fail(`no response within ${within} s`), within * 1000);
    try {
      for (;;) {
        const [first = "", ...lines] = (await this.#until("\r\n\r\n", MAX_HEAD_BYTES)).split("\r\n");
        const status = Number(/^HTTP\/1\.[01] (\d{3})/.exec(first)?.[1] ?? Number.NaN);
        if (!Number.isFinite(status)) throw new RawConnectionError("the response is not HTTP/1.1");
        const headers = headersIn(lines);
        if (status < 200 && !interim) continue;
        const { text, bytes } = status < 200 ? { text: "", bytes: 0 } : await this.#body(status, headers);
        return { status, headers, text, bytes };
      }
    } finally {
      clearTimeout(late);
    }
  }

  async #body(status: number, headers: Headers): Promise<{ text: string; bytes: number }> {
    const start: Buffer[] = [];
    let bytes = 0;
    const append = (chunk: Buffer) => {
      if (bytes < MAX_TEXT_BYTES) start.push(Buffer.from(chunk.subarray(0, MAX_TEXT_BYTES - bytes)));
      bytes += chunk.length;
    };
    const length = headers.get("content-length");
    if (status === 204 || status === 304) return { text: "", bytes };
    if (headers.get("transfer-encoding")?.toLowerCase().endsWith("chunked")) {
      for (;;) {
        const size = Number.parseInt(await this.#until("\r\n", 1024), 16);
        if (!Number.isFinite(size)) throw new RawConnectionError("a chunk of the response is malformed");
        if (size === 0) break;
        await this.#consume(size, append);
        await this.#until("\r\n", 2);
      }
      while ((await this.#until("\r\n", MAX_HEAD_BYTES)) !== "");
    } else if (length !== null) {
      await this.#consume(Number(length), append);
    } else {
      await this.#consume(Number.POSITIVE_INFINITY, append).catch((error) => {
        if (!this.#ended) throw error;
      });
    }
    return { text: Buffer.concat(start).toString(), bytes };
  }

  async #consume(count: number, onChunk: (chunk: Buffer) => void): Promise<void> {
    for (let left = count; left > 0; ) {
      const chunk = await this.#next();
      const mine = chunk.subarray(0, left);
      if (mine.length < chunk.length) this.#putBack(chunk.subarray(mine.length));
      left -= mine.length;
      onChunk(mine);
    }
  }

  async #until(mark: string, longest: number): Promise<string> {
    let seen = Buffer.alloc(0);
    for (;;) {
      const at = seen.indexOf(mark);
      if (at !== -1) {
        this.#putBack(seen.subarray(at + mark.length));
        return seen.toString("latin1", 0, at);
      }
      if (seen.length > longest + mark.length)
        throw new RawConnectionError("the head of the response is too long");
      seen = Buffer.concat([seen, await this.#next()]);
    }
  }

  async #next(): Promise<Buffer> {
    while (this.#queue.length === 0) {
      if (this.#ended) throw this.#ended;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
      this.#wake = undefined;
    }
    const chunk = this.#queue.shift() ?? Buffer.alloc(0);
    this.#queued -= chunk.length;
    if (this.#queued < MAX_QUEUED_BYTES / 2 && this.socket.isPaused()) this.socket.resume();
    return chunk;
  }

  #putBack(rest: Buffer): void {
    if (rest.length === 0) return;
    this.#queue.unshift(rest);
    this.#queued += rest.length;
  }

  #end(why: string): void {
    this.#ended ??= new RawConnectionError(why);
    this.#wake?.();
    this.#drained?.();
  }
}

/** @throws RawConnectionError when a header is invalid */
function headersIn(lines: readonly string[]): Headers {
  const headers = new Headers();
  try {
    for (const line of lines) {
      const colon = line.indexOf(":");
      if (colon > 0) headers.append(line.slice(0, colon).trim(), line.slice(colon + 1).trim());
    }
  } catch {
    throw new RawConnectionError("a response header is invalid");
  }
  return headers;
}

function reasonOf(error: Error): string {
  const code = errnoOf(error) ?? "";
  if (code === "ECONNREFUSED") return "nothing listens there";
  if (code === "ECONNRESET" || code === "EPIPE") return "the connection was reset";
  if (code === "ETIMEDOUT") return "connecting timed out";
  if (code === "EHOSTUNREACH" || code === "ENETUNREACH") return "there is no route to it";
  return code || error.message;
}
