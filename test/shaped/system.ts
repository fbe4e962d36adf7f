// Commands of the system, run to their end.

import { existsSync } from "node:fs";

/** Why networks and disks cannot be shaped here, `null` when they can. */
export function whyNot(): string | null {
  if (process.platform !== "linux") return "networks and disks are shaped on Linux only";
  if (process.getuid?.() !== 0) return "only root can shape networks and disks";
  for (const program of ["ip", "tc", "mkfs.ext4", "losetup", "lsblk", "taskset", "curl"])
    if (Bun.which(program) === null) return `${program} is missing`;
  return navigator.hardwareConcurrency < 2 ? "server and client need a processor each" : null;
}

/** Why there can be no far lines here, `null` when there can. */
export function whyNoFar(): string | null {
  if (Bun.which("ss") === null) return "ss is missing";
  return existsSync("/dev/net/tun") ? null : "there is no /dev/net/tun to carry packets late with";
}

/** Runs a command. @returns what it printed. @throws Error with its complaint when it fails */
export function system(...command: string[]): string {
  const { exitCode, stdout, stderr } = Bun.spawnSync(command, { stdout: "pipe", stderr: "pipe" });
  if (exitCode === 0) return stdout.toString().trim();
  throw new Error(`${command.join(" ")}: ${stderr.toString().trim() || `status ${exitCode}`}`);
}

/** Runs a command whose failure is of no interest, such as one that takes back what may not be there. */
export function attempt(...command: string[]): void {
  Bun.spawnSync(command, { stdout: "ignore", stderr: "ignore" });
}
