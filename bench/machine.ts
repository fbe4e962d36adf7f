// Describes the machine that the figures were measured on, without anything that identifies it.

import { readFileSync } from "node:fs";
import { cpus, release, totalmem } from "node:os";

/** The type of the file system that contains a folder. */
function fileSystem(folder: string): string {
  return (
    Bun.spawnSync(["findmnt", "-n", "-o", "FSTYPE", "-T", folder]).stdout.toString().trim() ||
    "unknown file system"
  );
}

function load(): string {
  return readFileSync("/proc/loadavg", "latin1").split(" ").slice(0, 1).join();
}

/** Facts about this machine, one a line, without its name, its paths or its addresses. */
export function machineFacts(folder: string): string[] {
  const processors = cpus();
  return [
    `${processors.length} processors (${processors[0]?.model.trim() ?? "unknown"}), ${Math.round(totalmem() / 2 ** 30)} GiB of memory`,
    `Linux ${release().split("-")[0]}, ${fileSystem(folder)}, loopback network`,
    `Bun ${Bun.version}`,
    `Load average at the start of the run: ${load()}`,
  ];
}
