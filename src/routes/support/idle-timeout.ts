// Bun's own idle timeout of a connection: restarted by requests that make progress, suspended while the server works.

import type { Server } from "bun";
import type { Config } from "../../config/config.ts";
import { timed } from "../../plugins/request-info.ts";

/** Seconds that Bun waits longer than `--idle-timeout`, so that the server can answer before Bun closes the connection. */
const GRACE = 15;

/** Bun's server, `null` when the app is called without one. */
export type BunServer = Server<unknown> | null;

/** Restarts Bun's idle timeout of this connection. @param idleTimeout seconds */
export function restartIdleTimeout(request: Request, server: BunServer, idleTimeout: number): void {
  server?.timeout(request, Math.ceil(idleTimeout) + GRACE);
}

/** Suspends Bun's idle timeout of this connection until it is restarted. */
export function suspendIdleTimeout(request: Request, server: BunServer): void {
  server?.timeout(request, 0);
}

/**
 * Suspends the idle timeout while `step` runs.
 * @param part the name under which `timed` reports the duration; `null` to report none
 */
export async function withoutIdleTimeout<T>(
  { config }: { config: Pick<Config, "idleTimeout"> },
  request: Request,
  server: BunServer,
  step: () => Promise<T>,
  part: string | null = "storage",
): Promise<T> {
  suspendIdleTimeout(request, server);
  try {
    return await (part === null ? step() : timed(request, part, step));
  } finally {
    restartIdleTimeout(request, server, config.idleTimeout);
  }
}
