// Runs an app until a signal ends it: listens, says so, drains, and tells what it waits for.

import { resolve } from "node:path";
import { type AppOptions, createApp } from "./app.ts";
import type { Config } from "./config.ts";
import { createLog, printable } from "./plugins/log.ts";
import { RootInUse } from "./storage/disk/lock.ts";

/** Milliseconds after the first signal in which the same signal counts as the same: a terminal may send it twice. */
const SAME_SIGNAL = 50;

/**
 * Serves until SIGTERM or SIGINT.
 * @returns the exit code: 0 stopped as asked, 1 failed, or a second signal cut what ran
 */
export async function serve(config: Config): Promise<number> {
  const log = createLog(config.log);
  const running = await start({ ...config, logger: log });
  if (typeof running === "string") {
    process.stderr.write(`sluice: ${running}\n`);
    return 1;
  }
  const { app, stopped } = running;
  const { engine, storage } = app.decorator.services;

  const signal = await nextSignal();
  engine.drain();
  let code = 0;
  if (engine.slots.taken > 0) {
    log.say(
      `${signal}: waiting up to ${config.drain} s for ${describe(engine)}; the same signal again ends them now.`,
    );
    const end = await Promise.race([
      engine.running.idle().then(() => "idle" as const),
      Bun.sleep(config.drain * 1000).then(() => "late" as const),
      Bun.sleep(SAME_SIGNAL)
        .then(nextSignal)
        .then(() => "again" as const),
    ]);
    if (end === "late") log.say(`--drain ${config.drain} s is over: ${describe(engine)} cut.`);
    if (end === "again") code = 1;
  }
  await stopped(engine.slots.taken > 0);
  await engine.running.idle();
  await storage.close();
  log.say("Stopped.");
  return code;
}

async function start(options: AppOptions & Config) {
  try {
    const app = await createApp(options);
    await app.modules;
    app.listen({ port: options.port, hostname: options.host });
    const server = app.server;
    if (!server) return "The server did not start.";
    const host = options.host.includes(":") ? `[${options.host}]` : options.host;
    process.stdout.write(
      `Sluice is listening on http://${host}:${server.port} (root: ${printable(resolve(options.root), 4096)})\n`,
    );
    return { app, stopped: (cut: boolean) => app.stop(cut) };
  } catch (error) {
    return reason(error, options);
  }
}

function reason(error: unknown, { root, host, port }: Config): string {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  if (error instanceof RootInUse) return `${printable(root)}: ${error.message}`;
  if (code === "EADDRINUSE")
    return `Port ${port} of ${host} is taken: choose another with --port, or --port 0 for any.`;
  if (code === "EADDRNOTAVAIL") return `${host} is not an address of this machine: change --host.`;
  if (code === "EACCES" || code === "EPERM")
    return `Not permitted: ${printable(error instanceof Error ? error.message : "")}`;
  if (code === "ENOTDIR" || code === "EEXIST") return `The root ${printable(root)} is not a folder.`;
  if (code === "ENOENT") return `The root ${printable(root)} does not exist.`;
  return printable(error instanceof Error ? error.message : String(error));
}

function describe({
  running,
}: {
  running: { reports(): { path: string; received: number; size?: number }[] };
}): string {
  const reports = running.reports();
  const some = reports.slice(0, 3).map(({ path, received, size }) => {
    const share = size ? ` (${Math.floor((received / size) * 100)} %)` : "";
    return `${printable(path, 80)}${share}`;
  });
  const more = reports.length > some.length ? ` and ${reports.length - some.length} more` : "";
  return `${reports.length} upload${reports.length === 1 ? "" : "s"}: ${some.join(", ")}${more}`;
}

/** The name of the next SIGTERM or SIGINT. */
function nextSignal(): Promise<string> {
  return new Promise((resolve) => {
    const seen = (signal: NodeJS.Signals): void => {
      process.off("SIGTERM", seen);
      process.off("SIGINT", seen);
      resolve(signal);
    };
    process.on("SIGTERM", seen);
    process.on("SIGINT", seen);
  });
}
