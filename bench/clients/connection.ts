// One connection to a server, for requests one after the other, whose bodies are sent as fast as the server reads them.

import { type Answer, AnswerReader } from "./answers.ts";

/** The body of a request: bytes `from` to `to` (exclusive) of a file. */
export interface Piece {
  /** The file is a repetition of these bytes, which are sent without being copied. */
  pattern: Uint8Array;
  from: number;
  to: number;
}

export class Connection {
  readonly #reader = new AnswerReader();
  #answer: PromiseWithResolvers<Answer> | undefined;
  #sent: PromiseWithResolvers<void> | undefined;
  #head = "";
  #piece: Piece | undefined;

  private constructor(
    readonly url: URL,
    readonly socket: Bun.Socket<Connection | undefined>,
  ) {}

  static async open(url: URL): Promise<Connection> {
    const socket = await Bun.connect<Connection | undefined>({
      hostname: url.hostname,
      port: Number(url.port),
      socket: {
        drain({ data: connection }) {
          if (connection) connection.#pump();
        },
        data({ data: connection }, bytes) {
          if (connection) connection.#receive(bytes);
        },
        close({ data: connection }) {
          if (connection) connection.#fail(new Error("The server closed the connection without an answer."));
        },
        error({ data: connection }, error) {
          if (connection) connection.#fail(error);
        },
      },
    });
    const connection = new Connection(url, socket);
    socket.data = connection;
    return connection;
  }

  /** Sends a request. @param headers without `Host` and `Content-Length` */
  async request(
    method: string,
    path: string,
    headers: Record<string, string | number> = {},
    piece?: Piece,
  ): Promise<Answer> {
    this.#answer = Promise.withResolvers();
    void this.begin(method, path, { "content-length": piece ? piece.to - piece.from : 0, ...headers }, piece);
    return await this.#answer.promise;
  }

  /** Sends a request without waiting for its answer; resolves when its last byte is in the socket's buffer. */
  async begin(
    method: string,
    path: string,
    headers: Record<string, string | number>,
    piece?: Piece,
  ): Promise<void> {
    const lines = Object.entries({ host: this.url.host, ...headers }).map(
      ([name, value]) => `${name}: ${value}\r\n`,
    );
    this.#head = `${method} ${path} HTTP/1.1\r\n${lines.join("")}\r\n`;
    this.#piece = piece && { ...piece };
    this.#sent = Promise.withResolvers();
    this.#pump();
    await this.#sent.promise;
  }

  /** Closes the connection with FIN, or with RST as a crash does. */
  close({ reset = false } = {}): void {
    if (reset) this.socket.terminate();
    else this.socket.end();
  }

  #pump(): void {
    if (this.#head !== "") this.#head = this.#head.slice(Math.max(0, this.socket.write(this.#head)));
    if (this.#head !== "") return;
    const piece = this.#piece;
    while (piece && piece.from < piece.to) {
      const at = piece.from % piece.pattern.length;
      const bytes = piece.pattern.subarray(at, at + piece.to - piece.from);
      const written = Math.max(0, this.socket.write(bytes));
      piece.from += written;
      if (written < bytes.length) return;
    }
    this.#sent?.resolve();
  }

  #receive(bytes: Uint8Array): void {
    const answer = this.#reader.push(bytes);
    if (answer) this.#answer?.resolve(answer);
  }

  #fail(error: Error): void {
    this.#answer?.reject(error);
    this.#sent?.reject(error);
  }
}
