// Tells systemd how far the service is, and that it still works (sd_notify(3), units with Type=notify and WatchdogSec=).

import { sendDatagram } from "../system/sockets/datagram.ts";

type Environment = Readonly<Record<string, string | undefined>>;
type SendDatagram = (address: string, text: string) => boolean;

/** The service manager that has started this process. Without one, all of it does nothing. */
export class Systemd {
  readonly #address: string | undefined;
  /** Milliseconds within which systemd expects a sign of life. */
  readonly #patience: number | undefined;
  /** While the service is ready. */
  #status: string | undefined;

  constructor(
    env: Environment,
    readonly send: SendDatagram = sendDatagram,
  ) {
    this.#address = env["NOTIFY_SOCKET"];
    const patience = Number(env["WATCHDOG_USEC"] ?? 0) / 1000;
    this.#patience =
      isForThis(env["WATCHDOG_PID"]) && patience > 0 && Number.isFinite(patience) ? patience : undefined;
  }

  /** @param status one line for `systemctl status` */
  ready(status: string): void {
    this.#status = status;
    this.#notify("READY=1", `STATUS=${status}`);
  }

  /** Runs a step that reads again what can change while the service runs. */
  async reload(step: () => Promise<void>): Promise<void> {
    if (this.#status !== undefined) this.#notify("RELOADING=1", "STATUS=Reading the certificates again");
    await step();
    if (this.#status !== undefined) this.ready(this.#status);
  }

  stopping(status: string): void {
    this.#status = undefined;
    this.#notify("STOPPING=1", `STATUS=${status}`);
  }

  /**
   * Gives a sign of life for as long as the process runs, each after `check` has answered, with success or an error. There is none
   * while it does not answer, or the event loop does not run: systemd then ends the service and starts it again.
   */
  watch(check: () => Promise<unknown>): void {
    const patience = this.#patience;
    if (patience === undefined || this.#address === undefined) return;
    let busy = false;
    const checkOnce = async (): Promise<void> => {
      if (busy) return;
      busy = true;
      await check().catch(() => {});
      busy = false;
      this.#notify("WATCHDOG=1");
    };
    // Twice as often as needed, as sd_watchdog_enabled(3) recommends.
    setInterval(() => void checkOnce(), patience / 2).unref();
  }

  #notify(...lines: string[]): void {
    if (this.#address === undefined) return;
    this.send(this.#address, lines.map((line) => line.replace(/\s+/g, " ")).join("\n"));
  }
}

/**
 * Why a server that systemd gives a listening socket does not start: Bun's server ignores descriptors that it is given.
 * @returns undefined when it gives none to this process
 */
export function socketActivation(env: Environment): string | undefined {
  const count = Number(env["LISTEN_FDS"] ?? 0);
  if (!(count > 0) || !isForThis(env["LISTEN_PID"])) return undefined;
  return "LISTEN_FDS is set: systemd listens for this service and passes the socket, which this program cannot take. Disable the .socket unit and name the address with --listen, or let systemd-socket-proxyd pass connections on to --listen unix:PATH.";
}

/** Whether variables are meant for this process, which also inherits those of its parent. @param pid the process that they name, if any */
function isForThis(pid: string | undefined): boolean {
  return [undefined, "", `${process.pid}`].includes(pid);
}
