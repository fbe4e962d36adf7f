// A load program: sends many small files and prints one line of JSON: the seconds and the number of saved files.
// usage: bun small.ts '{"url": …, "files": 4000, "bytes": 4096, "connections": 8}' (file n is sent to url + n, on keep-alive connections)
//        bun small.ts '{"url": …, "files": 10000, "bytes": 1024, "form": true}'    (all in one form)

import { AnswerReader } from "./answers.ts";

interface Order {
  url: string;
  files: number;
  bytes: number;
  connections?: number;
  form?: boolean;
}

const order: Order = JSON.parse(process.argv[2] ?? "{}");
const url = new URL(order.url);
const content = "x".repeat(order.bytes);

function oneForm(): { body: Blob; type: string } {
  const parts: string[] = [];
  for (let index = 0; index < order.files; index++) {
    parts.push(
      `--sluice-bench\r\nContent-Disposition: form-data; name="file"; filename="small-${index}"\r\n` +
        `Content-Type: application/octet-stream\r\n\r\n${content}\r\n`,
    );
  }
  return {
    body: new Blob([...parts, "--sluice-bench--\r\n"]),
    type: "multipart/form-data; boundary=sluice-bench",
  };
}

async function sendForm(): Promise<number> {
  const { body, type } = oneForm();
  const answer = await fetch(url, { method: "POST", body, headers: { "content-type": type } });
  const { files } = (await answer.json()) as { files?: unknown[] };
  return files?.length ?? 0;
}

let next = 0;
let saved = 0;

/** Sends files on one connection until none is left; reconnects if the server closes it between two requests. */
function sendInTurn(): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const reader = new AnswerReader();
  let waiting = false;
  const ask = (socket: Bun.Socket) => {
    if (next >= order.files) {
      socket.end();
      return;
    }
    waiting = true;
    const head = `PUT ${url.pathname}${next++} HTTP/1.1\r\nHost: ${url.host}\r\nContent-Length: ${order.bytes}\r\n\r\n`;
    socket.write(head + content);
  };
  Bun.connect({
    hostname: url.hostname,
    port: Number(url.port),
    socket: {
      open: ask,
      data(socket, bytes) {
        const answer = reader.push(bytes);
        if (!answer) return;
        waiting = false;
        if (answer.status === 201 || answer.status === 204 || answer.status === 200) saved++;
        if (answer.closes) socket.end();
        else ask(socket);
      },
      close() {
        if (waiting) reject(new Error("The server closed the connection without an answer."));
        else if (next < order.files) resolve(sendInTurn());
        else resolve();
      },
      error: (_socket, error) => reject(error),
    },
  }).catch(reject);
  return promise;
}

const start = performance.now();
if (order.form) saved = await sendForm();
else await Promise.all(Array.from({ length: order.connections ?? 1 }, sendInTurn));
console.log(JSON.stringify({ seconds: (performance.now() - start) / 1000, saved }));
process.exit(0);
