// One app at several addresses: requests, stopping, new certificates, and addresses that cannot be listened on.

import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { networkInterfaces } from "node:os";
import { join } from "node:path";
import { connect as connectTls } from "node:tls";
import type { ListenAddress } from "../../src/config/listen-address.ts";
import { ListenError, ONE_ADDRESS } from "../../src/listen/listen-error.ts";
import { Listeners } from "../../src/listen/listeners.ts";
import { newCertificate } from "../support/certificate.ts";
import { freePort } from "../support/free-ports.ts";
import { connect } from "../support/raw.ts";
import { startServer, type TestServer, until } from "../support/server.ts";
import { skipped } from "../support/switches.ts";

const noIpv6 =
  !Object.values(networkInterfaces()).some((all) => all?.some(({ address }) => address === "::1")) &&
  skipped("IPv4 and IPv6 at one port", "this machine has no IPv6");
const TRUSTING_ANYONE = { tls: { rejectUnauthorized: false }, keepalive: false };
const FREE: ListenAddress = { kind: "tcp", host: "127.0.0.1", port: 0 };

let sluice: TestServer;
beforeEach(async () => {
  sluice = await startServer();
  await sluice.app.server?.stop(true);
});
afterEach(() => sluice.stop());

const HEAD = "HTTP/1.1\r\nHost: localhost\r\n";

/** Begins an upload of ten bytes over a raw connection and sends three of them. */
async function beginUpload(url: string) {
  const connection = await connect(url);
  await connection.send(`PUT /files/${Bun.randomUUIDv7()} ${HEAD}Content-Length: 10\r\n\r\n012`);
  await until("it has arrived", () => (sluice.app.server?.pendingRequests ?? 0) > 0);
  return connection;
}

describe("without a certificate yet", () => {
  test("ports are known to be free and refuse connections, Unix sockets serve, and with the first one all serve", async () => {
    const unix = join(sluice.root, "socket");
    const addresses: ListenAddress[] = [FREE, { kind: "unix", path: unix, mode: 0o600 }, FREE];
    const listeners = await Listeners.open(sluice.app, addresses, { tls: "awaited" });
    expect(listeners.urls).toEqual([`unix:${unix}`]);
    expect((await fetch("http://localhost/health", { unix })).status).toBe(200);
    expect(sluice.app.server?.pendingRequests).toBe(0);

    const tls = newCertificate();
    await listeners.begin(tls);
    const [, one = "", other = ""] = listeners.urls;
    for (const url of [one, other]) {
      expect(url).toStartWith("https://127.0.0.1:");
      expect((await fetch(`${url}/health`, { tls: { ca: tls.cert } })).status).toBe(200);
      await expect(fetch(`${url.replace("https", "http")}/health`)).rejects.toThrow();
    }
  });

  test("a port that is taken is told at the start, and one that was taken since is opened by a later try", async () => {
    using taken = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data() {} } });
    const address = { ...FREE, port: taken.port };
    await expect(Listeners.open(sluice.app, [address], { tls: "awaited" })).rejects.toThrow("already in use");
    taken.stop(true);
    const listeners = await Listeners.open(sluice.app, [address], { tls: "awaited" });
    const again = Bun.listen({ hostname: "127.0.0.1", port: taken.port, socket: { data() {} } });
    await expect(listeners.begin(newCertificate())).rejects.toThrow("already in use");
    again.stop(true);
    await listeners.begin(newCertificate());
    expect(listeners.urls).toEqual([`https://127.0.0.1:${taken.port}`]);
  });
});

