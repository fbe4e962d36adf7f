// A minimal parser of HTTP/1.1 responses on a raw socket, for clients that must use little processor time.

/** One response. */
export interface Answer {
  status: number;
  /** Status line and headers, decoded as Latin-1. */
  head: string;
  /** The body, decoded as Latin-1. */
  body: string;
  /** Whether the server closes the connection afterwards. */
  closes: boolean;
}

/** The value of a response header, `""` if it is missing. */
export function header({ head }: Answer, name: string): string {
  return new RegExp(`\\r\\n${name}: *([^\\r]*)`, "i").exec(head)?.[1] ?? "";
}

/** Collects the bytes of one connection and returns complete responses, in order. */
export class AnswerReader {
  #text = "";

  /** Adds received bytes; returns the next response if it is complete. */
  push(bytes: Uint8Array): Answer | undefined {
    this.#text += Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("latin1");
    const headEnd = this.#text.indexOf("\r\n\r\n");
    if (headEnd < 0) return undefined;
    const head = this.#text.slice(0, headEnd);
    const body = this.#body(head, headEnd + 4);
    if (!body) return undefined;
    this.#text = this.#text.slice(body.end);
    const status = Number(head.slice(9, 12));
    if (status < 200) return this.push(new Uint8Array());
    return { status, head, body: body.text, closes: /\r\nconnection: *close/i.test(head) };
  }

  #body(head: string, start: number): { text: string; end: number } | undefined {
    const status = Number(head.slice(9, 12));
    if (status < 200 || status === 204 || status === 304) return { text: "", end: start };
    if (/\r\ntransfer-encoding: *chunked/i.test(head)) return this.#chunked(start);
    const end = start + Number(/\r\ncontent-length: *(\d+)/i.exec(head)?.[1] ?? 0);
    return this.#text.length < end ? undefined : { text: this.#text.slice(start, end), end };
  }

  #chunked(start: number): { text: string; end: number } | undefined {
    let text = "";
    for (let at = start; ; ) {
      const lineEnd = this.#text.indexOf("\r\n", at);
      if (lineEnd < 0) return undefined;
      const size = Number.parseInt(this.#text.slice(at, lineEnd), 16);
      at = lineEnd + 2 + size + 2;
      if (this.#text.length < at) return undefined;
      if (size === 0) return { text, end: at };
      text += this.#text.slice(lineEnd + 2, lineEnd + 2 + size);
    }
  }
}
