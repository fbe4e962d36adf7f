// Certificates in files: what is accepted, what is refused and how it is said.

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { chmod, mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { shownTime, validityWarning } from "../../../src/listen/tls/certificate.ts";
import { pairedFiles, readCertificateFiles } from "../../../src/listen/tls/certificate-files.ts";
import { type Certificate, issue, openssl } from "../../support/authority.ts";
import { patient } from "../../support/patience.ts";

let folder = "";
const made = new Map<string, Certificate>();

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "sluice-tls-"));
  const root = issue("Root", { isAuthority: true });
  const middle = issue("Middle", { by: root, isAuthority: true });
  made.set("root", root);
  made.set("middle", middle);
  made.set(
    "plain",
    issue("files.example", {
      by: middle,
      names: ["DNS:Files.example", "DNS:*.files.example", "IP:127.0.0.1", "IP:::1"],
    }),
  );
});
afterAll(() => rm(folder, { recursive: true }));

function known(name: string): Certificate {
  const found = made.get(name);
  if (!found) throw new Error(`${name} was not made.`);
  return found;
}

/** Writes a file that only its owner may read. */
async function file(name: string, contents: string | Buffer): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, contents, { mode: 0o600 });
  return path;
}

async function read(cert: string | Buffer, key?: string | Buffer) {
  const certPath = await file("cert.pem", cert);
  return await readCertificateFiles({
    cert: certPath,
    key: key === undefined ? certPath : await file("key.pem", key),
  });
}

/** Fails if the files are accepted. */
async function refusal(cert: string | Buffer, key?: string | Buffer): Promise<string> {
  const answer = await read(cert, key).then(
    () => "",
    (error: Error) => error.message,
  );
  expect(answer).not.toBe("");
  // Each names its flag and its file.
  expect(answer).toMatch(/^--tls-(?:cert \S*cert\.pem|key \S*key\.pem) /);
  return answer;
}

describe("accepted", () => {
  test("a full chain and its key: names in lower case, wildcards and addresses", async () => {
    const { cert, key } = known("plain");
    const found = await read(cert + known("middle").cert, key);
    expect(found.names).toEqual(["files.example", "*.files.example", "127.0.0.1", "::1"]);
    expect(found.warnings).toEqual([]);
    expect(found.expires.getTime() - Date.now()).toBeWithin(86_400_000, 2 * 86_400_000 + 1);
    expect(found.cert.match(/BEGIN CERTIFICATE/g)).toHaveLength(2);
    expect(validityWarning(found)).toBeUndefined();
  });

  test("one file with the key, the certificate and remarks between them", async () => {
    const { cert, key } = known("plain");
    const found = await read(`Bag Attributes\n${key}\nsubject=x\n${cert.replaceAll("\n", "\r\n")}`);
    expect(found.names).toContain("files.example");
  });

  test.each([
    ["RSA", ["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"]],
    ["EC of the older form", []],
  ])("a key of %s", async (name, keyKind) => {
    const own = keyKind.length > 0 ? issue("a.example", { keyKind }) : known("plain");
    const key = keyKind.length > 0 ? own.key : openssl("ec", "-in", await file("new.pem", own.key));
    expect((await read(own.cert, key)).key, name).toStartWith("-----BEGIN PRIVATE KEY-----");
  });

  test("an expired certificate, with a sentence that says since when", async () => {
    const { cert, key } = issue("old.example", { days: -1 });
    const found = await read(cert, key);
    expect(validityWarning(found)).toBe(
      `${found.from} expired on ${shownTime(found.expires)}, and clients refuse it: renew it.`,
    );
  });

  test("one that is not valid yet, with a sentence that names the clock", async () => {
    const { cert, key } = known("plain");
    const found = await read(cert, key);
    expect(validityWarning(found, found.begins.getTime() - 1000)).toContain("check the clock");
    expect(validityWarning(found, found.begins.getTime())).toBeUndefined();
  });
});

describe("accepted with a warning", () => {
  async function warning(cert: string, key: string): Promise<string> {
    return (await read(cert, key)).warnings.join(" ");
  }

  test("a key that every user of the machine may read", async () => {
    const { cert, key } = known("plain");
    const open = { cert: await file("cert.pem", cert), key: await file("open.pem", key) };
    await chmod(open.key, 0o644);
    const found = await readCertificateFiles(open);
    expect(found.warnings.join(" ")).toContain(`chmod o= ${open.key}`);
  });

  test("issuers in another order", async () => {
    const { cert, key } = known("plain");
    expect(await warning(cert + known("root").cert + known("middle").cert, key)).toContain(
      "number 2 did not issue number 1",
    );
  });

  test("a public certificate without its chain", async () => {
    const extensions = ["authorityInfoAccess=caIssuers;URI:http://ca.example/middle.der"];
    const { cert, key } = issue("alone.example", { by: known("middle"), extensions });
    expect(await warning(cert, key)).toContain("fullchain.pem");
    expect(await warning(cert + known("middle").cert, key)).toBe("");
  });

  test("no alternative name", async () => {
    const { cert, key } = issue("nameless.example", { names: [] });
    expect(await warning(cert, key)).toContain("no subject alternative name");
  });

  test("Ed25519, and RSA of 1024 bits", async () => {
    const ed = issue("ed.example", { keyKind: ["-algorithm", "ED25519"] });
    expect(await warning(ed.cert, ed.key)).toContain("browsers refuse");
    const short = issue("short.example", {
      keyKind: ["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:1024"],
    });
    expect(await warning(short.cert, short.key)).toContain("1024 bits");
  });
});

