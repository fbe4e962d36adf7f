// A TCP relay between client and server that can stall after a number of bytes, or close its connections.

import { connect, createServer, type Socket } from "node:net";

/** A relay. `await using` closes it and all its connections. */
export interface Line extends AsyncDisposable {
  /** The URL of the server through this relay, without a slash at the end. */
  url: string;
  /** Stalls the client's data after this many further bytes on all connections together. Resolves when it has stalled. */
  hold: (after: number) => Promise<void>;
  /** Ends the stall. */
  release: () => void;
  /** Closes all connections without an answer; new ones are accepted. */
  cut: () => void;
}

/** Opens a relay to a server on this machine. @param url the URL of the server */
export async function openLine(url: string): Promise<Line> {
  const open = new Set<Socket>();
  const waiting: (() => void)[] = [];
  let left = Number.POSITIVE_INFINITY;
  let held = () => {};

  const release = (): void => {
    left = Number.POSITIVE_INFINITY;
    for (const go of waiting.splice(0)) go();
  };
  const cut = (): void => {
    for (const socket of open) socket.destroy();
    release();
  };

  const listener = createServer((client) => {
    const server = connect(Number(new URL(url).port), "127.0.0.1");
    const end = (): void => {
      client.destroy();
      server.destroy();
    };
    for (const socket of [client, server]) {
      open.add(socket);
      socket.on("error", end).on("close", () => {
        open.delete(socket);
        end();
      });
    }
    const pass = (bytes: Buffer): void => {
      const now = bytes.subarray(0, left);
      const later = bytes.subarray(now.length);
      left -= now.length;
      const room = server.write(now);
      if (later.length > 0 || left === 0) {
        client.pause();
        waiting.push(() => {
          client.resume();
          if (later.length > 0) pass(later);
        });
        held();
      } else if (!room) {
        client.pause();
        server.once("drain", () => client.resume());
      }
    };
    client.on("data", pass);
    server.pipe(client);
  });
  const port = await new Promise<number>((resolve) => {
    listener.listen(0, "127.0.0.1", () => {
      const address = listener.address();
      resolve(address !== null && typeof address === "object" ? address.port : 0);
    });
  });
  return {
    url: `http://127.0.0.1:${port}`,
    hold: (after) =>
      new Promise((resolve) => {
        left = after;
        held = resolve;
      }),
    release,
    cut,
    async [Symbol.asyncDispose]() {
      cut();
      await new Promise((resolve) => listener.close(resolve));
    },
  };
}
