// A load program: sends one file by tus, cuts the connection in every PATCH, immediately requests the offset with HEAD, and
// resumes. Then prints one line of JSON. Every byte depends on its position, so that the printed SHA-256 detects misplaced ones.
// usage: bun resume.ts '{"url": …, "cuts": 1000, "piece": 1000000}'; url creates uploads, `piece` bytes are sent before each cut

import { type Answer, header } from "./answers.ts";
import { Connection } from "./connection.ts";

interface Order {
  url: string;
  cuts: number;
  piece: number;
}

/** Milliseconds between the last byte and the cut. Bytes that are still in a buffer at the next request must be sent again. */
const STAY = 5;
const TUS = { "tus-resumable": "1.0.0" };
const order: Order = JSON.parse(process.argv[2] ?? "{}");
const url = new URL(order.url);
// The length is odd, so that a misplaced piece has different bytes.
const pattern = Uint8Array.from({ length: 999_983 }, (_, index) => (index * 2_654_435_761) >>> 24);
const bytes = (order.cuts + 1) * order.piece;

function expect(answer: Answer, ...statuses: number[]): Answer {
  if (statuses.includes(answer.status)) return answer;
  throw new Error(`Unexpected status ${answer.status}: ${answer.head} ${answer.body}`.slice(0, 1000));
}

function patch(from: number) {
  return { ...TUS, "upload-offset": from, "content-type": "application/offset+octet-stream" };
}

const control = await Connection.open(url);
const creation = { ...TUS, "upload-length": bytes, "upload-metadata": `filename ${btoa("resumed")}` };
const created = expect(await control.request("POST", url.pathname, creation), 201);
const path = new URL(header(created, "location"), url).pathname;

const start = performance.now();
const heads: number[] = [];
let [offset, again] = [0, 0];
for (let cut = 0; cut < order.cuts; cut++) {
  const sending = await Connection.open(url);
  const to = Math.min(bytes - 1, offset + order.piece);
  const announced = { ...patch(offset), "content-length": bytes - offset };
  await sending.begin("PATCH", path, announced, { pattern, from: offset, to });
  await Bun.sleep(STAY);
  sending.close({ reset: cut % 2 === 1 });
  const began = performance.now();
  const answer = expect(await control.request("HEAD", path, TUS), 200);
  heads.push(performance.now() - began);
  offset = Number(header(answer, "upload-offset"));
  again += to - offset;
}
const seconds = (performance.now() - start) / 1000;
const last = expect(
  await control.request("PATCH", path, patch(offset), { pattern, from: offset, to: bytes }),
  204,
);

const hash = new Bun.CryptoHasher("sha256");
for (let at = 0; at < bytes; at += pattern.length)
  hash.update(pattern.subarray(0, Math.min(pattern.length, bytes - at)));
console.log(
  JSON.stringify({
    heads,
    seconds,
    again,
    sha256: hash.digest("hex"),
    location: header(last, "content-location"),
  }),
);
process.exit(0);
