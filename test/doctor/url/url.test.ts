// doctor URL, without and with real proxies: it must detect what each of them does to requests.

import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import type { Finding } from "../../../src/doctor/finding.ts";
import { firstReached } from "../../../src/doctor/url/connectivity.ts";
import { open } from "../../../src/doctor/url/raw-http.ts";
import { urlSummary } from "../../../src/doctor/url/summary.ts";
import { examineUrl } from "../../../src/doctor/url/url.ts";
import { hasNginx, startNginx } from "../../support/nginx.ts";
import { patient } from "../../support/patience.ts";
import { startServer, type TestServer } from "../../support/server.ts";
import { spawn } from "../../support/spawn.ts";

setDefaultTimeout(patient(60_000));

let server: TestServer;
beforeAll(async () => {
  server = await startServer();
});
afterAll(() => server.stop());
/** @param silence seconds of silence, long enough to detect who closes the connection @param speed seconds of each speed measurement */
async function examined(url: string, silence = 2, speed = 0.1) {
  const signal = AbortSignal.any([]);
  const groups = await examineUrl(new URL(url), signal, () => {}, { pace: { speed, silence } });
  const findings = new Map(groups.flatMap((group) => group.findings).map((one) => [one.check, one]));
  const faults = [...findings.values()]
    // The limit of one stream depends on the load of this machine; upload-limit.test.ts and test/shaped cover it.
    .filter(({ verdict, check }) => verdict !== "ok" && check !== "upload-limit")
    .map(({ check }) => check);
  return { findings, faults, summary: urlSummary(groups) };
}

function finding(findings: ReadonlyMap<string, Finding>, check: string): Finding {
  const found = findings.get(check);
  if (found) return found;
  throw new Error(`No finding about ${check}`);
}

