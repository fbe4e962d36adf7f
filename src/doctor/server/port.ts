// Checks the port the server will use, which process holds it, and whether another Sluice holds the root.

import { existsSync, readdirSync, readlinkSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { type Flags, ONE_ADDRESS } from "../../listen/listen-error.ts";
import { RESERVED } from "../../path.ts";
import { printable } from "../../plugins/log.ts";
import { lockRoot, RootInUse } from "../../storage/disk/root/root-lock.ts";
import { inUrl, localOrigin } from "../../system/addresses.ts";
import { about, type Finding, type ReadText } from "../finding.ts";

/** The result of trying the port. */
export interface PortReadings {
  readonly host: string;
  readonly port: number;
  /** Those that name the address. */
  readonly flags: Flags;
  /** The errno of listen(2), when it failed. */
  readonly refused?: string | undefined;
  /** The process that listens on the port, if this user may see it. */
  readonly holder?: { readonly pid: number; readonly name: string } | undefined;
  /** The answer to GET /health when Sluice listens there. */
  readonly sluice?: { readonly status: string; readonly version: string } | undefined;
  /** Whether another process holds the lock of the root. */
  readonly locked: boolean;
}

/** @param locks whether the server would lock the root: a read-only server does not */
export async function readPort(
  {
    host,
    port,
    flags,
    root,
    locks,
  }: Pick<PortReadings, "host" | "port" | "flags"> & { root: string; locks: boolean },
  read: ReadText,
): Promise<PortReadings> {
  const refused = await tryListening(host, port);
  const taken = refused === "EADDRINUSE";
  const holder = taken ? holderOf(port, read) : undefined;
  return {
    host,
    port,
    flags,
    refused,
    holder,
    sluice: taken ? await findSluice(host, port) : undefined,
    locked: locks && isLocked(root),
  };
}

export function portFinding({ host, port, flags, refused, holder, sluice, locked }: PortReadings): Finding {
  const { ok, warning, problem } = about("port", "Port");
  const address = `${inUrl(host)}:${port}`;
  const who = holder ? `${printable(holder.name, 40)} (process ${holder.pid})` : "another process";
  if (sluice && (sluice.status === "ok" || sluice.status === "draining"))
    return ok(`${address}, where Sluice ${printable(sluice.version, 20)} runs`, {
      ...(locked ? {} : { reason: "It serves a different root." }),
    });
  if (sluice)
    return problem(`${address}, where Sluice runs but accepts no uploads`, {
      reason: `GET /health answers ${printable(sluice.status, 40)}.`,
      advice: "Look for the reason in its log and in the lines above.",
    });
  if (locked)
    return problem("another Sluice serves this root", {
      reason: "It listens on another address. A second server for this root would not start.",
      advice: "Stop it first, or choose another root.",
    });
  switch (refused) {
    case undefined:
      return ok(port === 0 ? `${host}, any free one` : `${address} is free`);
    case "EADDRINUSE":
      return problem(`${address} is taken by ${who}`, {
        advice: `Stop that program, or choose another port with ${flags.port}.`,
      });
    case "EADDRNOTAVAIL":
      return problem(`${host} is not an address of this machine`, { advice: `Change ${flags.host}.` });
    case "EACCES":
      return problem(`${address} is not permitted`, {
        reason: "Ports below 1024 need a privilege.",
        advice: `Choose a higher port with ${flags.port} and put a proxy in front, or grant CAP_NET_BIND_SERVICE.`,
      });
    default:
      return warning(`${address}: listening failed with ${refused}`, {
        advice: `Change the address, with ${flags === ONE_ADDRESS ? "--host or --port" : flags.host}.`,
      });
  }
}

/** Listens briefly. @returns the errno when that fails */
function tryListening(host: string, port: number): Promise<string | undefined> {
  return new Promise((resolve) => {
    const server = createServer((socket) => socket.destroy());
    server.once("error", (error) => resolve("code" in error ? String(error.code) : error.message));
    server.listen({ host, port, exclusive: true }, () => server.close(() => resolve(undefined)));
  });
}

const LISTEN = "0A";

/** Finds the process that listens on a port through /proc/net/tcp and /proc/PID/fd. */
export function holderOf(
  port: number,
  read: ReadText,
  list: (path: string) => string[] = listed,
  linkOf: (path: string) => string = linked,
): PortReadings["holder"] {
  const wanted = `:${port.toString(16).toUpperCase().padStart(4, "0")}`;
  const sockets = ["tcp", "tcp6"]
    .flatMap((name) => (read(`/proc/net/${name}`) ?? "").split("\n"))
    .map((line) => line.trim().split(/ +/))
    .filter(([, local, , state]) => local?.endsWith(wanted) && state === LISTEN)
    .map((fields) => `socket:[${fields[9]}]`);
  if (sockets.length === 0) return undefined;
  for (const pid of list("/proc").filter((name) => /^\d+$/.test(name))) {
    if (list(`/proc/${pid}/fd`).some((fd) => sockets.includes(linkOf(`/proc/${pid}/fd/${fd}`))))
      return { pid: Number(pid), name: (read(`/proc/${pid}/comm`) ?? "").trim() };
  }
  return undefined;
}

function listed(path: string): string[] {
  try {
    return readdirSync(path);
  } catch {
    // The process has ended, or belongs to another user.
    return [];
  }
}

function linked(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return "";
  }
}

/** Sends GET /health to the port; returns undefined when it is not Sluice or takes more than a second. */
async function findSluice(host: string, port: number): Promise<PortReadings["sluice"]> {
  const origin = localOrigin(host, port);
  return (await askHealth(origin)) ?? (await askHealth(origin.replace("http:", "https:")));
}

/** @param unix the path of the Unix socket to ask at */
export async function askHealth(origin: string, unix?: string): Promise<PortReadings["sluice"]> {
  try {
    const answer = await fetch(`${origin}/health`, {
      ...(unix !== undefined && { unix }),
      signal: AbortSignal.timeout(1000),
      redirect: "manual",
      // The names of its certificate are not those of this machine.
      tls: { rejectUnauthorized: false },
    });
    const health: unknown = await answer.json();
    if (typeof health !== "object" || health === null || !("status" in health) || !("version" in health))
      return undefined;
    return { status: String(health.status), version: String(health.version) };
  } catch {
    return undefined;
  }
}

/** Whether a process holds the lock of the root. Creates no lock file where there is none. */
function isLocked(root: string): boolean {
  const folder = join(root, RESERVED);
  if (!existsSync(join(folder, "lock"))) return false;
  try {
    lockRoot(folder).release();
    return false;
  } catch (error) {
    return error instanceof RootInUse;
  }
}
