// A load program: downloads URLs concurrently, each on its own connection, at full speed or at a constant rate; then
// prints one line of JSON: when it began and ended, and the number of bytes received.
// usage: bun receive.ts '{"urls": [ … ], "bytesPerSecond": 1000000, "seconds": 20}' (the last two are optional)

export {};

interface Order {
  urls: string[];
  bytesPerSecond?: number;
  /** Seconds after which the program disconnects, even in the middle of a file. */
  seconds?: number;
}

const TICKS_PER_SECOND = 20;
const order: Order = JSON.parse(process.argv[2] ?? "{}");
const allowance = (order.bytesPerSecond ?? Number.POSITIVE_INFINITY) / TICKS_PER_SECOND;
let bytes = 0;

function get(address: string): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const url = new URL(address);
  let head = "";
  let left = Number.POSITIVE_INFINITY;
  let allowed = allowance;
  let timer: Timer | undefined;
  Bun.connect({
    hostname: url.hostname,
    port: Number(url.port),
    socket: {
      open(socket) {
        socket.write(`GET ${url.pathname} HTTP/1.1\r\nHost: ${url.host}\r\nConnection: close\r\n\r\n`);
        if (!Number.isFinite(allowance)) return;
        timer = setInterval(() => {
          allowed = Math.min(allowance, allowed + allowance);
          if (allowed > 0) socket.resume();
        }, 1000 / TICKS_PER_SECOND);
      },
      data(socket, chunk) {
        let length = chunk.byteLength;
        if (!Number.isFinite(left)) {
          head += Buffer.from(chunk).toString("latin1");
          const end = head.indexOf("\r\n\r\n");
          if (end < 0) return;
          if (!head.startsWith("HTTP/1.1 200")) return reject(new Error(head.slice(0, end)));
          left = Number(/\r\ncontent-length: *(\d+)/i.exec(head)?.[1]);
          length = head.length - end - 4;
        }
        bytes += length;
        left -= length;
        allowed -= length;
        if (allowed <= 0) socket.pause();
        if (left === 0) socket.end();
      },
      close() {
        clearInterval(timer);
        if (left === 0 || order.seconds !== undefined) resolve();
        else reject(new Error(`The connection was closed ${left} bytes before the end of the file.`));
      },
    },
  }).catch(reject);
  return promise;
}

const now = () => performance.timeOrigin + performance.now();
const start = now();
const all = Promise.all(order.urls.map(get));
if (order.seconds === undefined) await all;
else await Promise.race([all, Bun.sleep(order.seconds * 1000)]);
console.log(JSON.stringify({ start, end: now(), bytes }));
process.exit(0);
