// A start with --acme: files that cannot be used are told with their flag.

import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { defaults } from "../../../src/config/options.ts";
import { openAcme } from "../../../src/listen/acme/open-acme.ts";
import { HttpListener } from "../../../src/listen/http-listener.ts";

let root: string;
const http = new HttpListener({ hosts: ["127.0.0.1"], port: 0, site: () => undefined });
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "sluice-open-acme-"));
});
afterAll(async () => {
  await http.close();
  await rm(root, { recursive: true });
});

const config = { ...defaults, acme: ["files.example.org"], acmeDirectory: "http://127.0.0.1:1/directory" };
const open = (settings: Partial<typeof config> & { acmeEabFile?: string }, at = root) =>
  openAcme({ ...config, ...settings }, { root: at, http, say: () => {}, changed: () => {} });

test("certificates that cannot be stored end the start, and so does a file with another account that cannot be read", async () => {
  await mkdir(join(root, "blocked/.sluice"), { recursive: true });
  await Bun.write(join(root, "blocked/.sluice/tls"), "");
  await expect(open({}, join(root, "blocked"))).rejects.toThrow(
    /--acme cannot store certificates in \.sluice\/tls of the root .*is not a folder/,
  );
  await expect(open({ acmeEabFile: join(root, "none") })).rejects.toThrow(/--acme-eab-file .* \(ENOENT\)/);
  await Bun.write(join(root, "eab"), "only-an-id\n");
  await expect(open({ acmeEabFile: join(root, "eab") })).rejects.toThrow("must have the id and the HMAC key");
});

test("an authority that was never asked has no certificate, and its port is open", async () => {
  const acme = await open({});
  expect(acme.certificates).toEqual([]);
  expect(http.port).toBeGreaterThan(0);
});
