// Keeps a certificate for each host: orders it, renews it before it expires, and tries again when an order failed.

import { setTimeout as sleep } from "node:timers/promises";
import type { LogLevel } from "../../config/config.ts";
import { printable } from "../../plugins/log.ts";
import { messageOf } from "../../system/errno.ts";
import { formatCount, formatTime, HOUR } from "../../units.ts";
import { shownTime } from "../tls/certificate.ts";
import { thumbprintOf } from "./account-key.ts";
import { type AcmeCertificate, acmeCertificate } from "./issued-certificate.ts";
import type { Binding, Failure, Issued, Order } from "./order-worker.ts";
import { MOST_REFUSALS, permittedFrom, type Refusals, renewalOf, waitAfter } from "./schedule.ts";
import type { AcmeStore } from "./store.ts";

export interface AcmeOptions {
  hosts: readonly string[];
  /** The URL of the authority's directory. */
  directory: string;
  email?: string;
  binding?: Binding;
  store: AcmeStore;
  orders: Orders;
  /** Through which the authority finds the proof that a host is ours. */
  challenges: {
    thumbprint: string | null;
    /** @returns why it cannot be reached */
    open(): string | undefined;
  };
  say: (message: string, level?: LogLevel) => void;
  /** Called after each certificate that came. */
  changed: (certificates: readonly AcmeCertificate[]) => Promise<void> | void;
  clock?: Clock;
}

/** Sends orders. */
export interface Orders {
  /** Never rejects. */
  order(order: Order): Promise<Issued | Failure>;
  /** Ends the running order, which fails. */
  stop(): void;
}

export interface Clock {
  /** Milliseconds since 1970. */
  now(): number;
  /** Resolves after some milliseconds, or when the signal is aborted. */
  wait(milliseconds: number, signal: AbortSignal): Promise<void>;
  /** From 0 to 1. */
  random(): number;
}

/** A host and its certificate, if it has one. */
interface Host {
  name: string;
  certificate?: AcmeCertificate;
  /** When it is ordered next. */
  due: number;
  /** Orders that failed since the last one that did not. */
  failures: number;
  refusals: Refusals;
}

/** Characters of an answer in a line of the log. */
const LONGEST_REASON = 300;
/** Milliseconds: the clock of the machine may be set, and timers are limited to 24 days. */
const LONGEST_SLEEP = HOUR;

export class Acme {
  readonly #clock: Clock;
  readonly #stopping = new AbortController();
  #hosts: Host[] = [];
  #running: Promise<void> = Promise.resolve();
  /** When certificates that could not be used are tried again, and how often they could not. */
  #unused = { due: Number.POSITIVE_INFINITY, failures: 0 };

  constructor(readonly options: AcmeOptions) {
    this.#clock = options.clock ?? systemClock;
  }

