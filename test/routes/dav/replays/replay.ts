// Sends the requests of a WebDAV client as it sends them: in its order, with its headers, over one connection.

import { expect } from "bun:test";
import { connect, type RawAnswer, type RawConnection } from "../../../support/raw.ts";

interface Sent {
  /** Header lines between those of the client and `Host`. */
  headers?: readonly string[];
  body?: string | Uint8Array;
  /** Sends the body in chunks, without `Content-Length`. */
  chunked?: boolean;
}

/** A client. Dispose it to close its connection. */
export class Replay implements Disposable {
  readonly #url: string;
  readonly #own: readonly string[];
  #connection: RawConnection | undefined;

  /** @param own the header lines that the client sends with each request */
  constructor(url: string, own: readonly string[]) {
    this.#url = url;
    this.#own = own;
  }

  /** Sends a request and expects its status, or one of several. @param target as on the wire, percent-encoded */
  async send(
    status: number | readonly number[],
    method: string,
    target: string,
    { headers = [], body = "", chunked = false }: Sent = {},
  ): Promise<RawAnswer> {
    this.#connection ??= await connect(this.#url);
    const bytes = Buffer.from(body);
    const framing = chunked ? "Transfer-Encoding: chunked" : `Content-Length: ${bytes.length}`;
    const head = [`${method} ${target} HTTP/1.1`, ...this.#own, ...headers];
    if (chunked || bytes.length > 0 || !["GET", "HEAD", "OPTIONS"].includes(method)) head.push(framing);
    head.push(`Host: ${new URL(this.#url).host}`, "", "");
    await this.#connection.send(head.join("\r\n"));
    if (chunked) await this.#sendChunks(bytes);
    else if (bytes.length > 0) await this.#connection.send(bytes);
    const answer = await this.#connection.answer({ head: method === "HEAD" });
    if (answer.headers.get("connection") === "close") this[Symbol.dispose]();
    const expected = typeof status === "number" ? [status] : status;
    if (!expected.includes(answer.status))
      expect(`${method} ${target}: ${answer.status} ${answer.text}`).toBe(`${expected.join(" or ")}`);
    return answer;
  }

  async #sendChunks(bytes: Buffer): Promise<void> {
    for (let at = 0; at < bytes.length; at += 65_536) {
      const piece = bytes.subarray(at, at + 65_536);
      await this.#connection?.send(`${piece.length.toString(16)}\r\n`);
      await this.#connection?.send(piece);
      await this.#connection?.send("\r\n");
    }
    await this.#connection?.send("0\r\n\r\n");
  }

  [Symbol.dispose](): void {
    this.#connection?.[Symbol.dispose]();
    this.#connection = undefined;
  }
}

/** The token of a lock, without its brackets. */
export function tokenOf(answer: RawAnswer): string {
  const token = /^<(\S+)>$/.exec(answer.headers.get("lock-token") ?? "")?.[1];
  if (token === undefined) throw new Error(`There is no token in ${[...answer.headers].join("; ")}`);
  expect(answer.text).toContain(token);
  return token;
}

/** The hrefs of a multi-status answer. */
export function hrefsOf(answer: RawAnswer): string[] {
  return [...answer.text.matchAll(/<D:href>([^<]*)<\/D:href>\s*<D:propstat/g)].map(([, href = ""]) => href);
}