describe("without a proxy", () => {
  test("all checks pass, speeds are measured, and nothing is left on the server", async () => {
    const { findings, faults, summary } = await examined(server.url);
    expect(faults).toEqual([]);
    expect([...findings.keys()].filter((check) => check !== "upload-limit")).toEqual([
      ...["dns", "connect", "round-trip"],
      ...["proxy", "body-size", "request-buffering", "request-headers", "host", "answer-headers", "etag"],
      ...["range", "methods", "compression", "idle"],
      ...["download-1", "download-4", "upload-1", "upload-4"],
    ]);
    for (const check of ["download-1", "download-4", "upload-1", "upload-4"])
      expect(finding(findings, check).figures?.["bytesPerSecond"]).toBeGreaterThan(1e6);
    expect(summary).toContain("No fault was found between this machine and the server.");
    expect(readdirSync(server.root)).toEqual([".sluice"]);
  });

  test("a server without the grant to write is reported", async () => {
    await using reading = await startServer({ allow: new Set(["read"]) });
    const { faults, findings } = await examined(reading.url);
    expect(faults).toEqual(["probe"]);
    expect(finding(findings, "probe")).toMatchObject({ verdict: "warning", value: "not allowed" });
  });

  test("another program and an unused port are reported", async () => {
    await using other = Bun.serve({ port: 0, hostname: "127.0.0.1", fetch: () => new Response("hello") });
    const { findings } = await examined(`http://127.0.0.1:${other.port}`);
    expect(finding(findings, "round-trip")).toMatchObject({ verdict: "problem" });
    await other.stop(true);
    expect(finding((await examined(`http://127.0.0.1:${other.port}`)).findings, "reached")).toMatchObject({
      verdict: "problem",
      value: "no: nothing listens there",
    });
    expect(finding((await examined("http://nowhere.invalid")).findings, "dns").verdict).toBe("problem");
  });

  test.each([
    ["HTTP/1.1 200 OK\r\nContent-Length: 0\r\nbroken name: \x01\r\n\r\n", "a response header is invalid"],
    ["SSH-2.0-OpenSSH\r\n\r\n", "the response is not HTTP/1.1"],
    [`HTTP/1.1 200 OK\r\nx: ${"x".repeat(200_000)}`, "the head of the response is too long"],
    ["HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", "a chunk of the response is malformed"],
    ["", "the connection was closed"],
  ])("a server that answers %j is reported", async (bytes, why) => {
    using listener = Bun.listen({
      port: 0,
      hostname: "127.0.0.1",
      socket: {
        data(socket) {
          socket.end(bytes);
        },
      },
    });
    const { findings } = await examined(`http://127.0.0.1:${listener.port}`);
    expect(finding(findings, "reached")).toMatchObject({ verdict: "problem", value: `no: ${why}` });
  });

  test("the first address that answers is used, and unreachable ones are named", async () => {
    const target = { url: new URL(server.url), headers: {}, signal: new AbortController().signal };
    expect(await firstReached(target, ["127.0.0.1", "127.0.0.2"])).toEqual({ address: "127.0.0.1" });
    const { address, finding } = await firstReached(target, ["127.0.0.2", "127.0.0.1"]);
    expect(address).toBe("127.0.0.1");
    expect(finding).toMatchObject({ verdict: "warning", value: "127.0.0.2 cannot be reached from here" });
    const local = { ...target, url: new URL(server.url.replace("127.0.0.1", "localhost")) };
    expect(await firstReached(local, ["::1", "127.0.0.1"])).toEqual({ address: "127.0.0.1" });
    await expect(firstReached(target, ["127.0.0.2"])).rejects.toThrow("nothing listens there");
  });

  test("sending stops when the server answers before it has read the whole body", async () => {
    using listener = Bun.listen({
      port: 0,
      hostname: "127.0.0.1",
      socket: {
        data(socket) {
          socket.write("HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\n\r\n");
          socket.pause();
        },
      },
    });
    const url = new URL(`http://127.0.0.1:${listener.port}`);
    const target = { url, address: "127.0.0.1", headers: {}, signal: new AbortController().signal };
    const wire = await open(target);
    while (!wire.responded) await wire.send(new Uint8Array(2 ** 20));
    expect((await wire.answer()).status).toBe(413);
    wire.close();
  });

  test("SIGINT stops it, also while the server does not answer", async () => {
    const { promise: reached, resolve } = Promise.withResolvers<void>();
    using listener = Bun.listen({ port: 0, hostname: "127.0.0.1", socket: { data: () => resolve() } });
    await using child = spawn("doctor", `http://127.0.0.1:${listener.port}`);
    await reached;
    child.signal("SIGINT");
    expect({ code: await child.exited, stdout: child.stdout }).toEqual({ code: 130, stdout: "" });
  });

  test("a login is sent but never printed", async () => {
    const asked: (string | null)[] = [];
    await using login = Bun.serve({
      port: 0,
      hostname: "127.0.0.1",
      fetch(request) {
        asked.push(request.headers.get("authorization"));
        return new Response("", { status: 401 });
      },
    });
    await using child = spawn("doctor", `http://me:s%40cret@127.0.0.1:${login.port}/x?y#z`, "--json");
    expect(await child.exited).toBe(1);
    expect(asked.at(-1)).toBe(`Basic ${btoa("me:s@cret")}`);
    expect(child.stdout).not.toContain("s%40cret");
    expect(child.stdout + child.stderr).not.toContain("cret");
    expect(JSON.parse(child.stdout)).toMatchObject({
      url: `http://127.0.0.1:${login.port}/x`,
      verdict: "problem",
    });
    expect(child.stdout).toContain("The server requires a login.");
  });
});

describe("through a custom proxy", () => {
  /** A proxy that inspects requests before it forwards them. */
  function passing(look: (request: Request, body: ArrayBuffer) => Response | undefined) {
    return Bun.serve({
      port: 0,
      hostname: "127.0.0.1",
      async fetch(request) {
        const body = await request.arrayBuffer();
        const { pathname, search } = new URL(request.url);
        const { method, headers } = request;
        const pass = () =>
          fetch(server.url + pathname + search, {
            method,
            headers,
            redirect: "manual",
            ...(body.byteLength > 0 && { body }),
          });
        return look(request, body) ?? (await pass());
      },
    });
  }

  test("a proxy that counts bytes instead of checking Content-Length is detected during the transfer", async () => {
    await using proxy = passing((_, body) =>
      body.byteLength > 300_000 ? new Response("", { status: 413 }) : undefined,
    );
    const { findings, summary } = await examined(`http://127.0.0.1:${proxy.port}`, 2, 1);
    expect(finding(findings, "upload-1").verdict).toBe("ok");
    const upload = finding(findings, "large-bodies");
    expect(upload.reason).toContain("the answer was 413");
    for (const name of ["nginx: client_max", "Caddy: ", "Traefik: ", "Cloudflare: "])
      expect(upload.change).toContain(name);
    expect(summary).toContain("Each line above says what to do");
  });

  test("a proxy that blocks PUT is detected", async () => {
    await using proxy = passing(({ method }) =>
      method === "PUT" ? new Response("", { status: 405 }) : undefined,
    );
    const { findings } = await examined(`http://127.0.0.1:${proxy.port}`);
    expect(finding(findings, "probe")).toMatchObject({ verdict: "problem", value: "answered with 405" });
  });
});

