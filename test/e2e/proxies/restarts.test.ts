// Clients behind a proxy while Sluice restarts, and behind one that limits bodies: nothing they send is lost.

import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { mkdir, mkdtemp, rm, truncate } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { examineUrl } from "../../../src/doctor/url/url.ts";
import { run, type Serving, serve } from "../../support/binary.ts";
import { freePort } from "../../support/free-ports.ts";
import { hasNginx, startNginx } from "../../support/nginx.ts";
import { patient } from "../../support/patience.ts";
import {
  type DeployedProxy,
  deploy,
  hasProxy,
  PROXIES,
  type ProxyName,
} from "../../support/proxies/proxy.ts";
import { connect } from "../../support/raw.ts";
import { startServer, until } from "../../support/server.ts";
import { runTusUpload } from "../../support/tus-run.ts";

setDefaultTimeout(patient(60_000));

const MAIN = join(import.meta.dir, "../../../src/main.ts");
/** The proxies that hold requests until the server is back. */
const HOLDING: readonly ProxyName[] = ["HAProxy", "Caddy"];

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "sluice-restarts-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe.each(PROXIES)("behind %s", (name) => {
  const holds = HOLDING.includes(name);
  const present = hasProxy(name);
  let port = 0;
  let server: Serving;
  let proxy: DeployedProxy;
  const start = () =>
    serve(
      [process.execPath, MAIN, join(folder, name), "--keep-free", "0B", "--url", "https://localhost"],
      { cwd: folder },
      port,
    );
  beforeAll(async () => {
    if (!present) return;
    await mkdir(join(folder, name));
    port = freePort();
    server = await start();
    proxy = await deploy(name, `127.0.0.1:${port}`);
  });
  afterAll(async () => {
    await proxy?.[Symbol.asyncDispose]();
    await server?.[Symbol.asyncDispose]();
  });

  test.skipIf(!present)(
    "a running upload ends well, new ones are told to come back, and then they can",
    async () => {
      const put = (path: string) => proxy.fetch(`/files/${path}`, { method: "PUT", body: "new" });
      using connection = await connect(proxy.url);
      await connection.send(
        `PUT /files/running HTTP/1.1\r\nHost: ${new URL(proxy.url).host}\r\nContent-Length: 100000\r\n\r\n`,
      );
      await connection.send(new Uint8Array(99_999));
      const uploads = async () => (await proxy.fetch("/api/uploads")).text();
      await until("the upload runs", async () => (await uploads()).includes('"received":99999'));
      const ended = server.end("SIGTERM");
      await until("the server drains", async () => (await proxy.fetch("/health")).status === 503);
      const refused = await put("refused");
      expect([refused.status, Number(refused.headers.get("retry-after"))]).toEqual([503, expect.any(Number)]);
      expect(JSON.parse(await refused.text())).toMatchObject({ code: "draining" });
      await connection.send("x");
      expect((await connection.answer()).status).toBe(201);
      expect((await ended).code).toBe(0);

      // Nobody listens now.
      if (holds) {
        // Before 2.9 Caddy holds only requests without a body.
        const held = name === "Caddy" ? proxy.fetch("/files/running") : put("held");
        server = await start();
        expect((await held).ok).toBe(true);
      } else {
        const gone = await put("gone");
        expect(gone.status).toBe(503);
        if (name === "nginx") expect(gone.headers.get("retry-after")).toBe("2");
        server = await start();
        expect((await put("back")).status).toBe(201);
      }
    },
  );
});

