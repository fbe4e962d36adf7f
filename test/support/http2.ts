// An HTTP/2 connection with any number of requests at once, whose answers a test reads, holds back or cancels.

import { type ClientHttp2Session, type ClientHttp2Stream, connect } from "node:http2";

/** A request on its way. */
export interface Http2Request {
  stream: ClientHttp2Stream;
  /** Resolves with the headers; rejects when the request is reset before. */
  status: Promise<number>;
  headers: Promise<Record<string, string | string[] | undefined>>;
  /** The body as far as it came; rejects when the stream is reset, not when the connection is closed. */
  text: () => Promise<string>;
  /** Resolves when the stream is closed, with its error code; 0 for none. */
  closed: Promise<number>;
}

/** A connection. Dispose it to close it. */
export interface Http2Connection extends Disposable {
  session: ClientHttp2Session;
  /** Sends the headers; the body is open when `ends` is false. */
  request: (method: string, path: string, options?: Http2Options) => Http2Request;
}

export interface Http2Options {
  headers?: Record<string, string>;
  /** The whole body; without it, the stream is ended unless `ends` is false. */
  body?: string | Uint8Array;
  ends?: boolean;
}

/** Connects by TLS; any certificate is accepted. */
export async function connectHttp2(url: string): Promise<Http2Connection> {
  const session = connect(url, { rejectUnauthorized: false });
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  session.once("connect", () => resolve());
  // Requests report what ends the connection.
  session.on("error", reject);
  await promise;
  return {
    session,
    request(method, path, { headers = {}, body, ends = true } = {}) {
      const stream = session.request(
        { ":method": method, ":path": path, ...headers },
        { endStream: ends && body === undefined },
      );
      const answered = Promise.withResolvers<Record<string, string | string[] | undefined>>();
      const closed = Promise.withResolvers<number>();
      stream.on("response", (fields) => {
        const entries = Object.entries(fields).map(([name, value]) => [
          name,
          typeof value === "number" ? `${value}` : value,
        ]);
        answered.resolve(Object.fromEntries(entries));
      });
      stream.on("error", (error) => answered.reject(error));
      stream.on("close", () => {
        answered.reject(new Error(`The stream was closed with code ${stream.rstCode}.`));
        closed.resolve(stream.rstCode ?? 0);
      });
      const status = answered.promise.then((fields) => Number(fields[":status"]));
      status.catch(() => {
        // Not every test waits for the answer.
      });
      if (body !== undefined) stream.end(body);
      return {
        stream,
        headers: answered.promise,
        status,
        closed: closed.promise,
        async text() {
          let text = "";
          for await (const chunk of stream) text += chunk;
          return text;
        },
      };
    },
    [Symbol.dispose]: () => session.destroy(),
  };
}
