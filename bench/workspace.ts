// One temporary folder and the processes started in it; both are removed at the end, even after an error.

import { mkdirSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { statfs } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Subprocess } from "bun";

/** The temporary files and the processes of a run of the benchmarks. */
export class Workspace {
  /** The temporary folder; absolute, and never printed. */
  readonly folder: string;
  readonly #running = new Set<Subprocess>();

  /** @param above the folder in which the temporary folder is created */
  constructor(above = tmpdir()) {
    this.folder = mkdtempSync(join(above, "sluice-bench-"));
    process.on("exit", () => this.#clear());
    for (const [signal, code] of [
      ["SIGINT", 130],
      ["SIGTERM", 143],
      ["SIGHUP", 129],
    ] as const) {
      process.on(signal, () => process.exit(code));
    }
  }

  /** Creates a folder in the temporary folder and returns its absolute path. */
  makeFolder(name: string): string {
    const path = join(this.folder, name);
    mkdirSync(path, { recursive: true });
    return path;
  }

  /** Removes uploaded files. Names that begin with a dot belong to the server and are left. */
  empty(folder: string): void {
    for (const name of readdirSync(folder)) if (!name.startsWith(".")) this.remove(join(folder, name));
  }

  /** Removes a folder with its contents. */
  remove(folder: string): void {
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  }

  /** Free bytes on the disk of the temporary folder. */
  async free(): Promise<number> {
    const { bavail, bsize } = await statfs(this.folder);
    return bavail * bsize;
  }

  /** Starts a process that is stopped when this one ends. The caller must read its standard output. */
  spawn(command: readonly string[], env: Record<string, string> = {}): Subprocess<"pipe", "pipe", "pipe"> {
    const child = Bun.spawn([...command], {
      cwd: this.folder,
      env: { ...Bun.env, ...env },
      stdin: "pipe",
      stdout: "pipe",
      stderr: "pipe",
    });
    this.#running.add(child);
    child.exited.finally(() => this.#running.delete(child));
    return child;
  }

  /** Stops a process with SIGTERM, and after 10 seconds with SIGKILL. */
  async stop(child: Subprocess): Promise<void> {
    child.kill("SIGTERM");
    const timer = setTimeout(() => child.kill("SIGKILL"), 10_000);
    await child.exited;
    clearTimeout(timer);
  }

  /** Stops all processes and removes all files. Idempotent. */
  [Symbol.dispose](): void {
    this.#clear();
  }

  // SIGTERM, not SIGKILL: the master of nginx must live long enough to stop its workers.
  #clear(): void {
    for (const child of this.#running) child.kill("SIGTERM");
    if (this.#running.size > 0) Bun.sleepSync(300);
    for (const child of this.#running) child.kill("SIGKILL");
    this.remove(this.folder);
  }
}
