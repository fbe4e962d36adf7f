// Switches for tests that are long, large or need root. Every skipped test prints the reason and how to run it.

/** Environment variables that enable tests, with their cost. `bun run test:all` sets all of them. */
export const SWITCHES = {
  LARGE: "files of gigabytes, hundreds of kills, ten thousand uploads: minutes, and 7 GB of disk",
  SHAPED: "networks, disks and processors that are slow in a known way: minutes, root on Linux",
} as const;

export type Switch = keyof typeof SWITCHES;

/** Whether a switch is on. */
export function isOn(name: Switch): boolean {
  return Boolean(process.env[name]);
}

/** A number for the usual run, and one for `LARGE=1`. An environment variable with this name overrides both. */
export function amount(name: string, usual: number, large: number): number {
  return Number(process.env[name] ?? (isOn("LARGE") ? large : usual));
}

/** Why tests behind a switch are skipped and how to run them; `null` when it is on. */
export function whyOff(name: Switch): string | null {
  return isOn(name) ? null : `${SWITCHES[name]}; ${name}=1 runs it`;
}

/**
 * Prints that tests are skipped, because a silent skip looks like a pass.
 * @param how how to run them, unless the reason says so
 * @returns true, for `skipIf`
 */
export function skipped(who: string, reason: string, how?: string): true {
  const why = reason.trim().replace(/\s+/g, " ");
  console.warn(`skipped: ${who}: ${why}${how === undefined ? "" : `; ${how}`}`);
  return true;
}

/** Whether a program is not installed, for `skipIf`. Prints that its tests are skipped. */
export function isMissing(program: string): boolean {
  return Bun.which(program) === null && skipped(program, "it is not on PATH", "install it");
}
