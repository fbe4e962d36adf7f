// All certificates of a server, from files and from an authority, and the plain listener beside them.

import { isIP } from "node:net";
import type { Config, LogLevel } from "../config/config.ts";
import { tcpAddressesOf } from "../config/listen-address.ts";
import { messageOf } from "../system/errno.ts";
import { isLoopback } from "../system/loopback.ts";
import type { Acme } from "./acme/acme.ts";
import { checkConsent, openAcme } from "./acme/open-acme.ts";
import { HttpListener, type HttpsSite } from "./http-listener.ts";
import type { Listeners, Tls } from "./listeners.ts";
import type { Certificate } from "./tls/certificate.ts";
import { pairedFiles } from "./tls/certificate-files.ts";
import { tlsOptions, urlWarning } from "./tls/sni.ts";
import { CertificateWatch } from "./tls/watch.ts";

export interface CertificateContext {
  /** The root, absolute. */
  root: string;
  say: (message: string, level?: LogLevel) => void;
}

/** Milliseconds after which a port that could not be opened is tried again. */
const RETRY = 30_000;

export class CertificateSet {
  readonly #http: HttpListener | undefined;
  #files: CertificateWatch | undefined;
  #acme: Acme | undefined;
  #listeners: Listeners | undefined;
  /** Called when the first certificate has come and addresses are open. */
  #opened: () => void = () => {};
  #retry: Timer | undefined;
  #beginning: Promise<void> = Promise.resolve();

  private constructor(
    readonly config: Config,
    readonly context: CertificateContext,
  ) {
    const port = config.redirectPort ?? (config.acme.length > 0 ? 80 : undefined);
    const hosts = distinctHosts(tcpAddressesOf(config).map(({ host }) => host));
    if (port !== undefined) this.#http = new HttpListener({ hosts, port, site: () => this.#site });
  }

  /**
   * Reads the certificates of files.
   * @throws CertificateError when all are bad and there is no authority, AcmeError without consent to the terms of the authority
   */
  static async open(config: Config, context: CertificateContext): Promise<CertificateSet> {
    const set = new CertificateSet(config, context);
    const { tlsCert, tlsKey, acme } = config;
    if (acme.length > 0) await checkConsent(config);
    const { say } = context;
    const changed = (): void => {
      set.#replace();
      void set.#begin();
    };
    // Without those of files there are still those of the authority.
    const required = acme.length === 0;
    if (tlsCert.length > 0)
      set.#files = await CertificateWatch.open(pairedFiles(tlsCert, tlsKey), { say, changed, required });
    const warning = tlsCert.length > 0 ? urlWarning(config, set.certificates) : undefined;
    if (warning !== undefined) say(warning, "warn");
    return set;
  }

  /**
   * Reads the certificates that an authority has issued before, and opens the plain listener. Needs the folder of the server in the root.
   * @throws AcmeError when there is neither a certificate nor a way to get one
   */
  async readIssued(): Promise<void> {
    const { config, context } = this;
    const { say } = context;
    if (config.acme.length === 0) {
      const fault = this.#http?.open();
      if (fault !== undefined) say(`Nobody is redirected to https until the next start: ${fault}.`, "warn");
    } else if (this.#http) {
      const changed = (): Promise<void> => this.#add();
      this.#acme = await openAcme(config, { ...context, http: this.#http, changed });
      if (tcpAddressesOf(config).every(({ host }) => isLoopback(host)))
        say(
          "--acme: an authority cannot reach an address of this machine alone; listen on --host :: unless something forwards port 80.",
          "warn",
        );
    }
  }

  /** For `Listeners.open`; undefined when nothing speaks TLS. */
  get tls(): Tls | "awaited" | undefined {
    const { certificates } = this;
    if (certificates.length > 0) return tlsOptions(certificates);
    return this.#acme && "awaited";
  }

  /** Those of files come first: a client that names no host gets the first one. */
  get certificates(): Certificate[] {
    return [...(this.#files?.certificates ?? []), ...(this.#acme?.certificates ?? [])];
  }

  /** Host names of the certificates, without patterns and addresses. */
  get names(): string[] {
    const names = this.certificates.flatMap((certificate) => certificate.names);
    return [...new Set(names)].filter((name) => !name.startsWith("*.") && isIP(name) === 0);
  }

  /** Which hosts have no certificate yet, as a line for people; undefined when addresses are open. */
  get awaiting(): string | undefined {
    if (!this.#acme || this.certificates.length > 0) return undefined;
    const hosts = this.config.acme.join(", ");
    return `No certificate yet: ${hosts} ${this.config.acme.length > 1 ? "are" : "is"} ordered from ${this.#acme.authority}. Ports open when it comes; the log says how it goes.`;
  }

  /**
   * Keeps the certificates of the listeners up to date, and orders what is missing.
   * @param opened called when listeners that waited for the first certificate are open
   */
  serve(listeners: Listeners, opened: () => void): void {
    this.#listeners = listeners;
    this.#opened = opened;
    this.#acme?.start();
  }

  /** Reads files again that have changed. */
  async reread(): Promise<void> {
    await this.#files?.reread();
  }

  /** Ends a running order, and closes the plain listener. */
  async close(): Promise<void> {
    clearTimeout(this.#retry);
    await Promise.all([this.#files?.close(), this.#acme?.stop(), this.#http?.close()]);
  }

  /** Where the plain listener sends clients. */
  get #site(): HttpsSite | undefined {
    const ports = this.#listeners?.listeners.flatMap(({ secure, server }) =>
      secure ? (server.port ?? []) : [],
    );
    const port = ports?.includes(443) ? 443 : ports?.[0];
    if (port === undefined) return undefined;
    const names = this.certificates.flatMap((certificate) => certificate.names);
    // Something in front, such as a router, may forward another port to this one.
    const { hostname, port: outside } = new URL(this.config.url ?? "http://none");
    if (this.config.url?.startsWith("https:") !== true) return { names, port };
    return { names: [hostname, ...names], port: Number(outside || 443) };
  }

  async #add(): Promise<void> {
    this.#replace();
    await this.#begin();
  }

  /** Opens what waits for the first certificate. Certificates of files and of an authority may come at the same time. */
  #begin(): Promise<void> {
    this.#beginning = this.#beginning.then(() => this.#openWaiting());
    return this.#beginning;
  }

  /** One port that cannot be opened does not keep new certificates from the others. */
  async #openWaiting(): Promise<void> {
    if (!this.#listeners?.isWaiting) return;
    clearTimeout(this.#retry);
    try {
      await this.#listeners.begin(tlsOptions(this.certificates));
      this.#opened();
    } catch (error) {
      const reason = messageOf(error);
      this.context.say(`${reason} This is tried again.`, "error");
      this.#retry = setTimeout(() => void this.#begin(), RETRY);
    }
  }

  #replace(): void {
    this.#listeners?.reload(tlsOptions(this.certificates));
  }
}

/** Without those that another one covers: a port cannot be opened at `::` and at `0.0.0.0`. */
export function distinctHosts(hosts: readonly string[]): string[] {
  if (hosts.includes("::")) return ["::"];
  const all = [...new Set(hosts)];
  return all.includes("0.0.0.0") ? all.filter((host) => host === "0.0.0.0" || isIP(host) !== 4) : all;
}
