// Runs an app until a signal stops it: listens, drains running requests, and logs what it waits for.

import { join, resolve } from "node:path";
import { ignoresCase } from "./access/database/ignores-case.ts";
import { type App, type AppOptions, createApp } from "./app.ts";
import type { Config } from "./config/config.ts";
import { addressesOf } from "./config/listen-address.ts";
import { tlsFault } from "./config/tls-options.ts";
import { AcmeError } from "./listen/acme/open-acme.ts";
import { announcement } from "./listen/announcement.ts";
import { CertificateSet } from "./listen/certificate-set.ts";
import { ListenError, MANY_ADDRESSES, ONE_ADDRESS } from "./listen/listen-error.ts";
import { Listeners } from "./listen/listeners.ts";
import { Systemd, socketActivation } from "./listen/systemd.ts";
import { CertificateError } from "./listen/tls/pem.ts";
import { RESERVED } from "./path.ts";
import { createLog, type Log, printable } from "./plugins/log.ts";
import type { Services } from "./routes/support/services.ts";
import { RootInUse } from "./storage/disk/root/root-lock.ts";
import { errnoOf, messageOf } from "./system/errno.ts";
import { formatCount } from "./units.ts";

/** Milliseconds in which a second signal is ignored: a terminal or a supervisor may send the same one twice. */
const SIGNAL_DEBOUNCE = 50;
/** Concurrent uploads from which garbage collection is forced. */
const GC_UPLOADS = 64;
/** Seconds between two forced collections, each of which takes about 10 to 40 ms. */
const GC_INTERVAL = 3;

/** Seconds that shutdown waits for the disk to delete aborted uploads before the process exits anyway. */
const CLEANUP_TIMEOUT = 10;

/**
 * Serves until SIGTERM or SIGINT.
 * @returns the exit code: 0 after a clean shutdown, 1 after a failure or a second signal
 */
export async function serve(config: Config, { setup = false } = {}): Promise<number> {
  const log = createLog(config.log, undefined, config.logLevel);
  const systemd = new Systemd(process.env);
  const started = await start({ ...config, setup, logger: log }, systemd);
  if (typeof started === "string") {
    process.stderr.write(`sluice: ${started}\n`);
    return 1;
  }
  const { app, certificates } = started;
  const { access, uploader, events, storage } = app.decorator.services;
  if (access.hasFolderRules && ignoresCase(join(resolve(config.root), RESERVED)))
    log.say(
      "The file system of the root ignores case: a rule for a folder does not hold for other spellings of its name. Grant at the root only, or serve another file system.",
      "warn",
    );
  if (config.loginHeader !== undefined && config.trustedProxy.length === 0)
    log.say("--login-header is ignored: name the proxy that sets it with --trusted-proxy.", "warn");
  const signals = new Signals();
  collectGarbage(uploader);

  systemd.watch(() => (access.mayChange ? storage.check() : storage.space()));

  const signal = await signals.next();
  uploader.drain();
  const closed = certificates.close();
  const busy = runningIn(app);
  systemd.stopping(busy ? `Waiting up to ${config.drain} s for ${busy}` : "Stopping");
  // Event streams never end on their own.
  events.close();
  if (busy) log.say(`${signal}: waiting up to ${config.drain} s for ${busy}; another signal ends them now.`);
  const end = await Promise.race([
    finished(app).then(() => "finished" as const),
    Bun.sleep(config.drain * 1000).then(() => "late" as const),
    signals.next().then(() => "again" as const),
  ]);
  const remaining = runningIn(app);
  if (end === "late" && remaining) log.say(`--drain ${config.drain} s is over: ${remaining} cut.`);
  const cleaned = await Promise.race([
    Promise.all([cleanUp(app, end === "finished"), closed]).then(() => true),
    signals.next().then(() => false),
    Bun.sleep(CLEANUP_TIMEOUT * 1000).then(() => false),
  ]);
  log.say(cleaned ? "Stopped." : "Stopped, though the disk did not answer.");
  return cleaned && end !== "again" ? 0 : 1;
}

/**
 * Forces garbage collection while many uploads run. Hundreds of slow uploads produce small objects that survive minor
 * collections: 500 uploads peaked at 175 to 190 MB of memory without this, at 125 to 135 MB with it.
 */
function collectGarbage({ slots }: Services["uploader"]): void {
  let wasBusy = false;
  setInterval(() => {
    const idle = slots.taken === 0;
    // Once more after the last upload, so that an idle server returns memory to the system.
    if (slots.taken >= GC_UPLOADS || (idle && wasBusy)) Bun.gc(true);
    wasBusy = !idle;
  }, GC_INTERVAL * 1000).unref();
}

/** Aborts requests that still run, then closes the services and releases the root. */
async function cleanUp(app: App, finished: boolean): Promise<void> {
  if (!finished && app.server) await app.stop(true);
  await app.decorator.services.close();
}

