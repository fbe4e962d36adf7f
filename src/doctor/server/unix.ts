// Checks the Unix sockets that the server will use.

import { ListenError } from "../../listen/listen-error.ts";
import { isStaleSocket, SocketInUse } from "../../listen/unix-socket.ts";
import { printable } from "../../plugins/log.ts";
import { about, type Finding } from "../finding.ts";
import { askHealth } from "./port.ts";

export async function socketFinding(path: string): Promise<Finding> {
  const { ok, problem } = about("socket", "Unix socket");
  const shown = printable(path, 120);
  try {
    return (await isStaleSocket(path))
      ? ok(`${shown} is free`, {
          reason: "A server that has ended has left it; the next start replaces it.",
        })
      : ok(`${shown} is free`);
  } catch (error) {
    if (!(error instanceof ListenError)) throw error;
    const sluice = error instanceof SocketInUse ? await askHealth("http://localhost", path) : undefined;
    if (sluice) return ok(`${shown}, where Sluice ${printable(sluice.version, 20)} runs`);
    return problem(`${shown} cannot be used`, { advice: error.message });
  }
}
