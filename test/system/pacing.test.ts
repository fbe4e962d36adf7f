// Connections of this process: found by both ends, limited, freed and cut, and never confused with another one.

import { describe, expect, test } from "bun:test";
import net from "node:net";
import { Connection } from "../../src/system/pacing.ts";
import { connect } from "../support/raw.ts";
import { until } from "../support/server.ts";
import { skipped } from "../support/switches.ts";

const skip =
  process.platform !== "linux" &&
  skipped("pacing of connections", "only Linux has SO_MAX_PACING_RATE", "run it there");

/** A server that answers nothing, and the ends of its latest request. */
function listen(hostname: string) {
  let ends: [{ address: string; port: number }, { address: string; port: number }] | undefined;
  const { promise: never } = Promise.withResolvers<Response>();
  const server = Bun.serve({
    port: 0,
    hostname,
    fetch(request, self) {
      const peer = self.requestIP(request);
      if (peer) ends = [{ address: self.hostname ?? "", port: self.port ?? 0 }, peer];
      return never;
    },
  });
  return {
    url: (host: string) => `http://${host}:${server.port}`,
    port: server.port ?? 0,
    get ends() {
      if (!ends) throw new Error("There was no request.");
      return ends;
    },
    [Symbol.asyncDispose]: () => server.stop(true),
    /** Connects, and waits until the request has arrived. */
    async request(host = "127.0.0.1") {
      const client = await connect(this.url(host));
      await client.send("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n");
      await until("the request arrives", () => ends?.[1].port === client.port);
      return client;
    },
  };
}

async function opened(options: net.TcpNetConnectOpts): Promise<net.Socket> {
  const socket = net.connect(options);
  await new Promise<void>((resolve, reject) => socket.once("connect", resolve).once("error", reject));
  return socket;
}

function find(server: ReturnType<typeof listen>): Connection {
  const found = Connection.find(...server.ends);
  if (!found) throw new Error("The connection is not found.");
  return found;
}

describe.skipIf(skip)("a connection", () => {
  test.each([
    ["127.0.0.1", "127.0.0.1"],
    ["0.0.0.0", "127.0.0.1"],
    // The peer is an IPv4 address mapped to IPv6.
    ["::", "127.0.0.1"],
    ["::1", "[::1]"],
    ["localhost", "localhost"],
  ])("to a server on %s is found, limited and freed", async (hostname, host) => {
    await using server = listen(hostname);
    using _ = await server.request(host);
    const found = find(server);
    expect(found.rate).toBeUndefined();
    expect(found.unpaced).toBeGreaterThan(0);
    expect(found.pace(5e6)).toBe(true);
    expect(found.rate).toBe(5e6);
    // Another look at the same connection.
    expect(find(server).rate).toBe(5e6);
    found.unpace();
    expect(find(server).rate).toBeUndefined();
  });

  test("is told from others of the same client", async () => {
    await using server = listen("127.0.0.1");
    using _one = await server.request();
    const one = find(server);
    using _other = await server.request();
    const other = find(server);
    one.pace(1e6);
    other.pace(2e6);
    expect([one.rate, other.rate]).toEqual([1e6, 2e6]);
  });

  test("that has ended is not mistaken for the one that has its descriptor now", async () => {
    await using server = listen("127.0.0.1");
    const client = await server.request();
    const ended = find(server);
    client.reset();
    await until("the server has closed it", () => Connection.find(...server.ends) === null);
    const clients: Disposable[] = [];
    let next = ended;
    for (let count = 0; count < 50 && (next === ended || next.fd !== ended.fd); count += 1) {
      clients.push(await server.request());
      next = find(server);
    }
    expect(next.fd).toBe(ended.fd);
    expect(ended.pace(1e6)).toBe(false);
    expect(ended.cut()).toBe(false);
    ended.unpace();
    expect([ended.rate, ended.queued, ended.unpaced, next.rate]).toEqual([undefined, 0, 0, undefined]);
    for (const one of clients) one[Symbol.dispose]();
  });

  test("is not guessed: of two with the same peer and port, to two addresses of this machine, neither is taken", async () => {
    await using server = listen("0.0.0.0");
    const localAddress = "127.0.0.1";
    const one = await opened({ host: "127.0.0.1", port: server.port, localAddress });
    const { localPort = 0 } = one;
    const ends = [
      { address: "0.0.0.0", port: server.port },
      { address: localAddress, port: localPort },
    ] as const;
    await until("the server has accepted it", () => Connection.find(...ends) !== null);
    const other = await opened({ host: "127.0.0.2", port: server.port, localAddress, localPort });
    await until("the server has accepted the other", () => Connection.find(...ends) === null);
    // With the address of this end, each is known.
    const to = (address: string) => Connection.find({ address, port: server.port }, ends[1]);
    expect([to("127.0.0.1"), to("127.0.0.2")]).not.toContain(null);
    expect(to("127.0.0.3")).toBeNull();
    one.destroy();
    other.destroy();
  });

  test("that is cut ends at the client at once", async () => {
    await using server = listen("127.0.0.1");
    using client = await server.request();
    expect(find(server).cut()).toBe(true);
    await client.closed;
  });
});
