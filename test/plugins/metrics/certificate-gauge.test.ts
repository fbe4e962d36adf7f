// The metric of when certificates expire.

import { expect, test } from "bun:test";
import { startServer } from "../../support/server.ts";

const lines = (text: string): string[] =>
  text.split("\n").filter((line) => line.startsWith("sluice_certificate_expiry_seconds{"));

test("every name of a served certificate has the time at which it expires, and one that is gone has none", async () => {
  await using server = await startServer();
  const metrics = async (): Promise<string[]> => lines(await (await server.fetch("/metrics")).text());
  expect(await metrics()).toEqual([]);
  const { gauges } = server.app.decorator.services;
  const expires = new Date("2027-02-27T16:48:48Z");
  gauges.certificates.served = () => [
    { names: ["files.example.org", "*.example.org"], expires },
    { names: ["192.0.2.1"], expires },
  ];
  expect(await metrics()).toEqual(
    ["files.example.org", "*.example.org", "192.0.2.1"].map(
      (host) => `sluice_certificate_expiry_seconds{host="${host}"} 1803746928`,
    ),
  );
  gauges.certificates.served = () => [];
  expect(await metrics()).toEqual([]);
});
