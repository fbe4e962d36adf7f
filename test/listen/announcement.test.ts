// The lines that a started server prints, with host names of certificates in them.

import { expect, test } from "bun:test";
import { announcement } from "../../src/listen/announcement.ts";
import { Listeners } from "../../src/listen/listeners.ts";
import { newCertificate } from "../support/certificate.ts";
import { startServer } from "../support/server.ts";

test("other machines are sent to names of the certificate, but not to those that mean themselves", async () => {
  await using sluice = await startServer();
  await sluice.app.server?.stop(true);
  const tls = newCertificate();
  const { listeners } = await Listeners.open(sluice.app, [{ kind: "tcp", host: "0.0.0.0", port: 0 }], {
    tls,
  });
  const port = listeners[0]?.server.port;
  const linesWith = (...names: string[]) => {
    const announced = { root: "/r", basePath: "", many: false, closed: false, setup: "TOKEN", names };
    return announcement(listeners, announced);
  };
  const lines = linesWith("localhost", "nas.home.arpa");
  expect(lines).toContain(`Other machines can reach it at https://nas.home.arpa:${port}\n`);
  expect(lines).toContain(`: https://nas.home.arpa:${port}/setup#TOKEN\n`);
  expect(linesWith("localhost")).not.toContain("machines can reach it at https://localhost:");
});
