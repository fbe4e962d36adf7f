// The first requests of doctor: why a server did not answer them.

import { expect, test } from "bun:test";
import { roundTrips } from "../../../src/doctor/url/connectivity.ts";
import { startServer } from "../../support/server.ts";

test("a proxy that forwards a name which is not the server's: the flag is named", async () => {
  await using server = await startServer();
  const { port } = new URL(server.url);
  const url = new URL(`http://files.example.org:${port}`);
  const { signal } = new AbortController();
  const { finding } = await roundTrips({ url, address: "127.0.0.1", headers: { Host: url.host }, signal });
  expect(finding).toMatchObject({
    verdict: "problem",
    reason: "The server does not answer to the host name that arrives there.",
    advice: expect.stringContaining("--hostname"),
  });
});
