// Several certificates on one port: the one that a client gets, and the versions of TLS.

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { connect } from "node:tls";
import type { Server } from "bun";
import { tlsOptions, urlWarning } from "../../../src/listen/tls/sni.ts";
import { issue } from "../../support/authority.ts";
import { isMissing } from "../../support/switches.ts";

const named = (name: string, names = [`DNS:${name}`]) => ({
  ...issue(name, { names }),
  names: names.map((one) => one.replace(/^\w+:/, "")),
});
const main = named("main.example", ["DNS:main.example", "DNS:also.main.example", "IP:127.0.0.1"]);
const second = named("second.example", ["DNS:second.example", "DNS:main.example"]);
const wild = named("wild", ["DNS:*.main.example", "DNS:*.wild.example"]);

let server: Server<undefined>;
beforeAll(() => {
  server = Bun.serve({
    port: 0,
    fetch: () => new Response(""),
    tls: tlsOptions([main, second, wild]),
    http2: true,
  });
});
afterAll(() => server.stop(true));

/** The names of the certificate that a client gets, and the protocol that was agreed. */
function handshake(servername?: string): Promise<{ names: string | undefined; protocol: unknown }> {
  return new Promise((resolve, reject) => {
    const socket = connect({
      port: server.port ?? 0,
      host: "127.0.0.1",
      ...(servername !== undefined && { servername }),
      ALPNProtocols: ["h2", "http/1.1"],
      rejectUnauthorized: false,
    });
    socket.on("error", reject);
    socket.on("secureConnect", () => {
      resolve({ names: socket.getPeerCertificate().subjectaltname, protocol: socket.alpnProtocol });
      socket.destroy();
    });
  });
}

test.each([
  ["main.example", "main.example"],
  ["MAIN.example", "main.example"],
  ["also.main.example", "main.example"],
  ["second.example", "second.example"],
  ["a.main.example", "*.main.example"],
  ["a.wild.example", "*.wild.example"],
  // A wildcard stands for one label.
  ["a.b.wild.example", "main.example"],
  ["wild.example", "main.example"],
  ["other.example", "main.example"],
])("a client that names %s gets the certificate of %s, and HTTP/2", async (asked, got) => {
  const { names, protocol } = await handshake(asked);
  expect(names).toContain(`DNS:${got}`);
  expect(protocol).toBe("h2");
});

test("a client that names no host gets the first certificate", async () => {
  expect((await handshake()).names).toContain("DNS:main.example, DNS:also.main.example");
});

test("one certificate has no names, so that it is made once", () => {
  expect(tlsOptions([main])).toMatchObject([{ cert: main.cert, key: main.key }]);
  expect(() => tlsOptions([])).toThrow("no certificate");
});

test("an address for which no certificate is made is said, unless a proxy may have one", () => {
  const warning = (url: string | undefined, more = {}) =>
    urlWarning({ acme: ["acme.example"], trustedProxy: [], ...(url !== undefined && { url }), ...more }, [
      main,
      wild,
    ]);
  expect(warning(undefined)).toBeUndefined();
  for (const host of ["main.example", "MAIN.example:8443", "a.wild.example", "127.0.0.1", "acme.example"])
    expect(warning(`https://${host}`), host).toBeUndefined();
  for (const host of ["other.example", "wild.example", "a.b.wild.example", "[::1]"])
    expect(warning(`https://${host}`), host).toContain("no certificate is for ");
  expect(warning("https://other.example", { trustedProxy: ["10.0.0.0/8"] })).toBeUndefined();
});

/** Connects with `openssl s_client`. @returns its output */
async function client(input: string, ...words: string[]): Promise<string> {
  const command = ["openssl", "s_client", "-connect", `127.0.0.1:${server.port}`, ...words];
  const child = Bun.spawn(command, { stdin: new Blob([input]), stdout: "pipe", stderr: "pipe" });
  const [out, errors] = await Promise.all([child.stdout.text(), child.stderr.text()]);
  await child.exited;
  return out + errors;
}

describe.skipIf(isMissing("openssl"))("the protocol", () => {
  test.each([["-tls1"], ["-tls1_1"]])("%s is refused", async (version) => {
    expect(await client("", version, "-cipher", "ALL:@SECLEVEL=0")).toContain("(NONE)");
  });

  test.each([["-tls1_2"], ["-tls1_3"]])("%s is spoken", async (version) => {
    expect(await client("", version)).toMatch(/Cipher is \S*(?:GCM|CHACHA20)/);
  });

  test("a client cannot renegotiate", async () => {
    // A line with R asks for it.
    expect(await client("R\n", "-tls1_2")).toMatch(/RENEGOTIATING\n[\s\S]*(?:error|no renegotiation)/i);
  });

  test("the server chooses the cipher, not the client", async () => {
    const ciphers = ["ECDHE-ECDSA-AES256-GCM-SHA384", "ECDHE-ECDSA-AES128-GCM-SHA256"];
    expect(await client("", "-tls1_2", "-cipher", ciphers.join(":"))).toContain(
      "Cipher is ECDHE-ECDSA-AES128-GCM-SHA256",
    );
  });

  test("CBC and the exchange of keys by RSA are refused", async () => {
    for (const cipher of ["AES128-SHA", "AES128-GCM-SHA256", "ECDHE-ECDSA-AES128-SHA"])
      expect(await client("", "-tls1_2", "-cipher", `${cipher}:@SECLEVEL=0`), cipher).toContain("(NONE)");
  });
});
