// Keys and certificates on the disk: who may read them, and what a damaged file does.

import { afterAll, beforeAll, expect, test } from "bun:test";
import { chmod, mkdir, mkdtemp, readdir, rm, stat, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { AcmeStore } from "../../../src/listen/acme/store.ts";
import { Issuer } from "../../support/issuer.ts";
import { isMissing } from "../../support/switches.ts";

const HOST = "files.example.org";
const DIRECTORY = "https://acme.example/directory";
const noOpenssl = isMissing("openssl");
let folder: string;
let issuer: Issuer;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "sluice-store-"));
  if (!noOpenssl) issuer = new Issuer();
});
afterAll(() => rm(folder, { recursive: true }));

const modeOf = async (path: string): Promise<number> => (await stat(path)).mode & 0o777;

test.skipIf(noOpenssl)(
  "folders are 0700 and files 0600, also where they were open to others, and no other file is left",
  async () => {
    const tls = join(folder, "modes");
    await mkdir(tls);
    await chmod(tls, 0o755);
    const store = await AcmeStore.open(tls, DIRECTORY);
    await store.accountKey();
    await store.saveRefusals("www.example.org", { times: [1], until: 2 });
    await store.saveCertificate(HOST, issuer.issue(HOST, 90));
    const names = await readdir(store.folder);
    expect(names.toSorted()).toEqual(["account.pem", "files.example.org.pem", "www.example.org.json"]);
    expect(await Promise.all([tls, store.folder].map(modeOf))).toEqual([0o700, 0o700]);
    for (const name of names) expect(await modeOf(join(store.folder, name))).toBe(0o600);
  },
);

test.skipIf(noOpenssl)(
  "the account's key and the certificate are the same after a restart, and each authority has its own",
  async () => {
    const tls = join(folder, "restart");
    const store = await AcmeStore.open(tls, DIRECTORY);
    const key = await store.accountKey();
    await store.saveRefusals(HOST, { times: [1, 2], until: 3 });
    expect(await (await AcmeStore.open(tls, DIRECTORY)).refusals(HOST)).toEqual({ times: [1, 2], until: 3 });
    const issued = issuer.issue(HOST, 90);
    await store.saveCertificate(HOST, issued);

    const again = await AcmeStore.open(tls, DIRECTORY);
    expect(await again.accountKey()).toBe(key);
    expect(await again.certificate(HOST)).toMatchObject({ host: HOST, key: issued.key, cert: issued.chain });
    expect(await again.refusals(HOST)).toEqual({ times: [], until: 0 });

    const other = await AcmeStore.open(tls, "https://acme.example:14000/directory");
    expect(await other.accountKey()).not.toBe(key);
    expect(await other.certificate(HOST)).toBeNull();
  },
);

test.skipIf(noOpenssl)(
  "a certificate of another host, a foreign key and a damaged file are not used, and the error says why",
  async () => {
    const store = await AcmeStore.open(join(folder, "damaged"), DIRECTORY);
    const mine = issuer.issue(HOST, 90);
    const other = issuer.issue("other.example.org", 90);
    const refused = async (key: string, chain: string, reason?: string): Promise<void> => {
      await store.saveCertificate(HOST, { key, chain });
      await expect(store.certificate(HOST)).rejects.toThrow(reason);
    };
    await refused(other.key, other.chain, "has a certificate for other.example.org");
    await refused(other.key, mine.chain, "does not fit the certificate");
    await refused("nonsense", "nonsense", "is not PEM");
    await refused(mine.key, mine.chain.slice(0, 300));
  },
);

test.skipIf(noOpenssl)(
  "a file in the place of the folder, or a link to another folder, is refused",
  async () => {
    await Bun.write(join(folder, "file"), "");
    await expect(AcmeStore.open(join(folder, "file"), DIRECTORY)).rejects.toThrow("is not a folder");
    await mkdir(join(folder, "elsewhere"));
    await symlink(join(folder, "elsewhere"), join(folder, "link"));
    await expect(AcmeStore.open(join(folder, "link"), DIRECTORY)).rejects.toThrow("is not a folder");
    expect(await readdir(join(folder, "elsewhere"))).toEqual([]);
  },
);
