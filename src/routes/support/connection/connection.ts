// The connection of a request: found by its addresses, and cut.

import { Connection } from "../../../system/pacing.ts";
import type { Listener } from "../idle-timeout.ts";

/** Null when it cannot be known: see `Connection.find`. Only while the answer has not ended. */
export function connectionOf(request: Request, server: Listener): Connection | null {
  const peer = server?.requestIP(request);
  if (!server || !peer) return null;
  return Connection.find({ address: server.hostname ?? "", port: server.port ?? 0 }, peer);
}

/**
 * Cuts the connection of a request whose answer is being sent, so that its client notices at once. Elsewhere than on Linux
 * the connection is closed after a second, by its idle timeout.
 */
export function cutConnection(request: Request, server: Listener): void {
  if (connectionOf(request, server)?.cut()) return;
  server?.timeout(request, 1);
}
