// Sluice behind nginx, HAProxy, Caddy and Apache with the examples of docs/deployment.md: TLS and HTTP/2 outside, plain HTTP inside.

import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { mkdtemp, rm, truncate } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { examineUrl } from "../../../src/doctor/url/url.ts";
import { LinkShape } from "../../../src/routes/openapi/link-shapes.ts";
import { type AccessServer, basic, PASSWORD, startAccessServer } from "../../support/access.ts";
import { bodyIn } from "../../support/answer.ts";
import { run } from "../../support/binary.ts";
import { patient } from "../../support/patience.ts";
import { type DeployedProxy, deploy, hasProxy, PROXIES } from "../../support/proxies/proxy.ts";
import { connect } from "../../support/raw.ts";
import { until } from "../../support/server.ts";
import { amount } from "../../support/switches.ts";

setDefaultTimeout(patient(300_000));

/** The bytes that go up and down through nginx and HAProxy. */
const LARGE = amount("PROXY_BYTES", 20_000_000, 3_000_000_000);
/** Those through others. */
const SMALL = 20_000_000;
const LIMIT = 4_000_000_000;
const ANNA = basic("anna");

let server: AccessServer;
let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "sluice-proxies-"));
  server = await startAccessServer((database) => database.account("anna", {}, { owner: true }), {
    url: "https://localhost",
    trustedProxy: ["127.0.0.1/32"],
    maxFileSize: LIMIT,
    tls: false,
  });
});
afterAll(async () => {
  await server.stop();
  await rm(folder, { recursive: true, force: true });
});

