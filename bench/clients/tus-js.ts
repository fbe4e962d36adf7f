// A load program: sends one file with tus-js-client, as one stream or as several parallel ones, and prints one line of JSON.
// usage: bun tus-js.ts '{"url": …, "file": …, "streams": 4}'; url creates uploads, file is a path

import { createReadStream } from "node:fs";
import { Upload } from "tus-js-client";

interface Order {
  url: string;
  file: string;
  streams: number;
}

const order: Order = JSON.parse(process.argv[2] ?? "{}");
const start = performance.now();
const { promise, resolve, reject } = Promise.withResolvers<void>();
new Upload(createReadStream(order.file), {
  endpoint: order.url,
  parallelUploads: order.streams,
  metadata: { filename: "large" },
  retryDelays: null,
  onSuccess: () => resolve(),
  onError: reject,
}).start();
await promise;
console.log(JSON.stringify({ seconds: (performance.now() - start) / 1000 }));
process.exit(0);
