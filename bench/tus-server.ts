// The peer of the resumable uploads: @tus/server with its own file store, served by Bun.
// usage: bun bench/tus-server.ts FOLDER [PORT]

import { noClients, TUS_PEER } from "../test/support/clients.ts";

if (await noClients("@tus/server")) process.exit(1);
// It has a package of its own. It reads the same arguments.
await import(TUS_PEER);