test("with high latency and a small window, it reports that several streams are faster", async () => {
  const relay = Bun.spawn(
    [
      process.execPath,
      join(import.meta.dir, "../../shaped/relay.ts"),
      new URL(server.url).host,
      "60",
      "65536",
    ],
    { stdout: "pipe" },
  );
  try {
    const { value } = await relay.stdout.getReader().read();
    const { findings, summary } = await examined(
      `http://127.0.0.1:${new TextDecoder().decode(value).trim()}`,
    );
    expect(finding(findings, "round-trip").figures?.["median"]).toBeGreaterThan(0.055);
    expect(summary).toContain("One stream does not fill the line: at a round trip of ");
    expect(summary).toContain("parallelUploads 4");
  } finally {
    relay.kill("SIGKILL");
    await relay.exited;
  }
});

describe.skipIf(!hasNginx())("through nginx", () => {
  test("with its defaults: a limit of 1 MiB, request buffering, another Host", async () => {
    await using nginx = await startNginx(server.url);
    const { findings, faults, summary } = await examined(nginx.url);
    expect(faults.toSorted()).toEqual(["body-size", "host", "request-buffering"]);
    expect(finding(findings, "proxy").value).toBe("nginx");
    const size = finding(findings, "body-size");
    expect(size).toMatchObject({ value: "1.05 MB", figures: { limit: 2 ** 20 } });
    expect(size.figures?.["requests"]).toBeLessThanOrEqual(20);
    expect(size.change).toContain("client_max_body_size 0;");
    expect(finding(findings, "request-buffering").change).toContain("proxy_request_buffering off;");
    expect(finding(findings, "host").change).toContain("proxy_set_header Host $http_host;");
    for (const line of ["client_max_body_size 0;", "proxy_request_buffering off;"])
      expect(summary).toContain(line);
  });

  test("with the configuration of docs/deployment.md there are no findings", async () => {
    const page = await Bun.file(`${import.meta.dir}/../../../docs/deployment.md`).text();
    const lines = [...(/proxy_pass [^\n]*\n(.*?)\n {2}\}/s.exec(page)?.[1] ?? "").matchAll(/^ +(\w.*;)$/gm)];
    expect(lines.length).toBeGreaterThan(5);
    await using nginx = await startNginx(server.url, lines.map(([, line = ""]) => line).join(" "));
    expect((await examined(nginx.url)).faults).toEqual([]);
  });

  const WELL = [
    "client_max_body_size 0;",
    "proxy_request_buffering off;",
    "proxy_http_version 1.1;",
    "proxy_set_header Host $http_host;",
  ];

  test.each([
    ["client_max_body_size 3333333;", "body-size", /^about 3\.33 MB$/],
    ["proxy_request_buffering on;", "request-buffering", /^no: nginx buffers/],
    ['proxy_set_header Range "";', "range", /^ignored/],
    ["proxy_hide_header ETag;", "etag", /^lost/],
    [
      'proxy_hide_header Location; add_header Location "http://inside/api/probe";',
      "answer-headers",
      /location is http:\/\/inside/,
    ],
    [
      'proxy_set_header Upload-Offset ""; proxy_set_header If-Match "";',
      "request-headers",
      /^lost or changed: If-Match, Upload-Offset$/,
    ],
    [
      "limit_except GET PUT { deny all; }",
      "methods",
      /^refused: POST \(403\), PATCH \(403\), DELETE \(403\)$/,
    ],
    ["gzip on; gzip_types *;", "compression", /gzip$/],
    [
      "client_body_timeout 4s; proxy_read_timeout 4s; proxy_send_timeout 4s;",
      "idle",
      /a pause in a request is cut off/,
    ],
    ["proxy_read_timeout 4s;", "idle", /a slow response is cut off after 4 s/],
  ])("%s", async (line, check, value) => {
    // nginx refuses a repeated directive.
    const [directive = ""] = line.split(" ");
    const well = WELL.filter((one) => !one.startsWith(directive) || directive === "proxy_set_header").join(
      " ",
    );
    await using nginx = await startNginx(server.url, `${well} ${line}`);
    // The timeouts of nginx are long enough that a busy machine can do everything else in time.
    const { findings, faults } = await examined(nginx.url, check === "idle" ? 6 : undefined);
    const found = finding(findings, check);
    expect(found.value).toMatch(value);
    expect(found.verdict).not.toBe("ok");
    expect(found.change).toStartWith("nginx: ");
    expect(faults).toEqual([check]);
  });
});
