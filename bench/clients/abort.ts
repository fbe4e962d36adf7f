// A load program: starts uploads and disconnects in the middle, alternately with FIN and RST; then prints one line of JSON.
// usage: bun abort.ts '{"url": …, "uploads": 1000, "connections": 50}'; upload n goes to url + n

/** The program's argument, as JSON. */
export interface Order {
  url: string;
  uploads: number;
  connections: number;
}

const DECLARED = 100_000_000;
/** Bytes sent before disconnecting: none, as many as a small file has, more than one write batch of the server. */
const SENT = [0, 20_000, 2_000_000];
/** Milliseconds between the last byte and the disconnect. */
const STAY = 20;
const order: Order = JSON.parse(process.argv[2] ?? "{}");
const url = new URL(order.url);
let next = 0;

function abort(index: number): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  let left = SENT[index % SENT.length] ?? 0;
  const body = new Uint8Array(left);
  const pump = (socket: Bun.Socket) => {
    if (left > 0) left -= Math.max(0, socket.write(body.subarray(body.length - left)));
    if (left > 0) return;
    // Wait until the server has begun: it would never see a connection that is reset immediately.
    setTimeout(() => (index % 2 === 0 ? socket.end() : socket.terminate()), STAY);
  };
  Bun.connect({
    hostname: url.hostname,
    port: Number(url.port),
    socket: {
      open(socket) {
        socket.write(
          `PUT ${url.pathname}${index} HTTP/1.1\r\nHost: ${url.host}\r\nContent-Length: ${DECLARED}\r\n\r\n`,
        );
        pump(socket);
      },
      drain: pump,
      data() {},
      close: () => resolve(),
      error: () => resolve(),
      connectError: (_socket, error) => reject(error),
    },
  }).catch(reject);
  return promise;
}

async function abortInTurn(): Promise<void> {
  while (next < order.uploads) await abort(next++);
}

await Promise.all(Array.from({ length: order.connections }, abortInTurn));
console.log(JSON.stringify({ aborted: order.uploads }));
process.exit(0);
