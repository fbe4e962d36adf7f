// Runs a program to its end in a folder of its own, with a home that holds nothing of this machine's user.

import { mkdir, mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { patient } from "../patience.ts";

/** A program that has ended. */
export interface Ran {
  code: number;
  stdout: string;
  stderr: string;
}

interface RunOptions {
  /** Written to its standard input. */
  input?: string;
  env?: Record<string, string>;
  /** Seconds after which it is killed, scaled by `patient`. @default 20 */
  seconds?: number;
}

/**
 * The words that run a program for which a certificate is the only one of the system: it has a view of the file system of its
 * own, which ends with it. Needs root.
 * @param certificate as PEM; null to run it as it is
 */
export async function trusting(
  work: Workspace,
  certificate: string | null,
  words: readonly string[],
): Promise<readonly string[]> {
  if (certificate === null) return words;
  const file = work.at("trusted.pem");
  await Bun.write(file, certificate);
  // Some programs read all certificates from one file, others the one with the right hash.
  const script = `mount -t tmpfs none /etc/ssl/certs
    cp "$0" /etc/ssl/certs/ca-certificates.crt
    cp "$0" /etc/ssl/certs/$(openssl x509 -hash -noout -in "$0").0
    exec "$@"`;
  return ["unshare", "--mount", "sh", "-ec", script, file, ...words];
}

/** A temporary folder in which programs run. `await using` removes it. */
export interface Workspace extends AsyncDisposable {
  folder: string;
  /** The path of a name in the folder. */
  at: (...names: string[]) => string;
  /** Runs a program. Its home and its temporary files are in the folder. */
  run: (words: readonly string[], options?: RunOptions) => Promise<Ran>;
  /** Runs a program that must succeed. @returns its standard output. @throws Error with what it printed */
  must: (words: readonly string[], options?: RunOptions) => Promise<string>;
}

/** Makes a workspace. */
export async function openWorkspace(): Promise<Workspace> {
  const folder = await mkdtemp(join(tmpdir(), "sluice-webdav-"));
  const home = join(folder, "home");
  await mkdir(home, { mode: 0o700 });
  let runs = 0;

  const run = async (
    words: readonly string[],
    { input, env, seconds = 20 }: RunOptions = {},
  ): Promise<Ran> => {
    runs += 1;
    // Files, because daemons that a program leaves behind would hold pipes open.
    const printed = [
      Bun.file(join(folder, `stdout-${runs}`)),
      Bun.file(join(folder, `stderr-${runs}`)),
    ] as const;
    const child = Bun.spawn([...words], {
      cwd: folder,
      env: { ...process.env, HOME: home, XDG_RUNTIME_DIR: home, TMPDIR: folder, LC_ALL: "C.UTF-8", ...env },
      stdin: input === undefined ? "ignore" : new Blob([input]),
      stdout: printed[0],
      stderr: printed[1],
      timeout: patient(seconds) * 1000,
      killSignal: "SIGKILL",
    });
    const code = await child.exited;
    await endLeftovers(home);
    const [stdout, stderr] = await Promise.all(printed.map((file) => file.text()));
    return { code, stdout: stdout ?? "", stderr: stderr ?? "" };
  };

  return {
    folder,
    at: (...names) => join(folder, ...names),
    run,
    must: async (words, options) => {
      const { code, stdout, stderr } = await run(words, options);
      if (code === 0) return stdout;
      const printed = `${stdout}\n${stderr}`.slice(-2000);
      throw new Error(`${words.join(" ")} ended with ${code}: ${printed}`);
    },
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }),
  };
}

/** Kills the processes that have this home: daemons of a desktop outlive their session. */
async function endLeftovers(home: string): Promise<void> {
  for (const pid of (await readdir("/proc")).filter((name) => /^\d+$/.test(name))) {
    const environment = await readFile(`/proc/${pid}/environ`, "latin1").catch(() => "");
    if (!environment.split("\0").includes(`HOME=${home}`)) continue;
    try {
      process.kill(Number(pid), "SIGKILL");
    } catch {
      // It has ended since.
    }
  }
}
