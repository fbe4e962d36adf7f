// A raw HTTP client: sends exact bytes over TCP, including ones that `fetch` would never send, and reads the responses.

import type { Socket } from "bun";
import { patient } from "./patience.ts";

/** One answer, its body decoded from chunks if it was sent in chunks. */
export interface RawAnswer {
  status: number;
  headers: Headers;
  body: Buffer;
  text: string;
}

/** A connection. Dispose it to close it. */
export interface RawConnection extends Disposable {
  /** Resolves when the system took all bytes; rejects when the other side is gone. */
  send(bytes: string | Uint8Array): Promise<void>;
  /** Closes the sending side (FIN) and continues reading. */
  halfClose(): void;
  /** Ends the connection at once (RST). */
  reset(): void;
  /** Stops reading from the socket until `resume`. */
  pause(): void;
  resume(): void;
  /** The next answer; answers 1xx before it are skipped. Rejects when the connection ends without one. */
  answer(options?: { head?: boolean }): Promise<RawAnswer>;
  /** Everything that has not been read by `answer`, once the other side closed. */
  rest(): Promise<Buffer>;
  /** Resolves when the connection ended, whoever ended it. */
  readonly closed: Promise<void>;
  /** Bytes that arrived and were not read yet. */
  readonly unread: Buffer;
}

/** Seconds until an answer that does not come ends the connection. */
const LONGEST_WAIT = patient(20);

/** Connects to a server by its URL. */
export async function connect(url: string): Promise<RawConnection> {
  const { hostname, port } = new URL(url);
  const arrived = new Arrived();
  let ended = false;
  let wake: (() => void)[] = [];
  let writable: (() => void)[] = [];
  const { promise: closed, resolve: close } = Promise.withResolvers<void>();
  const end = (): void => {
    ended = true;
    close();
    signal();
  };
  const signal = (): void => {
    for (const resolve of [...wake, ...writable]) resolve();
    wake = [];
    writable = [];
  };
  const socket: Socket = await Bun.connect({
    hostname,
    port: Number(port),
    allowHalfOpen: true,
    socket: {
      data(_, bytes) {
        arrived.add(bytes);
        signal();
      },
      drain: signal,
      end(self) {
        self.end();
        end();
      },
      close: end,
      error: end,
    },
  });

  const more = (): Promise<void> => new Promise((resolve) => wake.push(resolve));
  /** Waits until `read` finds something in what arrived. */
  const wait = async <T>(read: (bytes: Buffer) => T | undefined): Promise<T> => {
    const late = setTimeout(() => socket.terminate(), LONGEST_WAIT * 1000);
    try {
      for (;;) {
        const found = read(arrived.bytes);
        if (found !== undefined) return found;
        if (ended)
          throw new Error(
            `The connection ended after ${JSON.stringify(arrived.bytes.toString("utf8", 0, 200))}`,
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
        if (ended) throw new Error("The connection ended before all bytes were sent.");
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
        const { body, taken } = empty
          ? { body: Buffer.alloc(0), taken: 0 }
          : await wait((bytes) => readBody(headers, bytes, ended));
        arrived.drop(taken);
        return { status, headers, body, text: body.toString() };
      }
    },
    async rest() {
      await wait((bytes) => (ended ? bytes : undefined));
      const all = Buffer.from(arrived.bytes);
      arrived.drop(all.byteLength);
      return all;
    },
    closed,
    get unread() {
      return arrived.bytes;
    },
    [Symbol.dispose]: () => void socket.end(),
  };
}

/** Bytes that are added at one end and dropped at the other. */
class Arrived {
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

/** `undefined` while the body is not all there. `taken` is what it took of the bytes. */
function readBody(
  headers: Headers,
  bytes: Buffer,
  ended: boolean,
): { body: Buffer; taken: number } | undefined {
  if (headers.get("transfer-encoding") === "chunked") return readChunks(bytes);
  const length = headers.get("content-length");
  if (length === null) return ended ? { body: bytes, taken: bytes.byteLength } : undefined;
  const taken = Number(length);
  return bytes.byteLength < taken ? undefined : { body: bytes.subarray(0, taken), taken };
}

function readChunks(bytes: Buffer): { body: Buffer; taken: number } | undefined {
  const chunks: Buffer[] = [];
  let at = 0;
  for (;;) {
    const line = bytes.indexOf("\r\n", at);
    if (line === -1) return undefined;
    const size = Number.parseInt(bytes.toString("latin1", at, line), 16);
    const end = line + 2 + size;
    if (bytes.byteLength < end + 2) return undefined;
    at = end + 2;
    if (size === 0) return { body: Buffer.concat(chunks), taken: at };
    chunks.push(bytes.subarray(line + 2, end));
  }
}
