// Keys and certificates of one authority, in a folder below `.sluice/tls` that only the server may read.

import { chmod, lstat, mkdir, open, readFile, rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { errnoOf } from "../../system/errno.ts";
import { newAccountKey } from "./account-key.ts";
import { type AcmeCertificate, acmeCertificate } from "./issued-certificate.ts";
import type { Issued } from "./order-worker.ts";
import type { Refusals } from "./schedule.ts";

const FOLDER_MODE = 0o700;
const FILE_MODE = 0o600;

export class AcmeStore {
  /** @param folder of this authority */
  private constructor(readonly folder: string) {}

  /**
   * Opens the folder of an authority, and makes it.
   * @param tls `.sluice/tls` in the root
   * @param directory the URL of the authority
   * @throws the system's error
   */
  static async open(tls: string, directory: string): Promise<AcmeStore> {
    const store = AcmeStore.at(tls, directory);
    // A server that may only read has not made its folder.
    await mkdir(dirname(tls), { recursive: true, mode: FOLDER_MODE });
    for (const each of [tls, store.folder]) await ownFolder(each);
    return store;
  }

  /** For reading: the folder need not exist. */
  static at(tls: string, directory: string): AcmeStore {
    const { host, pathname } = new URL(directory);
    return new AcmeStore(join(tls, `${host}${pathname}`.replace(/[^a-z0-9.-]+/gi, "_")));
  }

  /** The key of the account, which is made by the first call. */
  async accountKey(): Promise<string> {
    const file = join(this.folder, "account.pem");
    const stored = await textOf(file);
    if (stored !== null) return stored;
    const key = await newAccountKey();
    await replaceFile(file, key);
    return key;
  }

  /**
   * The stored certificate of a host; null if there is none.
   * @throws CertificateError that says why it cannot be used, or the system's error
   */
  async certificate(host: string): Promise<AcmeCertificate | null> {
    const text = await textOf(this.#file(host, "pem"));
    return text === null ? null : acmeCertificate(host, text);
  }

  async saveCertificate(host: string, { key, chain }: Issued): Promise<void> {
    // Both in one file: there is no moment when the key is not that of the certificate.
    await replaceFile(this.#file(host, "pem"), `${key.trimEnd()}\n${chain.trimEnd()}\n`);
    await rm(this.#file(host, "json"), { force: true });
  }

  /** The orders that were refused since the last certificate. They outlive a restart, so that a server that restarts often keeps to the limits. */
  async refusals(host: string): Promise<Refusals> {
    const none: Refusals = { times: [], until: 0 };
    const text = await textOf(this.#file(host, "json"));
    if (text === null) return none;
    try {
      const { times, until } = JSON.parse(text);
      const valid = Array.isArray(times) && times.every(Number.isFinite) && Number.isFinite(until);
      return valid ? { times, until } : none;
    } catch {
      // Somebody changed it. Without it, an order may come too early, and the authority says so.
      return none;
    }
  }

  async saveRefusals(host: string, refusals: Refusals): Promise<void> {
    await replaceFile(this.#file(host, "json"), `${JSON.stringify(refusals)}\n`);
  }

  /** Names of hosts are checked when options are read: letters, digits, hyphens and dots. */
  #file(host: string, ending: "pem" | "json"): string {
    return join(this.folder, `${host}.${ending}`);
  }
}

/** Makes a folder, or closes one to other users. */
async function ownFolder(path: string): Promise<void> {
  try {
    await mkdir(path, { mode: FOLDER_MODE });
    return;
  } catch (error) {
    if (errnoOf(error) !== "EEXIST") throw error;
  }
  const found = await lstat(path);
  if (!found.isDirectory()) throw new Error(`${path} is not a folder: remove it.`);
  if ((found.mode & 0o777) !== FOLDER_MODE) await chmod(path, FOLDER_MODE);
}

async function textOf(file: string): Promise<string | null> {
  try {
    return await readFile(file, "utf8");
  } catch (error) {
    if (errnoOf(error) === "ENOENT") return null;
    throw error;
  }
}

/** Writes and syncs a new file, and renames it over the target, so that the target is always complete. */
async function replaceFile(file: string, text: string): Promise<void> {
  const aside = `${file}.new`;
  await rm(aside, { force: true });
  const handle = await open(aside, "wx", FILE_MODE);
  try {
    await handle.writeFile(text);
    await handle.sync();
  } finally {
    await handle.close();
  }
  await rename(aside, file);
  const folder = await open(join(file, ".."), "r");
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
