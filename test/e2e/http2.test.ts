// HTTP/2 over TLS with the programs people use: what they send arrives, and what the server refuses they can read.

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { testCertificate } from "../support/certificate.ts";
import { startServer, type TestServer } from "../support/server.ts";
import { spawnServing } from "../support/spawn.ts";
import { isMissing } from "../support/switches.ts";

let server: TestServer;
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "sluice-http2-"));
  server = await startServer({ tls: true, maxFileSize: 5_000_000 });
});
afterAll(async () => {
  await server.stop();
  await rm(folder, { recursive: true });
});

async function file(name: string, size: number): Promise<string> {
  const path = join(folder, name);
  await Bun.write(
    path,
    crypto
      .getRandomValues(Buffer.alloc(Math.min(size, 65_536)))
      .toString("hex")
      .repeat(Math.ceil(size / 131_072))
      .slice(0, size)
      .padEnd(size, "x"),
  );
  return path;
}

/** Runs a program. */
async function run(...command: string[]) {
  const child = Bun.spawn(command, { stdout: "pipe", stderr: "pipe", cwd: folder });
  const [out, error] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
  ]);
  return { out, error, code: await child.exited };
}

describe.skipIf(isMissing("curl"))("curl", () => {
  const curl = (...words: string[]) =>
    run("curl", "-ksS", "--http2", "-w", "\n%{http_version} %{http_code}", ...words);

  test("uploads, resumes a download, and asks for the headers", async () => {
    const source = await file("up.bin", 3_000_000);
    expect((await curl("-T", source, `${server.url}/files/dir/`)).out).toEndWith("\n2 201");
    const half = join(folder, "half.bin");
    await Bun.write(half, (await Bun.file(source).bytes()).subarray(0, 1_000_000));
    expect((await curl("-C", "-", "-o", half, `${server.url}/files/dir/up.bin`)).out).toEndWith("\n2 206");
    expect(await Bun.file(half).bytes()).toEqual(await Bun.file(source).bytes());
    expect((await curl("-I", `${server.url}/files/dir/up.bin`)).out).toContain("content-length: 3000000");
  });

  test.each([60_000, 200_000, 1_000_000])(
    "reads why an upload of %d bytes is refused, and ends well",
    async (size) => {
      const source = await file(`refused-${size}`, size);
      for (let round = 0; round < 3; round += 1) {
        const { out, code } = await curl("-T", source, `${server.url}/nothing`);
        expect([code, out]).toEqual([0, expect.stringContaining('"code":"not_found"')]);
      }
    },
  );

  test("reads why a larger one is refused, before it is sent", async () => {
    const source = await file("large.bin", 30_000_000);
    // It stops in the middle of the body, which Bun answers with PROTOCOL_ERROR: status 92.
    const { out, code } = await curl("-T", source, `${server.url}/files/large.bin`);
    expect(code).toBeOneOf([0, 92]);
    expect(out).toContain('"code":"file_too_large"');
    expect(out).toEndWith("\n2 413");
  });
});

test.skipIf(isMissing("curl")).each([
  ["without an option, HTTP/2 is offered", [], "2", false],
  ["--http2 off leaves HTTP/1.1", ["--http2", "off"], "1.1", false],
  ["--http3 on is announced", ["--http3", "on"], "2", true],
])("%s", async (_, flags, version, announced) => {
  const { cert, key } = testCertificate();
  const both = join(folder, "both.pem");
  await Bun.write(both, cert + key);
  await using serving = await spawnServing(join(folder, "served"), "--tls-cert", both, ...flags);
  const { out } = await run("curl", "-ksSI", "-w", "%{http_version}", `${serving.url}/health`);
  expect(out).toEndWith(`\n${version}`);
  expect(out.includes("alt-svc: h3=")).toBe(announced);
});

test.skipIf(isMissing("wget"))("wget resumes over TLS", async () => {
  const source = await file("wget.bin", 2_000_000);
  await Bun.write(join(server.root, "wget.bin"), Bun.file(source));
  await Bun.write(join(folder, "wget.part"), (await Bun.file(source).bytes()).subarray(0, 700_000));
  const { code } = await run(
    "wget",
    "-q",
    "--no-check-certificate",
    "-c",
    "-O",
    "wget.part",
    `${server.url}/files/wget.bin`,
  );
  expect(code).toBe(0);
  expect(await Bun.file(join(folder, "wget.part")).bytes()).toEqual(await Bun.file(source).bytes());
});

test.skipIf(isMissing("rclone"))(
  "rclone copies a folder to WebDAV and compares it, with many requests on a connection",
  async () => {
    for (let index = 0; index < 40; index += 1) await file(`tree/${index % 4}/${index}.bin`, 10_000 + index);
    const remote = [":webdav:copied", "--webdav-url", `${server.url}/dav`];
    const flags = ["--no-check-certificate", "--config", "", "--transfers", "16"];
    expect(await run("rclone", "copy", "tree", ...remote, ...flags)).toMatchObject({ code: 0 });
    const { error, code } = await run("rclone", "check", "tree", ...remote, ...flags, "--download");
    expect([code, error]).toEqual([0, expect.stringContaining("40 matching files")]);
  },
);

const NODE = `
  const { connect } = require("node:http2");
  const session = connect(process.argv[1], { rejectUnauthorized: false });
  const send = (method, path, body) => new Promise((resolve, reject) => {
    const stream = session.request({ ":method": method, ":path": path });
    let [status, text] = [0, ""];
    stream.on("response", (headers) => { status = headers[":status"]; });
    stream.on("data", (chunk) => { text += chunk; });
    stream.on("end", () => resolve([status, text.length]));
    stream.on("error", reject);
    stream.end(body);
  });
  (async () => {
    const all = Array.from({ length: 100 }, (_, index) => index);
    const saved = await Promise.all(all.map((index) => send("PUT", "/files/node/" + index, "x".repeat(1000 * index))));
    const read = await Promise.all(all.map((index) => send("GET", "/files/node/" + index)));
    session.close();
    console.log(JSON.stringify([saved.every(([status]) => status === 201), read.every(([status, size], index) => status === 200 && size === 1000 * index)]));
  })();
`;
test.skipIf(isMissing("node"))("node saves and reads 100 files at once on one connection", async () => {
  const { out, error } = await run("node", "-e", NODE, server.url);
  expect(error).toBe("");
  expect(JSON.parse(out)).toEqual([true, true]);
});
