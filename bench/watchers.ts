// Measures the cost of event listeners: `bun bench/watchers.ts UPLOADS LISTENERS STALLED`, for docs/decisions/live-view.md.

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createApp } from "../src/app.ts";
import { checkFilePath } from "../src/path.ts";

const SECONDS = 10;
const [first = "256", ...rest] = process.argv.slice(2);
if (first === "--client") await listen(new URL(rest[0] ?? ""), Number(rest[1]), Number(rest[2]));
else await measure(Number(first), Number(rest[0] ?? 100), Number(rest[1] ?? 0));

async function measure(uploads: number, listeners: number, stalled: number): Promise<void> {
  const root = await mkdtemp(join(tmpdir(), "sluice-watchers-"));
  const app = await createApp({ root, keepFree: 0 });
  app.listen({ port: 0, hostname: "127.0.0.1" });
  const { uploader, events, storage } = app.decorator.services;
  const began = Date.now();
  for (let at = 0; at < uploads; at += 1) {
    const id = crypto.randomUUID();
    uploader.activeUploads.add({
      report: () => ({
        id,
        path: checkFilePath(`folder/some file ${at}.mkv`),
        size: 1e10,
        received: (Date.now() - began) * 1000 + at,
        saved: (Date.now() - began) * 900,
        bytesPerSecond: 1e6,
        bottleneck: "network",
        started: new Date(began).toISOString(),
        state: "receiving",
        explanation:
          "The network was the limit: 98 % of the time was spent waiting for data at 7 MB/s. The disk took it at 484 MB/s.",
      }),
      cancel: () => false,
    });
  }
  const url = `http://127.0.0.1:${app.server?.port}/`;
  const words = [import.meta.path, "--client", url, listeners, stalled].map(String);
  const client = Bun.spawn([process.execPath, ...words], { stdout: "inherit" });
  while (events.size < listeners + stalled) await Bun.sleep(20);
  await Bun.sleep(2000);
  const before = process.cpuUsage();
  const start = performance.now();
  await Bun.sleep(SECONDS * 1000);
  const { user, system } = process.cpuUsage(before);
  const seconds = (performance.now() - start) / 1000;
  console.log(`processor ${((user + system) / 1e4 / seconds).toFixed(1)} %`);
  console.log(`resident memory ${Math.round(process.memoryUsage().rss / 1e6)} MB, ${events.size} listeners`);
  client.kill();
  await client.exited;
  await app.stop(true);
  await storage.close();
  await rm(root, { recursive: true });
  process.exit();
}

/** Prints every 5 seconds how much the listeners receive. `stalled` further ones read nothing. */
async function listen(url: URL, listeners: number, stalled: number): Promise<void> {
  let bytes = 0;
  let events = 0;
  for (let at = 0; at < listeners; at += 1) {
    void (async () => {
      const { body } = await fetch(new URL("/api/uploads/events", url));
      for await (const chunk of body ?? []) {
        bytes += chunk.byteLength;
        if (at === 0 && Buffer.from(chunk).includes("event: uploads")) events += 1;
      }
    })();
  }
  for (let at = 0; at < stalled; at += 1) {
    const data = (socket: Bun.Socket): void => void socket.pause();
    const socket = await Bun.connect({ hostname: url.hostname, port: Number(url.port), socket: { data } });
    socket.write("GET /api/uploads/events HTTP/1.1\r\nHost: x\r\n\r\n");
  }
  setInterval(() => {
    console.log(`${events / 5} events a second to one, ${(bytes / 5e6).toFixed(2)} MB/s to all`);
    bytes = 0;
    events = 0;
  }, 5000);
}