  /** Those that are valid now. */
  get certificates(): AcmeCertificate[] {
    const now = this.#clock.now();
    return this.#hosts.flatMap(({ certificate }) =>
      certificate && certificate.expires.getTime() > now ? [certificate] : [],
    );
  }

  /** The name of the authority, for messages. */
  get authority(): string {
    return new URL(this.options.directory).host;
  }

  /** Reads the stored certificates. @throws the system's error when the folder cannot be read */
  async load(): Promise<void> {
    const { hosts, store } = this.options;
    this.#hosts = await Promise.all(
      hosts.map(async (name) => {
        const refusals = await store.refusals(name);
        const due = permittedFrom(refusals, this.#clock.now());
        const host: Host = { name, due, failures: 0, refusals };
        const certificate = await this.#stored(name);
        return certificate ? this.#with(host, certificate) : host;
      }),
    );
  }

  /** Begins to order and renew. */
  start(): void {
    const now = this.#clock.now();
    for (const host of this.#hosts)
      if (!host.certificate && host.due > now)
        this.options.say(
          `${this.#standing(host, now)} ${formatCount(host.refusals.times.length, "order")} ${host.refusals.times.length === 1 ? "was" : "were"} refused. The next try is ${when(host.due, now)}.`,
          "warn",
        );
    this.#running = this.#run();
  }

  /** Ends the running order. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    this.options.orders.stop();
    await this.#running;
  }

  async #stored(name: string): Promise<AcmeCertificate | null> {
    try {
      return await this.options.store.certificate(name);
    } catch (error) {
      this.options.say(`The stored certificate cannot be used: ${messageOf(error)}`, "warn");
      return null;
    }
  }

  #with(host: Host, certificate: AcmeCertificate): Host {
    const renewal = renewalOf(certificate, this.#clock.random());
    return { ...host, certificate, due: Math.max(renewal, permittedFrom(host.refusals, this.#clock.now())) };
  }

  /** One order at a time. */
  async #run(): Promise<void> {
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      const [next] = this.#hosts.toSorted((one, other) => one.due - other.due);
      if (next === undefined) return;
      const wait = Math.min(next.due, this.#unused.due) - this.#clock.now();
      if (wait > 0) await this.#clock.wait(Math.min(wait, LONGEST_SLEEP), signal);
      else if (this.#unused.due <= next.due) await this.#use("Certificates");
      else await this.#order(next);
    }
  }

  async #order(host: Host): Promise<void> {
    const answer = await this.#answerFor(host).catch(
      (error: unknown): Failure => ({ failed: messageOf(error), kind: "unreachable" }),
    );
    if ("failed" in answer) return await this.#failed(host, answer);
    try {
      await this.#issued(host, answer);
    } catch (error) {
      // The authority has counted it.
      await this.#failed(host, { failed: messageOf(error), kind: "refused" });
    }
  }

  async #answerFor({ name }: Host): Promise<Issued | Failure> {
    const { challenges, directory, email, binding, orders, store, say } = this.options;
    const closed = challenges.open();
    // The authority would count an order that cannot succeed.
    if (closed !== undefined) return { failed: closed, kind: "unreachable" };
    const accountKey = await store.accountKey();
    say(`Ordering a certificate for ${name} from ${this.authority}.`);
    challenges.thumbprint = thumbprintOf(accountKey);
    try {
      return await orders.order({
        directory,
        accountKey,
        host: name,
        ...(email !== undefined && { email }),
        ...(binding && { binding }),
      });
    } finally {
      challenges.thumbprint = null;
    }
  }

  async #issued(host: Host, issued: Issued): Promise<void> {
    const { say, store } = this.options;
    const certificate = acmeCertificate(host.name, issued.key + issued.chain);
    const [now, expires] = [this.#clock.now(), certificate.expires.getTime()];
    if (expires <= now)
      throw new Error(
        `the new certificate is over by the clock of this machine, ${shownTime(new Date(now))}: set it`,
      );
    const fresh = this.#with({ ...host, failures: 0, refusals: { times: [], until: 0 } }, certificate);
    // By a clock that is ahead, the new one would soon be due again.
    Object.assign(host, fresh, { due: Math.max(fresh.due, (now + expires) / 2) });
    // One that cannot be stored is used all the same, and ordered again after a restart.
    await store.saveCertificate(host.name, issued).catch((error: unknown) => {
      say(`The certificate of ${host.name} cannot be stored: ${messageOf(error)}.`, "error");
    });
    say(
      `The certificate for ${host.name} from ${this.authority} is valid until ${shownTime(certificate.expires)}; it is renewed on ${shownTime(new Date(host.due))}.`,
    );
    await this.#use(`The certificate for ${host.name}`);
  }

  /** @param what cannot be used yet if this fails, for the log */
  async #use(what: string): Promise<void> {
    const { say, changed } = this.options;
    try {
      await changed(this.certificates);
      this.#unused = { due: Number.POSITIVE_INFINITY, failures: 0 };
    } catch (error) {
      // Not a reason to order another one. The server may have lacked descriptors.
      const failures = this.#unused.failures + 1;
      const wait = waitAfter({ kind: "unreachable", failures }, this.#clock.random());
      this.#unused = { due: this.#clock.now() + wait, failures };
      say(`${what} cannot be used yet: ${messageOf(error)}`, "error");
    }
  }

  async #failed(host: Host, failure: Failure): Promise<void> {
    if (this.#stopping.signal.aborted) return;
    const { say, store } = this.options;
    const now = this.#clock.now();
    host.failures += 1;
    host.due = now + waitAfter({ ...failure, failures: host.failures }, this.#clock.random());
    if (failure.kind === "refused") {
      const until = failure.retryAfter === undefined ? 0 : host.due;
      host.refusals = { times: [...host.refusals.times, now].slice(-MOST_REFUSALS), until };
      host.due = Math.max(host.due, permittedFrom(host.refusals, now));
      await store.saveRefusals(host.name, host.refusals).catch((error: unknown) => {
        say(`A refused order of ${host.name} cannot be recorded: ${messageOf(error)}.`, "error");
      });
    }
    const reason = printable(failure.failed, LONGEST_REASON).replace(/[.\s]+$/, "");
    say(`${this.#standing(host, now)} ${reason}. The next try is ${when(host.due, now)}.`, "warn");
  }

  #standing({ name, certificate }: Host, now: number): string {
    const by = `${this.authority}:`;
    if (!certificate) return `No certificate for ${name} yet from ${by}`;
    const until = shownTime(certificate.expires);
    if (certificate.expires.getTime() <= now)
      return `The certificate of ${name} expired on ${until} and was not renewed by ${by}`;
    return `The certificate of ${name}, valid until ${until}, was not renewed by ${by}`;
  }
}

/** `in 2 min 5 s`, or `on 2026-11-29 17:46 UTC`. */
function when(time: number, now: number): string {
  const wait = time - now;
  return wait < LONGEST_SLEEP ? `in ${formatTime(wait / 1000)}` : `on ${shownTime(new Date(time))}`;
}

const systemClock: Clock = {
  now: () => Date.now(),
  wait: (milliseconds, signal) =>
    sleep(milliseconds, undefined, { signal, ref: false }).catch(() => {
      // Aborted: the caller sees it in the signal.
    }),
  random: Math.random,
};
