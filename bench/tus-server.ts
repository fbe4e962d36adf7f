// The server that resumable uploads are compared with: @tus/server with its own file store, on Bun.
// usage: bun bench/tus-server.ts FOLDER [PORT]

import { noClients, TUS_PEER } from "../test/support/clients.ts";

if (await noClients("@tus/server")) process.exit(1);
// The module is in a separate package, and reads the same arguments.
await import(TUS_PEER);
