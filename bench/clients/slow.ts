// A load program: many concurrent uploads, each at a low constant rate; prints one line of JSON when all are answered.
// usage: bun slow.ts '{"url": …, "uploads": 500, "bytesPerSecond": 100000, "seconds": 25}'; upload n goes to url + n

import { AnswerReader } from "./answers.ts";

interface Order {
  url: string;
  uploads: number;
  bytesPerSecond: number;
  seconds: number;
}

const TICKS_PER_SECOND = 10;
const order: Order = JSON.parse(process.argv[2] ?? "{}");
const url = new URL(order.url);
const piece = new Uint8Array(order.bytesPerSecond / TICKS_PER_SECOND);
const pieces = order.seconds * TICKS_PER_SECOND;
const statuses: Record<string, number> = {};

function upload(index: number): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const reader = new AnswerReader();
  let answered = false;
  const done = (status: string) => {
    if (answered) return;
    answered = true;
    statuses[status] = (statuses[status] ?? 0) + 1;
    resolve();
  };
  Bun.connect({
    hostname: url.hostname,
    port: Number(url.port),
    socket: {
      open(socket) {
        const length = piece.length * pieces;
        socket.write(
          `PUT ${url.pathname}${index} HTTP/1.1\r\nHost: ${url.host}\r\nContent-Length: ${length}\r\n\r\n`,
        );
        let sent = 0;
        const timer = setInterval(() => {
          // 10 KB always fit into an empty send buffer; if the server reads nothing for seconds, the run fails.
          if (!answered && socket.write(piece) < piece.length) done("stalled");
          if (answered || ++sent === pieces) clearInterval(timer);
        }, 1000 / TICKS_PER_SECOND);
      },
      data(socket, bytes) {
        const answer = reader.push(bytes);
        if (!answer) return;
        done(String(answer.status));
        socket.end();
      },
      close: () => done("closed"),
      error: () => done("error"),
      connectError: () => done("refused"),
    },
  }).catch(() => done("refused"));
  return promise;
}

const uploads: Promise<void>[] = [];
for (let index = 0; index < order.uploads; index++) {
  uploads.push(upload(index));
  // Spread over one interval, so that they do not all send at the same instant.
  if (index % 10 === 9) await Bun.sleep(2);
}
await Promise.all(uploads);
console.log(JSON.stringify({ end: performance.timeOrigin + performance.now(), statuses }));
process.exit(0);