test.skipIf(!hasNginx())("an upload in chunks ends well after a restart in the middle", async () => {
  const port = freePort();
  const root = join(folder, "restarted");
  await mkdir(root);
  const words = [process.execPath, MAIN, root, "--keep-free", "0B"];
  let server = await serve(words, { cwd: folder }, port);
  // As in the example of the page.
  const restarting = "location @restarting { add_header Retry-After 2 always; return 503; }";
  const lines = "proxy_set_header Host $http_host; client_max_body_size 0; error_page 502 = @restarting;";
  await using nginx = await startNginx(server.url, lines, "/", restarting);
  try {
    const file = join(folder, "chunks.bin");
    await Bun.write(file, crypto.getRandomValues(new Uint8Array(60_000)));
    await truncate(file, 40_000_000);
    const uploading = runTusUpload(file, {
      endpoint: `${nginx.url}/uploads`,
      metadata: { filename: "restarted.bin" },
      chunkSize: 200_000,
      retryDelays: Array<number>(100).fill(200),
    });
    const uploads = async () => (await fetch(`${server.url}/api/uploads`)).text();
    await until("the upload has begun", async () => (await uploads()).includes("restarted.bin"));
    expect((await server.end("SIGTERM")).code).toBe(0);
    server = await serve(words, { cwd: folder }, port);
    const { end, requests } = await uploading;
    expect(end).toMatchObject({ done: "saved" });
    expect(requests.filter((line) => line.endsWith(" 503")).length).toBeGreaterThan(0);
    // tus-js-client makes another upload when HEAD is answered with 503.
    expect(requests.filter((line) => line.startsWith("POST 2")).length).toBeLessThanOrEqual(2);
    const saved = await Bun.file(join(root, "restarted.bin")).bytes();
    expect(Buffer.compare(saved, await Bun.file(file).bytes())).toBe(0);
  } finally {
    await server[Symbol.asyncDispose]();
  }
});

describe.skipIf(!hasNginx())("behind nginx with a limit of 1 MB for bodies", () => {
  const LINES =
    "proxy_http_version 1.1; proxy_set_header Host $http_host; proxy_request_buffering off; client_max_body_size 1000000;";

  test("events arrive at once, although it buffers answers", async () => {
    await using server = await startServer({ tls: false });
    await using nginx = await startNginx(server.url, LINES);
    const events = await fetch(`${nginx.url}/api/uploads/events`);
    const reader = events.body?.pipeThrough(new TextDecoderStream()).getReader();
    let text = "";
    while (!text.includes("uploads")) text += (await reader?.read())?.value ?? expect.unreachable();
    await fetch(`${nginx.url}/files/small.txt`, { method: "PUT", body: "small" });
    while (!text.includes("small.txt")) text += (await reader?.read())?.value ?? expect.unreachable();
    await reader?.cancel();
  });

  test("tus uploads larger files in chunks, and doctor names the limit", async () => {
    await using server = await startServer({ tls: false });
    await using nginx = await startNginx(server.url, LINES);
    const file = join(folder, "large.bin");
    await Bun.write(file, crypto.getRandomValues(new Uint8Array(60_000)));
    await truncate(file, 3_000_000);
    const curl = await run(
      ["curl", "-sS", "-T", file, "-w", "%{http_code}", "-o", "answer", `${nginx.url}/files/curl.bin`],
      {
        cwd: folder,
        env: { PATH: process.env.PATH ?? "" },
      },
    );
    expect(curl.stdout).toBe("413");
    const ended = await runTusUpload(file, {
      endpoint: `${nginx.url}/uploads`,
      metadata: { filename: "tus.bin" },
      chunkSize: 900_000,
    });
    expect(ended.end).toMatchObject({ done: "saved" });
    const saved = await Bun.file(join(server.root, "tus.bin")).bytes();
    expect(Buffer.compare(saved, await Bun.file(file).bytes())).toBe(0);
    const pace = { speed: 0.1, silence: 1 };
    const groups = await examineUrl(new URL(nginx.url), AbortSignal.any([]), () => {}, { pace });
    const limit = groups.flatMap(({ findings }) => findings).find(({ check }) => check === "body-size");
    expect(limit).toMatchObject({ verdict: "warning", value: "1 MB", figures: { limit: 1_000_000 } });
  });
});

test("the PROXY protocol is refused, not taken for a request", async () => {
  await using server = await startServer({ tls: false, trustedProxy: ["127.0.0.1/32"] });
  using connection = await connect(server.url);
  await connection.send(
    "PROXY TCP4 203.0.113.7 127.0.0.1 4711 80\r\nGET /health HTTP/1.1\r\nHost: localhost\r\n\r\n",
  );
  expect((await connection.answer()).status).toBe(400);
});
