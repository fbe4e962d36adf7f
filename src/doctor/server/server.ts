// Examines this machine as a server: the root's disk, memory, processors and network settings. Takes at most 15 s.

import { readFileSync } from "node:fs";
import { realpath, statfs } from "node:fs/promises";
import { availableParallelism, release } from "node:os";
import { resolve } from "node:path";
import { type Config, grantedWords } from "../../config/config.ts";
import { type TcpAddress, tcpAddressesOf, unixPathsOf } from "../../config/listen-address.ts";
import { MANY_ADDRESSES, ONE_ADDRESS } from "../../listen/listen-error.ts";
import { isLoopback } from "../../system/loopback.ts";
import { parseMounts } from "../../system/mounts.ts";
import { version } from "../../version.ts";
import { type DiskReadings, readDisk } from "../disk/disk.ts";
import { diskFindings, hanging, notWritable } from "../disk/findings.ts";
import { fileSystem, mountOf, mountOptions } from "../disk/mount.ts";
import { freeInodes, freeSpace, type Space } from "../disk/space.ts";
import { openWorkspace } from "../disk/workspace.ts";
import { about, type Finding, type Group, type ReadText } from "../finding.ts";
import { acmeFindings } from "./acme.ts";
import { certificateFindings } from "./certificates.ts";
import { clock } from "./clock.ts";
import { memory, openFiles, processors, stolen, ticks } from "./machine.ts";
import { type PortReadings, portFinding, readPort } from "./port.ts";
import { backlog, congestionControl, windows } from "./tcp.ts";
import { socketFinding } from "./unix.ts";

/** Seconds allowed for all disk measurements; a healthy disk needs six. */
const DISK_SECONDS = 11;
/** Seconds allowed for removing the measurement's files. */
const CLEANING_SECONDS = 2;

/** @param says called with the current step, for a progress line */
export async function examineServer(
  config: Config,
  signal: AbortSignal,
  says: (what: string) => void,
): Promise<Group[]> {
  const began = { wall: Date.now(), monotonic: performance.now(), ticks: ticks(readText) };
  const disk = await examineDisk(config, signal, says);
  says("the machine and its network");
  const addresses = tcpAddressesOf(config);
  const flags = config.listen.length > 0 ? MANY_ADDRESSES : ONE_ADDRESS;
  const ports: PortReadings[] = [];
  for (const { host, port } of addresses)
    ports.push(await readPort({ host, port, flags, root: disk.root, locks: changes(config) }, readText));
  const turned = Date.now() - began.wall - (performance.now() - began.monotonic);
  const time = disk.readings.written;
  const written = time && Date.now() + time.disk - time.now;
  const foreign = stolen(began.ticks, ticks(readText));
  return [
    { title: "Root", findings: disk.findings },
    {
      title: "Machine",
      findings: [
        about("version", "Version").ok(versions()),
        processors(availableParallelism(), readText),
        ...(foreign ? [foreign] : []),
        memory(readText),
        openFiles(readText, config.maxUploads),
        clock({ now: Date.now(), turned, ...(written !== undefined && { written }) }, readText),
      ],
    },
    {
      title: "Network",
      findings: [
        ...(await certificateFindings(config)),
        ...ports.map(portFinding),
        ...(await Promise.all(unixPathsOf(config).map(socketFinding))),
        reach(addresses),
        ...(await acmeFindings(config, disk.root)),
        ...windows(readText),
        congestionControl(readText),
        backlog(readText),
      ],
    },
  ];
}

async function examineDisk(config: Config, signal: AbortSignal, says: (what: string) => void) {
  const readings: DiskReadings = {};
  const writes = changes(config);
  const findings: Finding[] = [];
  const stop = new AbortController();
  const workspace = await openWorkspace(config.root).catch((error: unknown) => errnoOf(error));
  if (typeof workspace === "string") {
    const root = await realpath(resolve(config.root)).catch(() => resolve(config.root));
    const broken = notWritable(workspace, writes);
    const there =
      workspace === "ENOTDIR" || workspace === "EEXIST" ? [] : await examineLocation(root, config);
    return { root, readings, findings: [...there, broken] };
  }
  try {
    findings.push(...(await examineLocation(workspace.root, config)));
    const { free } = await spaceOf(workspace.root);
    const measured = readDisk(
      workspace,
      free - config.keepFree,
      AbortSignal.any([signal, stop.signal]),
      readings,
      says,
    );
    const end = await Promise.race([
      measured.then(() => undefined, errnoOf),
      Bun.sleep(DISK_SECONDS * 1000).then(() => "late" as const),
    ]);
    stop.abort();
    findings.push(...diskFindings(readings));
    if (end === "late") findings.push(hanging(DISK_SECONDS));
    else if (end !== undefined) findings.push(notWritable(end, true));
    return { root: workspace.root, readings, findings };
  } finally {
    await Promise.race([workspace.close(), Bun.sleep(CLEANING_SECONDS * 1000)]);
  }
}

/** Whether the granted permissions make the server write to its root. */
function changes({ allow }: Config): boolean {
  if (allow === undefined) return true;
  const words = grantedWords(allow);
  return words.has("write") || words.has("delete");
}

/** Checks the file system, the mount options and the free space of the root. */
async function examineLocation(root: string, config: Config): Promise<Finding[]> {
  const mount = mountOf(root, parseMounts(readText("/proc/self/mountinfo") ?? ""));
  const options = mountOptions(mount);
  const space = await spaceOf(root).catch(() => undefined);
  return [
    fileSystem(mount),
    ...(options ? [options] : []),
    ...(space ? [freeSpace(space, config.keepFree), freeInodes(space)] : []),
  ];
}

async function spaceOf(path: string): Promise<Space> {
  const { bavail, blocks, bsize, ffree, files } = await statfs(path);
  return { free: bavail * bsize, total: blocks * bsize, freeInodes: ffree, inodes: files };
}

/** Checks which machines can reach the addresses. */
function reach(addresses: readonly TcpAddress[]): Finding {
  const { ok } = about("reach", "Reached by");
  return addresses.every(({ host }) => isLoopback(host))
    ? ok("this machine only", {
        reason: "Other machines need a proxy on this one, or --host 0.0.0.0 with --allow.",
      })
    : ok("other machines", {
        reason: "A firewall may still block it: run `sluice doctor URL` on the other machine.",
      });
}

function versions(): string {
  const form = Bun.isStandaloneExecutable ? "one binary" : "from source";
  return `Sluice ${version} (${form}), Bun ${Bun.version}, ${process.platform} ${release()}, ${process.arch}`;
}

const readText: ReadText = (path) => {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
};

function errnoOf(error: unknown): string {
  if (error instanceof Error && "code" in error) return String(error.code);
  throw error;
}
