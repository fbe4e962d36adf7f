// An early answer to a client that closes its connection behind the request, as nginx does: it can still send its body, and reads the answer.

import { expect, test } from "bun:test";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect } from "../support/raw.ts";
import { startServer, until } from "../support/server.ts";

test.each(["a Unix socket", "a port"])("over %s", async (kind) => {
  const folder = await mkdtemp(join(tmpdir(), "sluice-early-"));
  const path = join(folder, "sluice.sock");
  await using server = await startServer({ tls: false, listen: [{ kind: "unix", path, mode: 0o600 }] });
  try {
    using connection = await connect(kind === "a port" ? server.url : `unix:${path}`);
    await connection.send(
      'PUT /files/refused HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nIf-Match: "x"\r\nContent-Length: 10\r\n\r\n',
    );
    await until("the request is refused", () => server.log.some((line) => line.includes("/files/refused")));
    // Time enough for an answer behind which the connection closes.
    expect((await server.fetch("/health")).status).toBe(200);
    await connection.send("01234");
    expect((await server.fetch("/health")).status).toBe(200);
    await connection.send("56789");
    expect((await connection.answer()).status).toBe(412);
  } finally {
    await rm(folder, { recursive: true });
  }
});