describe("refused", () => {
  test("a file of beginnings without an end, in a time that grows with its size only", async () => {
    const { cert, key } = known("plain");
    const began = performance.now();
    expect(await refusal("-----BEGIN X-----\n".repeat(58_000), key)).toContain("is not PEM, or not complete");
    expect(performance.now() - began).toBeLessThan(patient(2000));
    expect((await read(`-----BEGIN CERTIFICATE-----\nMII\n${cert}`, key)).names).toContain("files.example");
  });

  test("a key of another certificate", async () => {
    expect(await refusal(known("plain").cert, known("root").key)).toMatch(
      /^--tls-key .* does not fit the certificate of --tls-cert/,
    );
  });

  test("a chain whose first certificate is not the server's own", async () => {
    expect(await refusal(known("middle").cert + known("plain").cert, known("plain").key)).toContain(
      "at place 2",
    );
  });

  test.each(["-aes128", "-des3"])("a key encrypted with %s, of both forms", async (cipher) => {
    const { cert, key } = known("plain");
    const path = await file("clear.pem", key);
    for (const form of [[], ["-traditional"]]) {
      const encrypted = openssl("pkey", "-in", path, cipher, "-passout", "pass:secret", ...form);
      expect(await refusal(cert, encrypted)).toContain("openssl pkey -in");
    }
  });

  test("DER and PKCS #12 instead of PEM", async () => {
    const { cert, key } = known("plain");
    const [certPath, keyPath] = [await file("a.pem", cert), await file("a.key", key)];
    expect(await refusal(openssl("x509", "-in", certPath, "-outform", "der"), key)).toContain(
      "openssl x509 -inform der",
    );
    expect(await refusal(cert, openssl("pkey", "-in", keyPath, "-outform", "der"))).toContain(
      "openssl pkey -inform der",
    );
    const bundle = openssl("pkcs12", "-export", "-in", certPath, "-inkey", keyPath, "-passout", "pass:");
    expect(await refusal(bundle)).toContain("openssl pkcs12 -in");
  });

  test("the two files swapped, a request, another text, nothing", async () => {
    const { cert, key } = known("plain");
    expect(await refusal(key, cert)).toContain("a private key and no certificate");
    expect(await refusal(cert, cert)).toContain("give the file of the key with --tls-key");
    expect(await refusal(cert)).toContain("give the file of the key with --tls-key");
    const request = openssl("req", "-new", "-key", await file("b.key", key), "-subj", "/CN=x");
    expect(await refusal(request, key)).toContain("a request for a certificate");
    expect(await refusal("hello", key)).toContain("is not PEM");
    expect(await refusal(cert, "hello")).toContain("is not PEM");
    expect(await refusal("", key)).toContain("is empty");
  });

  test("a file that is written in part, wherever it ends", async () => {
    const { cert, key } = known("plain");
    for (let end = 1; end < cert.trimEnd().length; end += 37) await refusal(cert.slice(0, end), key);
    for (let end = 1; end < key.trimEnd().length; end += 37) await refusal(cert, key.slice(0, end));
  });

  test("a damaged certificate", async () => {
    const { cert, key } = known("plain");
    const middle = Math.floor(cert.length / 2);
    expect(await refusal(cert.slice(0, middle) + cert.slice(middle + 8), key)).toContain(
      "certificate 1 of 1",
    );
  });

  test("kinds of keys that Bun does not know", async () => {
    const keyKind = ["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:secp256k1"];
    const { cert, key } = issue("curve.example", { keyKind });
    expect(await refusal(cert, key)).toContain("unsupported");
  });

  test("a file that is missing, no file, or too large", async () => {
    const key = await file("key.pem", known("plain").key);
    const message = (cert: string) =>
      readCertificateFiles({ cert, key }).catch(({ message }: Error) => message);
    expect(await message(join(folder, "absent"))).toContain("does not exist");
    await mkdir(join(folder, "dir"), { recursive: true });
    expect(await message(join(folder, "dir"))).toContain("is not a file");
    Bun.spawnSync(["mkfifo", join(folder, "pipe")]);
    expect(await message(join(folder, "pipe"))).toContain("is not a file");
    await symlink("loop", join(folder, "loop"));
    expect(await message(join(folder, "loop"))).toContain("ELOOP");
    expect(await message(await file("large", Buffer.alloc(2 ** 20 + 1)))).toContain("1048577 bytes");
  });

  test("a path with control characters is shown without them", async () => {
    const message = await readCertificateFiles({ cert: join(folder, "a\u001b[2Jb"), key: "x" }).catch(
      (error: Error) => error.message,
    );
    expect(message).toContain("a\\u001b[2Jb");
  });
});

test("files are paired in their order, and a certificate without a key has it in the same file", () => {
  expect(pairedFiles(["a", "b"], ["1", "2"])).toEqual([
    { cert: "a", key: "1" },
    { cert: "b", key: "2" },
  ]);
  expect(pairedFiles(["a", "b"], [])).toEqual([
    { cert: "a", key: "a" },
    { cert: "b", key: "b" },
  ]);
});
