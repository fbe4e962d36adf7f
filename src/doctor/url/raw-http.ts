// HTTP/1.1 by hand over one connection: exact headers both ways, bodies that pause, answers that come before a body ends.

import { connect as connectTcp, isIP, type Socket } from "node:net";
import { connect as connectTls, type TLSSocket } from "node:tls";

/** A server and the way to it. */
export interface Target {
  /** Such as `https://files.example.org/`, without user and password. */
  readonly url: URL;
  readonly address: string;
  /** Headers every request has: Host, perhaps Authorization. */
  readonly headers: Readonly<Record<string, string>>;
  /** Ends all connections. */
  readonly signal: AbortSignal;
}

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  /** The first 64 KiB of the body. */
  readonly text: string;
  readonly bytes: number;
}

/** No answer, or none that can be read. Its message completes a sentence: "the connection was closed". */
export class RawConnectionError extends Error {
  override readonly name = "WireError";
}

const KEPT = 64 * 1024;
const LONGEST_HEAD = 64 * 1024;
/** Bytes that wait to be read before the other side is slowed down. */
const QUEUED = 1024 * 1024;
/** Seconds in which the other side takes something. */
const STUCK = 15;

/** @throws WireError */
export async function open({ url, address, signal }: Target): Promise<RawConnection> {
  const tls = url.protocol === "https:";
  const port = Number(url.port || (tls ? 443 : 80));
  const socket = tls
    ? connectTls({
        host: address,
        port,
        // Addresses are no names for SNI (RFC 6066 section 3).
        ...(isIP(bareHost(url)) === 0 && { servername: bareHost(url) }),
        ALPNProtocols: ["http/1.1"],
        // What is wrong with a certificate is a finding, not the end.
        rejectUnauthorized: false,
      })
    : connectTcp({ host: address, port });
  await new Promise<void>((resolve, reject) => {
    const stop = () => {
      socket.destroy();
      reject(new RawConnectionError("it took too long"));
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

/** A connection. End it with `close`. */
export class RawConnection {
  readonly #queue: Buffer[] = [];
  #queued = 0;
  #ended: RawConnectionError | undefined;
  #wake: (() => void) | undefined;
  #drained: (() => void) | undefined;

  readonly #signal: AbortSignal;
  readonly #abort = (): void => this.fail("it took too long");

  /** @param socket connected */
  constructor(
    readonly socket: Socket | TLSSocket,
    signal: AbortSignal,
  ) {
    this.#signal = signal;
    socket.setNoDelay(true);
    socket.on("data", (chunk: Buffer) => {
      this.#queue.push(chunk);
      this.#queued += chunk.length;
      if (this.#queued > QUEUED) socket.pause();
      this.#wake?.();
      // Who answers may never read the rest.
      this.#drained?.();
    });
    socket.on("drain", () => this.#drained?.());
    socket.on("error", (error) => this.#end(reasonOf(error)));
    socket.on("end", () => this.#end("the connection was closed"));
    socket.on("close", () => this.#end("the connection was closed"));
    signal.addEventListener("abort", this.#abort);
  }

  /** Whether something was said that nobody has read, or the connection ended. */
  get spoken(): boolean {
    return this.#queued > 0 || this.#ended !== undefined;
  }

  close(): void {
    this.#signal.removeEventListener("abort", this.#abort);
    this.socket.destroy();
  }

  fail(why: string): void {
    this.#end(why);
    this.socket.destroy();
  }

  /** Resolves when the system took the bytes, or something was answered. @throws WireError */
  async send(bytes: string | Uint8Array): Promise<void> {
    if (this.#ended) throw this.#ended;
    if (this.socket.write(bytes)) return;
    const late = setTimeout(() => this.fail(`nothing was taken for ${STUCK} s`), STUCK * 1000);
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
    const all = Object.entries({ ...target.headers, ...headers }).map(
      ([name, value]) => `${name}: ${value}\r\n`,
    );
    const base = target.url.pathname.replace(/\/$/, "");
    await this.send(`${method} ${base}${path} HTTP/1.1\r\n${all.join("")}\r\n`);
  }

  /**
   * The next answer.
   * @param within seconds until it must be complete
   * @param interim whether `100 Continue` is an answer, too
   * @throws WireError
   */
  async answer(within = 15, interim = false): Promise<Answer> {
    const late = setTimeout(() => this.fail(`nothing came for ${within} s`), within * 1000);
    try {
      for (;;) {
        const [first = "", ...lines] = (await this.#until("\r\n\r\n", LONGEST_HEAD)).split("\r\n");
        const status = Number(/^HTTP\/1\.[01] (\d{3})/.exec(first)?.[1] ?? Number.NaN);
        if (!Number.isFinite(status)) throw new RawConnectionError("what came is no HTTP/1.1");
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
    const kept: Buffer[] = [];
    let bytes = 0;
    const take = (chunk: Buffer) => {
      if (bytes < KEPT) kept.push(Buffer.from(chunk.subarray(0, KEPT - bytes)));
      bytes += chunk.length;
    };
    const length = headers.get("content-length");
    if (status === 204 || status === 304) return { text: "", bytes };
    if (headers.get("transfer-encoding")?.toLowerCase().endsWith("chunked")) {
      for (;;) {
        const size = Number.parseInt(await this.#until("\r\n", 1024), 16);
        if (!Number.isFinite(size)) throw new RawConnectionError("the answer broke off");
        if (size === 0) break;
        await this.#consume(size, take);
        await this.#until("\r\n", 2);
      }
      while ((await this.#until("\r\n", LONGEST_HEAD)) !== "");
    } else if (length !== null) {
      await this.#consume(Number(length), take);
    } else {
      await this.#consume(Number.POSITIVE_INFINITY, take).catch((error) => {
        if (!this.#ended) throw error;
      });
    }
    return { text: Buffer.concat(kept).toString(), bytes };
  }

  async #consume(count: number, take: (chunk: Buffer) => void): Promise<void> {
    for (let left = count; left > 0; ) {
      const chunk = await this.#next();
      const mine = chunk.subarray(0, left);
      if (mine.length < chunk.length) this.#putBack(chunk.subarray(mine.length));
      left -= mine.length;
      take(mine);
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
        throw new RawConnectionError("what came is too long for a head");
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
    if (this.#queued < QUEUED / 2 && this.socket.isPaused()) this.socket.resume();
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

/** @throws WireError for what no server should send */
function headersIn(lines: readonly string[]): Headers {
  const headers = new Headers();
  try {
    for (const line of lines) {
      const colon = line.indexOf(":");
      if (colon > 0) headers.append(line.slice(0, colon).trim(), line.slice(colon + 1).trim());
    }
  } catch {
    throw new RawConnectionError("a header of the answer is none");
  }
  return headers;
}

function reasonOf(error: Error): string {
  const code = "code" in error ? String(error.code) : "";
  if (code === "ECONNREFUSED") return "nobody listens there";
  if (code === "ECONNRESET" || code === "EPIPE") return "the connection was cut";
  if (code === "ETIMEDOUT") return "nobody answered";
  if (code === "EHOSTUNREACH" || code === "ENETUNREACH") return "there is no way to it";
  return code || error.message;
}
