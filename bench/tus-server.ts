// The peer of the resumable uploads: @tus/server with its own file store, served by Bun.
// usage: bun bench/tus-server.ts FOLDER [PORT]

import { FileStore } from "@tus/file-store";
import { Server } from "@tus/server";

const [folder = ".", port = "0"] = process.argv.slice(2);
const tus = new Server({ path: "/files", datastore: new FileStore({ directory: folder }) });

const server = Bun.serve({
  hostname: "127.0.0.1",
  port: Number(port),
  development: false,
  maxRequestBodySize: Number.MAX_SAFE_INTEGER,
  routes: { "/health": () => Response.json({ status: "ok" }) },
  fetch: (request) => tus.handleWeb(request),
});

console.log(`@tus/server is listening on ${server.url.origin}`);
