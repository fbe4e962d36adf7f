// The first requests of doctor: why a server did not answer them.

import { expect, test } from "bun:test";
import { roundTrips } from "../../../src/doctor/url/connectivity.ts";
import { examineUrl } from "../../../src/doctor/url/url.ts";
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

test("a port that speaks TLS only: the URL to use is named", async () => {
  await using server = await startServer({ tls: true });
  const { port } = new URL(server.url);
  const pace = { speed: 0.1, silence: 0 };
  const { signal } = new AbortController();
  const url = new URL(`http://127.0.0.1:${port}/`);
  const groups = await examineUrl(url, signal, () => {}, { pace });
  const reached = groups.flatMap(({ findings }) => findings).find(({ check }) => check === "reached");
  expect(reached).toMatchObject({
    verdict: "problem",
    advice: `The port speaks TLS: use https://127.0.0.1:${port}/.`,
  });
});
