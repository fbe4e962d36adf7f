// `sluice doctor https://user:password@host`: who receives the password, and what is said about a certificate.

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { run } from "../../support/binary.ts";
import { startServer, type TestServer } from "../../support/server.ts";
import { skipped } from "../../support/switches.ts";

const MAIN = join(import.meta.dir, "../../../src/main.ts");
const none =
  Bun.which("openssl") === null &&
  skipped("logins of sluice doctor", "openssl, which makes the certificates, is not installed");

let folder: string;
let sluice: TestServer;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "sluice-login-"));
  // Without the grant write, doctor ends after the first requests.
  sluice = await startServer({ allow: new Set(["read"]) });
});
afterAll(async () => {
  await sluice.stop();
  await rm(folder, { recursive: true });
});

/** Creates a self-signed certificate for one name. @returns the paths of its key and of the certificate */
async function certificate(name: string, days: number): Promise<{ key: string; cert: string }> {
  const [key, cert] = [join(folder, `${name}.key`), join(folder, `${name}.pem`)];
  const words = `req -x509 -newkey rsa:2048 -nodes -days ${days} -subj /CN=${name} -addext subjectAltName=DNS:${name}`;
  const made = await run(["openssl", ...words.split(" "), "-keyout", key, "-out", cert], { cwd: folder });
  if (made.code !== 0) throw new Error(made.stderr);
  return { key, cert };
}

/** Sluice behind TLS, with a list of the logins that arrived. */
async function behindTls(name: string, days = 30) {
  const { key, cert } = await certificate(name, days);
  const logins: (string | null)[] = [];
  const server = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    tls: { key: Bun.file(key), cert: Bun.file(cert) },
    async fetch(request) {
      const { pathname, search } = new URL(request.url);
      logins.push(request.headers.get("authorization"));
      const { method, headers, body } = request;
      return await sluice.fetch(pathname + search, {
        method,
        headers,
        body: body && (await request.bytes()),
      });
    },
  });
  const doctor = async (trusted: boolean, ...words: string[]) => {
    const env = { PATH: process.env["PATH"] ?? "", ...(trusted && { NODE_EXTRA_CA_CERTS: cert }) };
    const url = `https://me:secret@localhost:${server.port}`;
    const ended = await run([process.execPath, MAIN, "doctor", url, ...words], { cwd: folder, env });
    expect(ended.stdout + ended.stderr).not.toContain("secret");
    return ended;
  };
  return { doctor, logins, [Symbol.asyncDispose]: () => server.stop(true) };
}

const LOGIN = `Basic ${btoa("me:secret")}`;

test.skipIf(none)(
  "a certificate that is issued for six days only is not called late on its first day",
  async () => {
    await using tls = await behindTls("localhost", 6);
    const { findings } = JSON.parse((await tls.doctor(true, "--json")).stdout);
    expect(findings).toContainEqual(
      expect.objectContaining({
        check: "tls",
        verdict: "ok",
        value: expect.stringContaining("certificate for localhost, 5 days left"),
      }),
    );
  },
);

describe.skipIf(none)("the password", () => {
  test("is not sent to a self-signed certificate, and the summary explains the problem", async () => {
    await using tls = await behindTls("localhost");
    const { code, stdout } = await tls.doctor(false);
    expect(tls.logins).toEqual([]);
    expect(code).toBe(1);
    expect(stdout.replace(/\s+/g, " ")).toContain(
      "Found on the path: TLS: the certificate is not trusted: it is self-signed; Login: not sent: the certificate is not trusted.",
    );
  });

  test("is not sent to a certificate for another name, whatever its issuer", async () => {
    await using tls = await behindTls("other.example");
    const { code, stdout } = await tls.doctor(true);
    expect(tls.logins).toEqual([]);
    expect(code).toBe(1);
    expect(stdout).toContain("the certificate is not trusted: it is for another name");
  });

  test("is sent to a trusted certificate, and with --insecure to any", async () => {
    await using tls = await behindTls("localhost");
    const trusted = await tls.doctor(true);
    expect(trusted.stdout.replace(/\s+/g, " ")).toMatch(
      /TLSv1\.3, .* more than connecting; certificate for localhost, 29 days left/,
    );
    expect(tls.logins.length).toBeGreaterThan(3);
    expect(new Set(tls.logins)).toEqual(new Set([LOGIN]));
    tls.logins.length = 0;
    const { stdout } = await tls.doctor(false, "--insecure");
    expect(new Set(tls.logins)).toEqual(new Set([LOGIN]));
    expect(stdout).toContain("the certificate is not trusted: it is self-signed");
  });
});