/** Waits for uploads to finish while new requests still get 503 `draining`, then stops listening. */
async function finished(app: App): Promise<void> {
  await app.decorator.services.uploader.slots.idle();
  // There is none before the first certificate.
  if (app.server) await app.stop(false);
}

type StartOptions = AppOptions & Config & { logger: Log };

/** @returns why it cannot start, as a text */
async function start(options: StartOptions, systemd: Systemd) {
  try {
    const fault = socketActivation(process.env) ?? tlsFault(options);
    if (fault !== undefined) return fault;
    const { say } = options.logger;
    const certificates = await CertificateSet.open(options, { root: resolve(options.root), say });
    // Without files it ends the process, as usual when a terminal is closed.
    if (options.tlsCert.length > 0)
      process.on("SIGHUP", () => void systemd.reload(() => certificates.reread()));
    const app = await createApp(options);
    await app.modules;
    const { gauges, close } = app.decorator.services;
    gauges.certificates.served = () => certificates.certificates;
    try {
      await certificates.readIssued();
      await listen(app, options, certificates, systemd);
    } catch (error) {
      await certificates.close();
      await close();
      throw error;
    }
    return { app, certificates };
  } catch (error) {
    return reason(error, options);
  }
}

/** Opens the addresses, or waits for the first certificate, and tells people and systemd. @throws ListenError */
async function listen(app: App, options: StartOptions, certificates: CertificateSet, systemd: Systemd) {
  const { access, setup } = app.decorator.services;
  const many = options.listen.length > 0;
  const listeners = await Listeners.open(app, addressesOf(options), {
    flags: many ? MANY_ADDRESSES : ONE_ADDRESS,
    tls: certificates.tls,
    http2: options.http2,
    http3: options.http3,
  });
  const announce = (): void => {
    // In one write: a reader such as `head -1` may be gone after the first line.
    process.stdout.write(
      announcement(listeners.listeners, {
        ...options,
        root: resolve(options.root),
        names: certificates.names,
        many,
        closed: access.closed,
        setup: options.setup ? (setup?.token ?? null) : undefined,
      }),
    );
    systemd.ready(`Listening on ${listeners.urls.join(", ")}`);
  };
  if (certificates.awaiting !== undefined) {
    process.stdout.write(`${certificates.awaiting}\n`);
    // It may take longer than systemd waits for a start.
    systemd.ready(certificates.awaiting);
  }
  if (listeners.listeners.length > 0) announce();
  certificates.serve(listeners, announce);
}

function reason(error: unknown, { root }: Config): string {
  const code = errnoOf(error);
  if (error instanceof ListenError || error instanceof CertificateError || error instanceof AcmeError)
    return error.message;
  if (error instanceof RootInUse) return `${printable(root)}: ${error.message}`;
  if (code === "EACCES" || code === "EPERM")
    return `Not permitted: ${printable(error instanceof Error ? error.message : "")}`;
  if (code === "ENOTDIR" || code === "EEXIST") return `The root ${printable(root)} is not a folder.`;
  if (code === "ENOENT") return `The root ${printable(root)} does not exist.`;
  return printable(messageOf(error));
}

/** Describes the requests and jobs that shutdown waits for; "" when there are none. */
function runningIn({ server, decorator }: App): string {
  const { uploader, events } = decorator.services;
  const reports = uploader.activeUploads.reports();
  const others = Math.max(0, (server?.pendingRequests ?? 0) - reports.length - events.size);
  const listed = reports.slice(0, 3).map(({ path, received, size }) => {
    const percent = size ? ` (${Math.floor((received / size) * 100)} %)` : "";
    return `${printable(path, 80)}${percent}`;
  });
  const more = reports.length > listed.length ? ` and ${reports.length - listed.length} more` : "";
  const uploads =
    reports.length > 0 && `${formatCount(reports.length, "upload")}: ${listed.join(", ")}${more}`;
  const copies = decorator.services.jobs.unfinished;
  const jobs = copies > 0 && (copies === 1 ? "1 copy" : `${copies} copies`);
  return [uploads, jobs, others > 0 && formatCount(others, "other request")].filter(Boolean).join("; ");
}

/** Receives SIGTERM and SIGINT. Once constructed, neither signal ends the process by default. */
class Signals {
  #resolve: ((signal: string) => void) | undefined;
  #last = Number.NEGATIVE_INFINITY;

  constructor() {
    for (const signal of ["SIGTERM", "SIGINT"]) process.on(signal, () => this.#receive(signal));
  }

  /** The name of the next signal. Signals that arrive while no caller waits are ignored. */
  next(): Promise<string> {
    return new Promise((resolve) => {
      this.#resolve = resolve;
    });
  }

  #receive(signal: string): void {
    const now = performance.now();
    if (now - this.#last < SIGNAL_DEBOUNCE) return;
    this.#last = now;
    this.#resolve?.(signal);
  }
}
