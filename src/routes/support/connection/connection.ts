// The connection of a request: found by its addresses, and cut.

import { listenerOf } from "../../../plugins/request-info.ts";
import { Connection } from "../../../system/pacing.ts";
import type { BunServer } from "../idle-timeout.ts";

/** Null when it cannot be known: see `Connection.find`. Only while the answer has not ended. */
export function connectionOf(request: Request, server: BunServer): Connection | null {
  const { hostname = "", port = 0 } = listenerOf(request)?.server ?? server ?? {};
  const peer = server?.requestIP(request);
  return peer ? Connection.find({ address: hostname, port }, peer) : null;
}

/**
 * Cuts the connection of a request whose answer is being sent, so that its client notices at once. Elsewhere than on Linux
 * the connection is closed after a second, by its idle timeout.
 */
export function cutConnection(request: Request, server: BunServer): void {
  if (connectionOf(request, server)?.cut()) return;
  server?.timeout(request, 1);
}
