// A load program: downloads small files repeatedly on keep-alive connections, and prints the seconds as one line of JSON.
// usage: bun receive-small.ts '{"url": …, "names": 100, "files": 20000, "connections": 8}' (file n is url + n % names)

export {};

interface Order {
  url: string;
  names: number;
  files: number;
  connections: number;
  /** More lines of the head of each request, each ended by CR and LF. */
  head?: string;
}

const order: Order = JSON.parse(process.argv[2] ?? "{}");
const url = new URL(order.url);
const END = Buffer.from("\r\n\r\n");
let next = 0;

function getInTurn(): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  let head = Buffer.alloc(0);
  let left = -1;
  const ask = (socket: Bun.Socket) => {
    if (next >= order.files) return void socket.end();
    left = -1;
    socket.write(
      `GET ${url.pathname}${next++ % order.names} HTTP/1.1\r\nHost: ${url.host}\r\n${order.head ?? ""}\r\n`,
    );
  };
  Bun.connect({
    hostname: url.hostname,
    port: Number(url.port),
    socket: {
      open: ask,
      data(socket, chunk) {
        let length = chunk.byteLength;
        if (left < 0) {
          head = Buffer.concat([head, chunk]);
          const end = head.indexOf(END);
          if (end < 0) return;
          const text = head.toString("latin1", 0, end);
          if (!text.startsWith("HTTP/1.1 200")) return reject(new Error(text));
          left = Number(/\r\ncontent-length: *(\d+)/i.exec(text)?.[1]);
          length = head.byteLength - end - END.byteLength;
          head = Buffer.alloc(0);
        }
        left -= length;
        if (left === 0) ask(socket);
      },
      close: () => (next >= order.files ? resolve() : reject(new Error("The server closed the connection."))),
    },
  }).catch(reject);
  return promise;
}

const start = performance.now();
await Promise.all(Array.from({ length: order.connections }, getInTurn));
console.log(JSON.stringify({ seconds: (performance.now() - start) / 1000 }));
process.exit(0);
