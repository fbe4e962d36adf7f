// Limits for one client, over real sockets: uploads, listeners and archives of one address behind a trusted proxy.

import { describe, expect, test } from "bun:test";
import { truncate } from "node:fs/promises";
import { join } from "node:path";
import { problemIn } from "../../support/problem.ts";
import { connect, type RawConnection } from "../../support/raw.ts";
import { startServer, type TestServer, until } from "../../support/server.ts";

/** Starts a chunked PUT that the test continues. */
async function begin(server: TestServer, path: string, headers: string): Promise<RawConnection> {
  const connection = await connect(server.url);
  await connection.send(
    `PUT /files/${path} HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n${headers}\r\n1\r\nx\r\n`,
  );
  const { slots } = server.app.decorator.services.uploader;
  await until(`${path} is arriving`, () => slots.taken > 0);
  return connection;
}

describe("--max-uploads-per-client", () => {
  const from = (address: string) => ({ method: "PUT", body: "x", headers: { "x-forwarded-for": address } });

  test("limits the uploads of one address behind a trusted proxy, and no other", async () => {
    await using server = await startServer({ maxUploadsPerClient: 1, trustedProxy: ["127.0.0.1/32"] });
    using first = await begin(server, "a", "X-Forwarded-For: 6.6.6.6, 203.0.113.7\r\n");
    const refused = await server.fetch("/files/b", from("203.0.113.7"));
    expect(refused.headers.get("retry-after")).toMatch(/^\d+$/);
    expect((await problemIn(refused, "too_many_uploads")).detail).toContain("--max-uploads-per-client");
    expect((await server.fetch("/files/b", from("203.0.113.8"))).status).toBe(201);
    await first.send("0\r\n\r\n");
    expect((await first.answer()).status).toBe(201);
    expect((await server.fetch("/files/c", from("203.0.113.7"))).status).toBe(201);
    expect(server.log.join("\n")).toContain("by 203.0.113.7");
  });

  test("neither counts nor believes an address that an unknown peer invents", async () => {
    await using server = await startServer({ maxUploadsPerClient: 1 });
    using first = await begin(server, "a", "X-Forwarded-For: 203.0.113.7\r\n");
    expect((await server.fetch("/files/b", from("203.0.113.7"))).status).toBe(201);
    expect(server.log.join("\n")).toContain("by 127.0.0.1");
    await first.send("0\r\n\r\n");
    expect((await first.answer()).status).toBe(201);
  });

  test("its likes limit listeners and archives of one address", async () => {
    await using server = await startServer({ trustedProxy: ["127.0.0.1/32"] });
    // Larger than the buffers of a connection that is not read.
    await Bun.write(join(server.root, "large"), "");
    await truncate(join(server.root, "large"), 100_000_000);
    const asked = (path: string, address: string) =>
      server.fetch(path, { headers: { "x-forwarded-for": address } });
    for (const [path, limit, code] of [
      ["/api/uploads/events", 25, "too_many_listeners"],
      ["/api/archive", 8, "too_many_archives"],
    ] as const) {
      const held = await Promise.all(Array.from({ length: limit }, () => asked(path, "203.0.113.7")));
      await problemIn(await asked(path, "203.0.113.7"), code);
      const other = await asked(path, "203.0.113.8");
      expect(other.status).toBe(200);
      for (const answer of [...held, other]) await answer.body?.cancel();
    }
  });
});
