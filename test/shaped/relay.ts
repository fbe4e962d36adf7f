// A relay that simulates latency: bytes arrive late, and at most one window of them is in flight.
// bun run relay.ts HOST:PORT RTT_MS WINDOW_BYTES [EVERY_MS STALL_MS]      prints its own port

import { createConnection, createServer, type Socket } from "node:net";

const [target = "", rttText = "0", windowText = "0", everyText = "0", stallText = "0"] =
  process.argv.slice(2);
const [host = "", port = ""] = target.split(":");
const half = Number(rttText) / 2;
const window = Number(windowText);
const [every, stall] = [Number(everyText), Number(stallText)];

/** Milliseconds until the end of the current stall. */
function stalled(): number {
  if (every === 0) return 0;
  const phase = performance.now() % (every + stall);
  return phase < every ? 0 : every + stall - phase;
}

/** Forwards bytes late. Bytes that are not yet acknowledged, another half round trip later, fill the window. */
function carry(from: Socket, to: Socket, bound: number): void {
  let onTheWay = 0;
  let last: Promise<void> = Promise.resolve();
  const later = (step: () => void): void => {
    const due = performance.now() + half + stalled();
    // In order, even if timers fire out of order.
    last = last.then(() => Bun.sleep(Math.max(0, due - performance.now()))).then(step);
  };
  let rest: Buffer = Buffer.alloc(0);
  /** Splits chunks, because a socket may deliver more bytes than a window. */
  const pump = (): void => {
    while (rest.byteLength > 0 && onTheWay < bound) {
      const piece = rest.subarray(0, bound - onTheWay);
      rest = rest.subarray(piece.byteLength);
      onTheWay += piece.byteLength;
      later(() => {
        to.write(piece);
        setTimeout(() => {
          onTheWay -= piece.byteLength;
          pump();
        }, half);
      });
    }
    if (rest.byteLength > 0) from.pause();
    else from.resume();
  };
  from.on("data", (chunk: Buffer) => {
    rest = rest.byteLength > 0 ? Buffer.concat([rest, chunk]) : chunk;
    pump();
  });
  from.on("end", () => later(() => to.end()));
  from.on("error", () => to.destroy());
}

const SOCKET = { noDelay: true, allowHalfOpen: true };

createServer({ ...SOCKET, highWaterMark: 16_384 }, (client) => {
  const server = createConnection({ ...SOCKET, host, port: Number(port) });
  carry(client, server, window);
  carry(server, client, Number.POSITIVE_INFINITY);
}).listen(0, "127.0.0.1", function listening(this: { address(): unknown }) {
  const address = this.address();
  if (address && typeof address === "object" && "port" in address) console.log(address.port);
});
