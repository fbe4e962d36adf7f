// Frames of HTTP/2 (RFC 9113), byte by byte, including sequences that no client library sends.

import { connect } from "node:tls";
import { patient } from "./patience.ts";

/** Types of frames. */
export const DATA = 0;
export const HEADERS = 1;
export const RST_STREAM = 3;
export const SETTINGS = 4;
export const PING = 6;
export const GOAWAY = 7;
export const WINDOW_UPDATE = 8;
export const CONTINUATION = 9;
/** Flags. */
export const [END_STREAM, END_HEADERS, ACK] = [1, 4, 1];
/** RST_STREAM with CANCEL. */
export const CANCEL = Buffer.from([0, 0, 0, 8]);

export function frame(
  type: number,
  flags: number,
  stream: number,
  payload: Uint8Array = new Uint8Array(),
): Buffer {
  const head = Buffer.alloc(9);
  head.writeUIntBE(payload.length, 0, 3);
  head[3] = type;
  head[4] = flags;
  head.writeUInt32BE(stream, 5);
  return Buffer.concat([head, payload]);
}

/** One parameter of SETTINGS. */
export function setting(id: number, value: number): Buffer {
  const bytes = Buffer.alloc(6);
  bytes.writeUInt16BE(id);
  bytes.writeUInt32BE(value, 2);
  return bytes;
}

/** A string of HPACK without Huffman coding. */
function text(value: string): Buffer {
  const bytes = Buffer.from(value);
  const length = [Math.min(bytes.length, 127)];
  if (bytes.length >= 127) {
    let rest = bytes.length - 127;
    for (; rest >= 128; rest = Math.floor(rest / 128)) length.push((rest % 128) + 128);
    length.push(rest);
  }
  return Buffer.concat([Buffer.from(length), bytes]);
}

/** A header as a literal of HPACK; `indexed` adds it to the dynamic table. */
export function literal(name: string, value: string, indexed = false): Buffer {
  return Buffer.concat([Buffer.from([indexed ? 0x40 : 0]), text(name), text(value)]);
}

/** The headers of a request. */
export function head(method: string, path: string): Buffer {
  const fields = { ":method": method, ":path": path, ":scheme": "https", ":authority": "localhost" };
  return Buffer.concat(Object.entries(fields).map(([name, value]) => literal(name, value)));
}

/** A connection that sends frames. Dispose it to close it. */
export interface FrameConnection extends Disposable {
  /** Resolves when the system has taken the bytes; false once the connection is closed. */
  send: (...frames: Buffer[]) => Promise<boolean>;
  /** How many frames of a type have come. */
  count: (type: number) => number;
  /** The error code of GOAWAY; null before it. */
  readonly goaway: number | null;
  readonly closed: boolean;
  /** Stops reading. */
  pause: () => void;
}

/** Connects and sends the preface. @param settings the payload of SETTINGS */
export async function connectFrames(
  url: string,
  settings: Uint8Array = new Uint8Array(),
): Promise<FrameConnection> {
  const { hostname, port } = new URL(url);
  const options = { host: hostname, port: Number(port), rejectUnauthorized: false, ALPNProtocols: ["h2"] };
  const { promise: ready, resolve, reject } = Promise.withResolvers<void>();
  const socket = connect(options, resolve);
  const counts = new Map<number, number>();
  let [goaway, closed]: [number | null, boolean] = [null, false];
  let rest = Buffer.alloc(0);
  socket.on("error", (error) => {
    closed = true;
    reject(error);
  });
  socket.on("close", () => {
    closed = true;
  });
  socket.on("data", (bytes: Buffer) => {
    rest = Buffer.concat([rest, bytes]);
    for (let length = 0; rest.length >= 9; rest = rest.subarray(length)) {
      length = 9 + rest.readUIntBE(0, 3);
      if (rest.length < length) break;
      const type = rest[3] ?? 0;
      counts.set(type, (counts.get(type) ?? 0) + 1);
      if (type === GOAWAY) goaway = rest.readUInt32BE(13);
    }
  });
  await ready;
  const send = async (...frames: Buffer[]): Promise<boolean> => {
    if (closed) return false;
    if (socket.write(Buffer.concat(frames))) return true;
    const { promise, resolve } = Promise.withResolvers<void>();
    socket.once("drain", resolve).once("close", resolve);
    // A server that is flooded may stop reading.
    await Promise.race([promise, Bun.sleep(patient(2) * 1000)]);
    socket.off("drain", resolve).off("close", resolve);
    return !closed;
  };
  await send(Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), frame(SETTINGS, 0, 0, settings));
  return {
    send,
    count: (type) => counts.get(type) ?? 0,
    get goaway() {
      return goaway;
    },
    get closed() {
      return closed;
    },
    pause: () => void socket.pause(),
    [Symbol.dispose]: () => void socket.destroy(),
  };
}
