// Runs system commands.

import { existsSync } from "node:fs";

/** Why networks and disks cannot be limited here, `null` if they can. */
export function whyNot(): string | null {
  if (process.platform !== "linux") return "networks and disks are shaped on Linux only";
  if (process.getuid?.() !== 0) return "only root can shape networks and disks";
  for (const program of ["ip", "tc", "mkfs.ext4", "losetup", "lsblk", "taskset", "curl"])
    if (Bun.which(program) === null) return `${program} is missing`;
  return navigator.hardwareConcurrency < 2 ? "server and client need a processor each" : null;
}

/** Why networks with latency are impossible here, `null` if they are possible. */
export function whyNoFar(): string | null {
  if (Bun.which("ss") === null) return "ss is missing";
  return existsSync("/dev/net/tun") ? null : "there is no /dev/net/tun to carry packets late with";
}

/** Runs a command. @returns its output. @throws Error with its error output if it fails */
export function system(...command: string[]): string {
  const { exitCode, stdout, stderr } = Bun.spawnSync(command, { stdout: "pipe", stderr: "pipe" });
  if (exitCode === 0) return stdout.toString().trim();
  throw new Error(`${command.join(" ")}: ${stderr.toString().trim() || `status ${exitCode}`}`);
}

/** Runs a command whose failure is ignored, for example one that removes something that may not exist. */
export function attempt(...command: string[]): void {
  Bun.spawnSync(command, { stdout: "ignore", stderr: "ignore" });
}
