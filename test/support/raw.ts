// A raw HTTP client: sends exact bytes over TCP or TLS, including ones that `fetch` would never send, and reads the responses.

import type { Socket } from "bun";
import { patient } from "./patience.ts";

/** One response; a chunked body is decoded. */
export interface RawAnswer {
  status: number;
  headers: Headers;
  body: Buffer;
  text: string;
}

/** A connection. Dispose it to close it. */
export interface RawConnection extends Disposable {
  /** Resolves when all bytes are in the socket's buffer; rejects if the connection is closed. */
  send(bytes: string | Uint8Array): Promise<void>;
  /** Closes the sending side (FIN) and continues reading. */
  halfClose(): void;
  /** Resets the connection (RST). */
  reset(): void;
  /** Stops reading from the socket until `resume`. */
  pause(): void;
  resume(): void;
  /** The next response, without 1xx responses. Rejects if the connection is closed before it is complete. */
  answer(options?: { head?: boolean }): Promise<RawAnswer>;
  /** All bytes that `answer` has not read, after the server has closed the connection. */
  readToEnd(): Promise<Buffer>;
  /** Resolves when the connection is closed, by either side. */
  readonly closed: Promise<void>;
  /** The port of this end. */
  readonly port: number;
  /** Bytes that were received but not yet read. */
  readonly unread: Buffer;
}

/** Seconds without a response after which the connection is closed. */
const LONGEST_WAIT = patient(20);

/** Connects to a server by its URL: `http://127.0.0.1:3000`, or `unix:/run/sluice.sock`. Over TLS any certificate is accepted. */
export async function connect(url: string): Promise<RawConnection> {
  const { hostname, port, protocol, pathname } = new URL(url);
  const secure = protocol === "https:";
  const arrived = new ReceiveBuffer();
  let ended = false;
  let wake: (() => void)[] = [];
  let writable: (() => void)[] = [];
  const { promise: closed, resolve: close } = Promise.withResolvers<void>();
  const end = (): void => {
    ended = true;
    close();
    signal();
  };
  const { promise: ready, resolve: begin } = Promise.withResolvers<void>();
  const signal = (): void => {
    for (const resolve of [...wake, ...writable]) resolve();
    wake = [];
    writable = [];
  };
  const options = {
    allowHalfOpen: true,
    ...(secure && { tls: { rejectUnauthorized: false } }),
    socket: {
      data(_, bytes) {
        arrived.add(bytes);
        signal();
      },
      handshake: () => begin(),
      drain: signal,
      end(self) {
        self.end();
        end();
      },
      close: end,
      error: end,
    },
  } satisfies Partial<Bun.TCPSocketConnectOptions<undefined>>;
  const socket: Socket = await (protocol === "unix:"
    ? Bun.connect({ ...options, unix: pathname })
    : Bun.connect({ ...options, hostname, port: Number(port) }));

  // A connection that is paused before would not finish its handshake.
  if (secure) await Promise.race([ready, closed]);

  const more = (): Promise<void> => new Promise((resolve) => wake.push(resolve));
  /** Waits until `read` returns a value for the received bytes. */
  const wait = async <T>(read: (bytes: Buffer) => T | undefined): Promise<T> => {
    const late = setTimeout(() => socket.terminate(), LONGEST_WAIT * 1000);
    try {
      for (;;) {
        const found = read(arrived.bytes);
        if (found !== undefined) return found;
        if (ended)
          throw new Error(
            `The connection was closed after ${JSON.stringify(arrived.bytes.toString("utf8", 0, 200))}`,
          );
        await more();
      }
    } finally {
      clearTimeout(late);
    }
  };

  return {
    async send(bytes) {
      let left = typeof bytes === "string" ? Buffer.from(bytes) : Buffer.from(bytes);
      while (left.byteLength > 0) {
        if (ended) throw new Error("The connection was closed before all bytes were sent.");
        left = left.subarray(Math.max(0, socket.write(left)));
        if (left.byteLength > 0) await new Promise<void>((resolve) => writable.push(resolve));
      }
    },
    halfClose: () => socket.shutdown(),
    reset: () => socket.terminate(),
    pause: () => void socket.pause(),
    resume: () => void socket.resume(),
    async answer({ head = false } = {}) {
      for (;;) {
        const { status, headers, length } = await wait(readHead);
        arrived.drop(length);
        if (status < 200) continue;
        const empty = head || status === 204 || status === 304;
        const { body, used } = empty
          ? { body: Buffer.alloc(0), used: 0 }
          : await wait((bytes) => readBody(headers, bytes, ended));
        arrived.drop(used);
        return { status, headers, body, text: body.toString() };
      }
    },
    async readToEnd() {
      await wait((bytes) => (ended ? bytes : undefined));
      const all = Buffer.from(arrived.bytes);
      arrived.drop(all.byteLength);
      return all;
    },
    closed,
    port: socket.localPort,
    get unread() {
      return arrived.bytes;
    },
    [Symbol.dispose]: () => void socket.end(),
  };
}

/** A buffer of received bytes: appended at the end, removed at the start. */
class ReceiveBuffer {
  #room = Buffer.alloc(65_536);
  #from = 0;
  #to = 0;

  get bytes(): Buffer {
    return this.#room.subarray(this.#from, this.#to);
  }

  add(bytes: Buffer): void {
    if (this.#to + bytes.byteLength > this.#room.byteLength) {
      const larger = Buffer.alloc(2 * (this.bytes.byteLength + bytes.byteLength) + this.#room.byteLength);
      this.#to = this.bytes.copy(larger);
      this.#from = 0;
      this.#room = larger;
    }
    this.#to += bytes.copy(this.#room, this.#to);
  }

  drop(length: number): void {
    this.#from += length;
  }
}

function readHead(bytes: Buffer): { status: number; headers: Headers; length: number } | undefined {
  const end = bytes.indexOf("\r\n\r\n");
  if (end === -1) return undefined;
  const [first = "", ...lines] = bytes.toString("latin1", 0, end).split("\r\n");
  const headers = new Headers();
  for (const line of lines) {
    const colon = line.indexOf(":");
    headers.append(line.slice(0, colon), line.slice(colon + 1).trim());
  }
  return { status: Number(first.split(" ")[1]), headers, length: end + 4 };
}

/** `undefined` while the body is incomplete. `used` is the number of bytes that it occupies. */
function readBody(
  headers: Headers,
  bytes: Buffer,
  ended: boolean,
): { body: Buffer; used: number } | undefined {
  if (headers.get("transfer-encoding") === "chunked") return readChunks(bytes);
  const announced = headers.get("content-length");
  if (announced === null) return ended ? { body: bytes, used: bytes.byteLength } : undefined;
  const length = Number(announced);
  return bytes.byteLength < length ? undefined : { body: bytes.subarray(0, length), used: length };
}

function readChunks(bytes: Buffer): { body: Buffer; used: number } | undefined {
  const chunks: Buffer[] = [];
  let at = 0;
  for (;;) {
    const line = bytes.indexOf("\r\n", at);
    if (line === -1) return undefined;
    const size = Number.parseInt(bytes.toString("latin1", at, line), 16);
    if (Number.isNaN(size)) throw new Error(`Not a chunk: ${bytes.toString("latin1", at, line)}`);
    const end = line + 2 + size;
    if (bytes.byteLength < end + 2) return undefined;
    at = end + 2;
    if (size === 0) return { body: Buffer.concat(chunks), used: at };
    chunks.push(bytes.subarray(line + 2, end));
  }
}
