// Keeps the certificates of files: reads them again when the files change or on request, and keeps an old one while the new one is bad.

import type { LogLevel } from "../../config/config.ts";
import { DENIED, errnoOf } from "../../system/errno.ts";
import { DAY } from "../../units.ts";
import { type Certificate, endsSoon, shownTime, validityWarning } from "./certificate.ts";
import { type CertificateFiles, fileState, readCertificateFiles } from "./certificate-files.ts";
import { CertificateError } from "./pem.ts";

export interface WatchOptions {
  say: (message: string, level: LogLevel) => void;
  /** Called with all certificates when one of them was replaced. If it throws, they count as not replaced. */
  changed: (certificates: readonly Certificate[]) => void;
  /** Whether it is an error when all files are bad at the start. @default true */
  required?: boolean;
  /** Seconds between two looks at the files. */
  interval?: number;
}

/** A certificate and its key as files. */
interface WatchedPair {
  readonly files: CertificateFiles;
  /** The state of the files when they were read. */
  read: string;
  /** Their state at the last look. */
  seen: string;
  /** When they are read again even if they have not changed, in milliseconds since 1970. */
  again: number;
  certificate?: Certificate;
}

/** Files are looked at rather than observed: programs replace them, their links, or a link in their path. */
const INTERVAL = 2;
/** Milliseconds after which files that could not be read, and a certificate that the server refused, are tried again. */
const RETRY = 60_000;
const LASTING = new Set(["ENOENT", "ENOTDIR", ...DENIED]);
/** Milliseconds between two warnings that a certificate ends soon. */
const WARNING_INTERVAL = DAY;

export class CertificateWatch {
  #running: Promise<void> = Promise.resolve();
  #timer: Timer | undefined;
  /** When it was last said that a certificate ends soon, or has ended. */
  readonly #warned = new WeakMap<Certificate, number>();

  private constructor(
    readonly watched: readonly WatchedPair[],
    readonly options: WatchOptions,
  ) {}

  /**
   * Reads all files, and warns of what is bad. The certificates whose files are bad are missing until the files change.
   * @throws CertificateError when all are bad, though they are required
   */
  static async open(files: readonly CertificateFiles[], options: WatchOptions): Promise<CertificateWatch> {
    const watch = new CertificateWatch(
      files.map((pair) => ({ files: pair, read: "", seen: "", again: Number.POSITIVE_INFINITY })),
      options,
    );
    const faults = await Promise.all(watch.watched.map((one) => read(one)));
    const { interval = INTERVAL, required = true } = options;
    if (required && watch.certificates.length === 0) throw new CertificateError(faults.join(" "));
    for (const one of faults) if (one !== undefined) options.say(one, "error");
    for (const one of watch.certificates) watch.#warnOf(one);
    watch.#timer = setInterval(() => void watch.look(), interval * 1000);
    watch.#timer.unref();
    return watch;
  }

  /** In the order of the files. */
  get certificates(): Certificate[] {
    return this.watched.flatMap(({ certificate }) => certificate ?? []);
  }

  /** Reads what has changed since it was read, at once. */
  reread(): Promise<void> {
    return this.#look(true);
  }

  /** Reads what has changed since it was read, but not since the last look. */
  look(): Promise<void> {
    return this.#look(false);
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    await this.#running;
  }

  /** One look after the other. */
  #look(now: boolean): Promise<void> {
    const { say } = this.options;
    this.#running = this.#running
      .then(() => this.#replaceChanged(now))
      .catch((error: unknown) => say(`The certificates cannot be read again: ${String(error)}.`, "error"));
    return this.#running;
  }

  async #replaceChanged(now: boolean): Promise<void> {
    this.#warnOfExpiry();
    let changed = false;
    for (const one of this.watched) {
      const state = await stateOf(one.files);
      // Files that still change are read at the next look: a certificate is often written before its key.
      const settled = now || state === one.seen;
      one.seen = state;
      const due = one.again <= (now ? Number.MAX_VALUE : Date.now());
      if ((state === one.read && !due) || !settled) continue;
      changed = true;
      await this.#replace(one);
    }
    // The person who asked for the look sees that it has happened.
    if (now && !changed) this.options.say("No file of a certificate has changed since it was read.", "info");
  }

  async #replace(one: WatchedPair): Promise<void> {
    const { say, changed } = this.options;
    const old = one.certificate;
    const fault = await read(one);
    const next = one.certificate;
    if (fault !== undefined || !next) return say(`${fault} ${remaining(old, one.again)}`, "error");
    if (next.cert === old?.cert && next.key === old.key) return;
    try {
      changed(this.certificates);
    } catch (error) {
      if (old) one.certificate = old;
      one.again = Date.now() + RETRY;
      return say(`${next.from} cannot be used: ${String(error)}. ${remaining(old, one.again)}`, "error");
    }
    say(
      `${next.from} is used from now on: ${next.names.join(", ")}, until ${shownTime(next.expires)}.`,
      "info",
    );
    this.#warnOf(next);
  }

  #warnOf(certificate: Certificate): void {
    const invalid = validityWarning(certificate);
    if (invalid !== undefined) {
      this.options.say(invalid, "error");
      this.#warned.set(certificate, Date.now());
    }
    for (const warning of certificate.warnings) this.options.say(warning, "warn");
  }

  #warnOfExpiry(): void {
    const now = Date.now();
    for (const one of this.certificates) {
      if (!endsSoon(one, now) || now - (this.#warned.get(one) ?? 0) < WARNING_INTERVAL) continue;
      const { expires, from } = one;
      this.#warned.set(one, now);
      const verb = expires.getTime() > now ? "expires" : "expired";
      this.options.say(`${from} ${verb} on ${shownTime(expires)}: renew it.`, "warn");
    }
  }
}

/** Reads the files of one certificate, and keeps the old one when they are bad. @returns what is bad */
async function read(one: WatchedPair): Promise<string | undefined> {
  // Before the files: one that changes meanwhile is read again.
  one.read = await stateOf(one.files);
  one.seen = one.read;
  one.again = Number.POSITIVE_INFINITY;
  try {
    const certificate = await readCertificateFiles(one.files);
    const invalid = validityWarning(certificate);
    if (invalid !== undefined && one.certificate && validityWarning(one.certificate) === undefined) {
      const begins = certificate.begins.getTime();
      if (begins > Date.now()) one.again = Math.min(begins, one.certificate.expires.getTime() + 1);
      return invalid;
    }
    one.certificate = certificate;
    return undefined;
  } catch (error) {
    if (!(error instanceof CertificateError)) throw error;
    // Whether it is there, and who may read it, is part of its state. The process may also have lacked descriptors.
    if (error.cause !== undefined && !LASTING.has(errnoOf(error.cause) ?? "")) one.again = Date.now() + RETRY;
    return error.message;
  }
}

async function stateOf({ cert, key }: CertificateFiles): Promise<string> {
  return (await Promise.all([cert, key].map(fileState))).join(" ");
}

/** A sentence about the certificate that is used while a new one is bad. */
function remaining(old: Certificate | undefined, again: number): string {
  const time = Number.isFinite(again) ? `, and on ${shownTime(new Date(again))}` : "";
  return old === undefined
    ? `There was no certificate before; the files are read again when they change${time}.`
    : `The previous certificate stays in use, until ${shownTime(old.expires)}; the files are read again when they change${time}.`;
}
