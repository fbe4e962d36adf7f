// A load program: sends one file by tus, on one connection, and prints one line of JSON when it is saved.
// usage: bun tus.ts '{"url": …, "bytes": …, "chunk": …}'; url creates uploads, chunk is the length of each PATCH
//        bun tus.ts '{"url": …, "bytes": …, "chunk": …, "parts": 4}' (sends parts one after the other, then concatenates them)

import { type Answer, header } from "./answers.ts";
import { Connection } from "./connection.ts";

interface Order {
  url: string;
  bytes: number;
  chunk: number;
  parts?: number;
}

const TUS = { "tus-resumable": "1.0.0" };
const pattern = new Uint8Array(1024 * 1024);
const order: Order = JSON.parse(process.argv[2] ?? "{}");
const url = new URL(order.url);
let start = performance.now();
const connection = await Connection.open(url);

function expect(answer: Answer, status: number): Answer {
  if (answer.status === status) return answer;
  throw new Error(`Unexpected status ${answer.status}: ${answer.head} ${answer.body}`.slice(0, 1000));
}

async function create(headers: Record<string, string | number>): Promise<string> {
  const answer = expect(await connection.request("POST", url.pathname, { ...TUS, ...headers }), 201);
  return new URL(header(answer, "location"), url).pathname;
}

async function upload(bytes: number, headers: Record<string, string> = {}): Promise<string> {
  const path = await create({ "upload-length": bytes, ...headers });
  for (let from = 0; from < bytes; from += order.chunk) {
    const piece = { pattern, from, to: Math.min(bytes, from + order.chunk) };
    const patch = { ...TUS, "upload-offset": from, "content-type": "application/offset+octet-stream" };
    expect(await connection.request("PATCH", path, patch, piece), 204);
  }
  return path;
}

async function parts(count: number): Promise<string[]> {
  const paths: string[] = [];
  for (let part = 0; part < count; part++)
    paths.push(await upload(order.bytes / count, { "upload-concat": "partial" }));
  return paths;
}

if (order.parts) {
  const paths = await parts(order.parts);
  start = performance.now();
  await create({ "upload-concat": `final;${paths.join(" ")}` });
} else await upload(order.bytes);
console.log(JSON.stringify({ seconds: (performance.now() - start) / 1000 }));
process.exit(0);