describe("several addresses", () => {
  test("serve the same files, and count their requests together", async () => {
    const listeners = await Listeners.open(sluice.app, [FREE, { ...FREE, host: "::1" }]);
    const [one = "", other = ""] = listeners.urls;
    expect(other).toMatch(/^http:\/\/\[::1\]:\d+$/);
    expect((await fetch(`${one}/files/a`, { method: "PUT", body: "x" })).status).toBe(201);
    expect(await (await fetch(`${other}/files/a`)).text()).toBe("x");
    using first = await beginUpload(one);
    using second = await beginUpload(other);
    await until("both run", () => sluice.app.server?.pendingRequests === 2);
    for (const upload of [first, second]) {
      await upload.send("3456789");
      expect((await upload.answer()).status).toBe(201);
    }
  });

  test.skipIf(noIpv6).each([["plain"], ["TLS"]])(
    "may have IPv4 and all of IPv6 at one port, over %s, also after a new certificate",
    async (way) => {
      const port = freePort();
      const addresses = ["127.0.0.1", "::"].map((host): ListenAddress => ({ kind: "tcp", host, port }));
      const tls = newCertificate();
      const listeners = await Listeners.open(sluice.app, addresses, way === "TLS" ? { tls } : {});
      const scheme = way === "TLS" ? "https" : "http";
      const check = async () => {
        for (const host of ["127.0.0.1", "[::1]"])
          expect((await fetch(`${scheme}://${host}:${port}/health`, TRUSTING_ANYONE)).status).toBe(200);
      };
      await check();
      listeners.reload(newCertificate());
      await check();
    },
  );

  test("stop together, after what has begun", async () => {
    const listeners = await Listeners.open(sluice.app, [FREE, FREE]);
    const [one = "", other = ""] = listeners.urls;
    using upload = await beginUpload(other);
    let stopped = false;
    const stopping = sluice.app.server?.stop(false).then(() => {
      stopped = true;
    });
    for (const url of [one, other]) await expect(fetch(`${url}/health`)).rejects.toThrow();
    expect(stopped).toBe(false);
    await upload.send("3456789");
    expect((await upload.answer()).status).toBe(201);
    upload.reset();
    await stopping;
    expect(stopped).toBe(true);
  });

  test("of which one cannot be listened on are all closed again", async () => {
    const blocker = Bun.serve({ port: 0, hostname: "127.0.0.1", fetch: () => new Response() });
    const { port = 0 } = blocker;
    const opening = Listeners.open(sluice.app, [FREE, { ...FREE, port }]);
    await expect(opening).rejects.toThrow(
      `Port ${port} of 127.0.0.1 is already in use: choose another with --listen.`,
    );
    const flags = { flags: ONE_ADDRESS };
    await expect(Listeners.open(sluice.app, [{ ...FREE, port }], flags)).rejects.toThrow(
      "--port 0 for any free port",
    );
    await blocker.stop(true);
  });

  test.each([
    ["192.0.2.1", "192.0.2.1 is not an address of this machine: change --host."],
    [
      "no.such.host.invalid",
      "No address was found for the host no.such.host.invalid: check the spelling of --host",
    ],
  ])("%s is refused with a reason", async (host, reason) => {
    const opening = Listeners.open(sluice.app, [{ ...FREE, host }], { flags: ONE_ADDRESS });
    await expect(opening).rejects.toThrow(ListenError);
    await expect(opening).rejects.toThrow(reason);
  });
});

describe("new certificates", () => {
  /** The serial number of the certificate that a new connection gets. */
  function serialAt(url: string): Promise<string> {
    const { port } = new URL(url);
    const { promise, resolve, reject } = Promise.withResolvers<string>();
    const socket = connectTls({ host: "127.0.0.1", port: Number(port), rejectUnauthorized: false }, () => {
      resolve(socket.getPeerCertificate().serialNumber);
      socket.destroy();
    });
    socket.once("error", reject);
    return promise;
  }

  test("are for new connections, and what has begun is finished", async () => {
    const listeners = await Listeners.open(sluice.app, [FREE], { tls: newCertificate() });
    const [url = ""] = listeners.urls;
    expect(url).toStartWith("https://");
    const before = await serialAt(url);
    using upload = await beginUpload(url);
    for (let swap = 0; swap < 3; swap++) listeners.reload(newCertificate());
    expect(listeners.urls).toEqual([url]);
    expect(await serialAt(url)).not.toBe(before);
    await until("the upload counts", () => sluice.app.server?.pendingRequests === 1);
    await upload.send("3456789");
    expect((await upload.answer()).status).toBe(201);
  });

  test("open no port again while a stop waits for what has begun", async () => {
    const listeners = await Listeners.open(sluice.app, [FREE], { tls: newCertificate() });
    const [url = ""] = listeners.urls;
    using upload = await beginUpload(url);
    const stopping = listeners.stop(false);
    listeners.reload(newCertificate());
    await expect(fetch(url, { tls: { rejectUnauthorized: false } })).rejects.toThrow();
    upload.reset();
    await stopping;
  });

  test("do not hurry a stop: it waits for what began before them", async () => {
    const listeners = await Listeners.open(sluice.app, [FREE], { tls: newCertificate() });
    const [url = ""] = listeners.urls;
    using upload = await beginUpload(url);
    listeners.reload(newCertificate());
    let stopped = false;
    const stopping = sluice.app.server?.stop(false).then(() => {
      stopped = true;
    });
    await expect(fetch(url, { tls: { rejectUnauthorized: false } })).rejects.toThrow();
    expect(stopped).toBe(false);
    await upload.send("3456789");
    expect((await upload.answer()).status).toBe(201);
    upload.reset();
    await stopping;
  });

  test("that are refused leave the old ones", async () => {
    const listeners = await Listeners.open(sluice.app, [FREE], { tls: newCertificate() });
    const [url = ""] = listeners.urls;
    const before = await serialAt(url);
    expect(() => listeners.reload({ cert: "no certificate", key: "no key" })).toThrow();
    expect(await serialAt(url)).toBe(before);
  });

  test("do not make the port free for a second server, also after they were replaced", async () => {
    const listeners = await Listeners.open(sluice.app, [FREE], { tls: newCertificate() });
    const port = sluice.app.server?.port ?? 0;
    for (const tls of [newCertificate(), undefined]) {
      const second = Listeners.open(sluice.app, [{ ...FREE, port }], { tls });
      await expect(second).rejects.toThrow("is already in use");
      listeners.reload(newCertificate());
    }
  });
});
