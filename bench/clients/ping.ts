// A load program: sends one small request repeatedly on a keep-alive connection, until its standard input is closed;
// then prints one line of JSON with all samples: [time of the request, milliseconds until the answer].
// usage: bun ping.ts '{"url": …, "every": 5}'; `every` is the interval of requests in milliseconds
//        bun ping.ts '{"url": …, "every": 5, "put": true}'; saves files of one byte, number n under url + n

import { AnswerReader } from "./answers.ts";

const order: { url: string; every: number; put?: boolean } = JSON.parse(process.argv[2] ?? "{}");
const url = new URL(order.url);
const samples: [number, number][] = [];
const reader = new AnswerReader();
let sentAt = 0;

function ask(socket: Bun.Socket): void {
  sentAt = performance.now();
  const [method, path, body] = order.put
    ? ["PUT", url.pathname + samples.length, "x"]
    : ["GET", url.pathname, ""];
  socket.write(
    `${method} ${path} HTTP/1.1\r\nHost: ${url.host}\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
  );
}

await Bun.connect({
  hostname: url.hostname,
  port: Number(url.port),
  socket: {
    open: ask,
    data(socket, bytes) {
      const answer = reader.push(bytes);
      if (!answer) return;
      if (answer.status !== (order.put ? 201 : 200))
        throw new Error(`${url.pathname} answered ${answer.status}.`);
      const took = performance.now() - sentAt;
      samples.push([performance.timeOrigin + sentAt, took]);
      setTimeout(ask, Math.max(0, order.every - took), socket);
    },
    close() {
      throw new Error("The server closed the connection.");
    },
  },
});

await Bun.stdin.bytes();
console.log(JSON.stringify({ samples }));
process.exit(0);