describe.each(PROXIES)("behind %s", (name) => {
  const present = hasProxy(name);
  const BYTES = name === "nginx" || name === "HAProxy" ? LARGE : SMALL;
  let proxy: DeployedProxy;
  beforeAll(async () => {
    if (present) proxy = await deploy(name, new URL(server.url).host);
  });
  afterAll(() => proxy?.[Symbol.asyncDispose]());

  const call = (path: string, init: RequestInit = {}) =>
    proxy.fetch(path, { ...init, headers: { ...ANNA, ...init.headers } });
  const curl = (...more: string[]) =>
    run(["curl", "-sS", "--cacert", proxy.ca, "-u", `anna:${PASSWORD}`, ...more], {
      cwd: folder,
      env: { PATH: process.env.PATH ?? "" },
    });

  test.skipIf(!present)("names and URLs arrive as they were sent", async () => {
    const url = "/files/a%25b/50%25%20off%20%26%20caf%C3%A9%3B%2B%231.txt";
    await Bun.write(join(folder, "small"), "small");
    const { stdout } = await curl("-i", "-T", "small", proxy.url + url);
    expect(/^location: (\S+)/im.exec(stdout)?.[1]).toBe(url);
    expect(JSON.parse(stdout.slice(stdout.indexOf("{"))).path).toBe("a%b/50% off & café;+#1.txt");
  });

  test.skipIf(!present)(
    "the address of the client is the one that the proxy saw, not the one it claims",
    async () => {
      // The proxy is 127.0.0.1, the client another address of this machine.
      const forged = ["-H", "X-Forwarded-For: 203.0.113.7", "-H", "X-Forwarded-Prefix: /evil", "-i"];
      const path = `/files/absent-${name}`;
      const { stdout } = await curl(
        "--interface",
        "127.0.0.2",
        ...forged,
        "-X",
        "PUT",
        "-H",
        'If-Match: "x"',
        proxy.url + path,
      );
      expect(stdout).toContain('"type":"/problems#/');
      const audit = join(server.root, ".sluice/audit.jsonl");
      const lines = async () =>
        (await Bun.file(audit).exists()) ? (await Bun.file(audit).text()).split("\n") : [];
      const wrong = curl("--interface", "127.0.0.2", ...forged, "-u", `${name}:wrong`, proxy.url + path);
      expect((await wrong).stdout).toContain(" 401");
      await until("the refusal is logged", async () =>
        (await lines()).some((line) => line.includes(`absent-${name}`)),
      );
      const found = (await lines()).filter((line) => line.includes(`absent-${name}`));
      expect(found.map((line) => JSON.parse(line).address)).toEqual(found.map(() => "127.0.0.2"));
    },
  );

  test.skipIf(!present)("HTTP leads to HTTPS", async () => {
    if (proxy?.plain === undefined) return;
    const answer = await fetch(`${proxy.plain}/files/x?y=1`, { redirect: "manual" });
    expect([answer.status, answer.headers.get("location")]).toEqual([308, `${proxy.url}/files/x?y=1`]);
  });

  test.skipIf(!present)("ranges, validators and HEAD are those of Sluice", async () => {
    await call("/files/range.txt", { method: "PUT", body: "0123456789" });
    const whole = await call("/files/range.txt");
    const etag = whole.headers.get("etag") ?? "";
    expect(etag).toStartWith('"');
    const part = await call("/files/range.txt", { headers: { range: "bytes=2-4", "if-range": etag } });
    expect([part.status, part.headers.get("content-range"), await part.text()]).toEqual([
      206,
      "bytes 2-4/10",
      "234",
    ]);
    const parts = await call("/files/range.txt", { headers: { range: "bytes=0-0,9-9" } });
    expect(parts.headers.get("content-type")).toStartWith("multipart/byteranges");
    expect((await call("/files/range.txt", { headers: { "if-none-match": etag } })).status).toBe(304);
    expect(
      (await call("/files/range.txt", { method: "PUT", body: "x", headers: { "if-match": '"x"' } })).status,
    ).toBe(412);
    const head = await call("/files/range.txt", { method: "HEAD" });
    expect([head.status, head.headers.get("content-length"), head.headers.get("etag")]).toEqual([
      200,
      "10",
      etag,
    ]);
  });

  test.skipIf(!present)(
    "a page logs in with a cookie for TLS only, a program with Basic, a visitor by a link",
    async () => {
      const page = { origin: proxy.url, "sec-fetch-site": "same-origin", "content-type": "application/json" };
      const body = JSON.stringify({ name: "anna", password: PASSWORD });
      const login = await proxy.fetch("/api/session", { method: "POST", headers: page, body });
      const [line = ""] = login.headers.getSetCookie();
      expect(line).toContain("; Secure");
      const cookie = line.split(";", 1)[0] ?? "";
      expect(await (await proxy.fetch("/api/me", { headers: { cookie } })).json()).toMatchObject({
        name: "anna",
      });
      expect(await (await call("/api/me")).json()).toMatchObject({ name: "anna" });
      // Over plain HTTP inside, the page is known by its Host, which the proxy must not change.
      const saved = await call("/files/page.txt", {
        method: "PUT",
        body: "x",
        headers: { origin: proxy.url },
      });
      expect(saved.ok).toBe(true);
      const foreign = { origin: "https://evil.example" };
      expect((await call("/files/page.txt", { method: "PUT", body: "x", headers: foreign })).status).toBe(
        403,
      );
      const made = await call("/api/links", { method: "POST", body: JSON.stringify({ path: "page.txt" }) });
      const link = await bodyIn(LinkShape, made);
      const opened = await proxy.fetch(link.url);
      expect(opened.status).toBe(200);
      expect(opened.headers.get("set-cookie")).toContain("; Secure");
    },
  );

  test.skipIf(!present)(`${BYTES} bytes go up and down over HTTP/2 and HTTP/1.1`, async () => {
    const file = join(folder, "large.bin");
    // A sparse file with bytes at both ends.
    await Bun.write(file, crypto.getRandomValues(new Uint8Array(50_000)));
    await truncate(file, BYTES);
    const versions = BYTES > 1e9 ? ["--http2"] : ["--http2", "--http1.1"];
    for (const version of versions) {
      const up = await curl(
        version,
        "-T",
        file,
        "-w",
        "%{http_version} %{http_code}",
        "-o",
        "answer",
        `${proxy.url}/files/up.bin`,
      );
      expect(up.stdout).toMatch(/^(?:2 |1\.1 )20[01]$/);
      expect(await run(["cmp", file, join(server.root, "up.bin")], { cwd: folder })).toMatchObject({
        code: 0,
      });
      const chunked = ["-H", "Transfer-Encoding: chunked"];
      if (BYTES < 1e9) {
        const streamed = await curl(
          version,
          "-T",
          "-",
          ...(version === "--http1.1" ? chunked : []),
          `${proxy.url}/files/stream.bin`,
          "-o",
          "answer",
          "-w",
          "%{http_code}",
        );
        expect(streamed.stdout).toMatch(/^20[01]$/);
      }
      await curl(version, "-o", "down.bin", `${proxy.url}/files/up.bin`);
      expect(await run(["cmp", file, "down.bin"], { cwd: folder })).toMatchObject({ code: 0 });
      for (const path of ["down.bin", join(server.root, "up.bin")]) await rm(resolve(folder, path));
    }
  });

  // Apache sends the whole file before it reads the answer, which Sluice does not wait for.
  test.skipIf(!present || name === "Apache")(
    "a file that is too large is refused while it is sent, with the answer of Sluice",
    async () => {
      const file = join(folder, "too-large.bin");
      await Bun.write(file, "x");
      await truncate(file, LIMIT + 1);
      const { stdout } = await curl(
        "-T",
        file,
        "-w",
        "\n%{http_code} %{size_upload}",
        `${proxy.url}/files/too-large.bin`,
      );
      const [body = "", end = ""] = stdout.split("\n");
      expect(JSON.parse(body)).toMatchObject({ code: "file_too_large" });
      const [status, sent] = end.split(" ").map(Number);
      expect(status).toBe(413);
      expect(sent).toBeLessThan(LIMIT / 2);
    },
  );

  test.skipIf(!present)("an upload that is cut keeps what was sent, and goes on", async () => {
    const tus = { "tus-resumable": "1.0.0" };
    const headers = {
      ...tus,
      "upload-length": "300000",
      "upload-metadata": `filename ${btoa(`cut-${name}`)}`,
    };
    const made = await call("/uploads", { method: "POST", headers });
    const path = made.headers.get("location") ?? "";
    expect(path).toStartWith("/uploads/");
    const octets = { ...tus, "content-type": "application/offset+octet-stream" };
    const lines = Object.entries({ ...octets, ...ANNA, host: new URL(proxy.url).host, "upload-offset": "0" });
    const offset = async () =>
      Number((await call(path, { method: "HEAD", headers: tus })).headers.get("upload-offset"));
    using connection = await connect(proxy.url);
    await connection.send(
      `PATCH ${path} HTTP/1.1\r\nContent-Length: 300000\r\n${lines.map((line) => line.join(": ")).join("\r\n")}\r\n\r\n`,
    );
    await connection.send(new Uint8Array(200_000));
    // A proxy that buffers requests would not have begun this one.
    const running = async () => JSON.stringify(await (await call("/api/uploads")).json());
    await until("200,000 bytes have arrived", async () => (await running()).includes('"received":200000'));
    connection.reset();
    await until("the upload is kept", async () => (await offset()) === 200_000);
    const rest = await call(path, {
      method: "PATCH",
      headers: { ...octets, "upload-offset": "200000" },
      body: new Uint8Array(100_000),
    });
    expect(rest.status).toBe(204);
    expect(Bun.file(join(server.root, `cut-${name}`)).size).toBe(300_000);
  });

  test.skipIf(!present)("events arrive while the upload that they are about runs", async () => {
    const events = await call("/api/uploads/events");
    const reader = events.body?.pipeThrough(new TextDecoderStream()).getReader();
    let text = "";
    const readTo = async (words: string) => {
      while (!text.includes(words)) text += (await reader?.read())?.value ?? expect.unreachable();
    };
    using connection = await connect(proxy.url);
    await connection.send(
      `PUT /files/watched-${name} HTTP/1.1\r\nHost: ${new URL(proxy.url).host}\r\nAuthorization: ${ANNA.authorization}\r\nContent-Length: 100000\r\n\r\n`,
    );
    // Apache passes the first 16 KiB on only when they are complete.
    await connection.send(new Uint8Array(99_999));
    await readTo(`watched-${name}`);
    await connection.send("x");
    await connection.answer();
    await readTo("saved");
    await reader?.cancel();
  });

  test.skipIf(!present)("doctor finds nothing but a certificate that signs itself", async () => {
    const url = new URL(proxy.url);
    url.username = "anna";
    url.password = PASSWORD;
    const pace = { speed: 0.1, silence: 2 };
    const groups = await examineUrl(url, AbortSignal.any([]), () => {}, { pace, insecure: true });
    const faults = groups
      .flatMap(({ findings }) => findings)
      .filter(({ verdict, check }) => verdict !== "ok" && check !== "upload-limit");
    expect(faults.map(({ check, value }) => [check, value])).toEqual([["tls", expect.any(String)]]);
  });
});
