// The file of a Unix socket: made with its permissions, and cleared away when stale. Bun removes it at the end.

import { type BigIntStats, linkSync, lstatSync, renameSync, rmSync } from "node:fs";
import { connect } from "node:net";
import { dirname } from "node:path";
import { printable } from "../plugins/log.ts";
import { errnoOf } from "../system/errno.ts";
import { ListenError, takenSocket } from "./listen-error.ts";

/** A server listens on a Unix socket already. */
export class SocketInUse extends ListenError {}

/**
 * Removes the socket of a server that has ended without doing so itself.
 * @throws ListenError like {@link isStaleSocket}
 */
export async function clearStaleSocket(path: string): Promise<void> {
  const before = statOf(path);
  if (!(await isStaleSocket(path)) || !before) return;
  // Since that look, another start may have put its own socket there: what is moved aside is looked at again.
  const aside = `${path}.${process.pid}`;
  try {
    renameSync(path, aside);
  } catch (error) {
    // The other one has removed it.
    if (errnoOf(error) === "ENOENT") return;
    throw error;
  }
  const moved = statOf(aside);
  const isSame = moved?.ino === before.ino && moved.mtimeNs === before.mtimeNs;
  if (!isSame) linkSync(aside, path);
  rmSync(aside);
  if (!isSame) throw new SocketInUse(takenSocket(path));
}

/**
 * Whether a server that has ended has left a socket, in whose place another may be made. If not, the path is free.
 * @throws ListenError when another server listens there, when the path is no socket, or its folder is missing
 */
export async function isStaleSocket(path: string): Promise<boolean> {
  const there = statOf(path);
  if (there === undefined) {
    if (statOf(dirname(path)) !== undefined) return false;
    throw new ListenError(
      `The folder ${printable(dirname(path))} of the Unix socket does not exist: create it, in a systemd unit with RuntimeDirectory=, or change --listen.`,
    );
  }
  const shown = printable(path);
  if (!there.isSocket())
    throw new ListenError(
      `${shown} exists and is no Unix socket: remove it, or choose another path with --listen.`,
    );
  const code = await connecting(path);
  if (code === undefined) throw new SocketInUse(takenSocket(path));
  if (code !== "ECONNREFUSED")
    throw new ListenError(
      `The Unix socket ${shown} exists, and connecting to it failed with ${code}: remove it, or choose another path with --listen.`,
    );
  return true;
}

/** Runs `listen`, which makes a socket, so that its file has these permissions from the beginning. */
export function withMode<T>(mode: number, listen: () => T): T {
  const before = process.umask(0o777 & ~mode);
  try {
    return listen();
  } finally {
    process.umask(before);
  }
}

/** The errno of connect(2); undefined when a server accepts the connection. */
function connecting(path: string): Promise<string | undefined> {
  return new Promise((resolve) => {
    const socket = connect({ path });
    socket.once("connect", () => {
      socket.destroy();
      resolve(undefined);
    });
    socket.once("error", (error) => resolve(errnoOf(error) ?? error.message));
  });
}

function statOf(path: string): BigIntStats | undefined {
  return lstatSync(path, { bigint: true, throwIfNoEntry: false });
}
