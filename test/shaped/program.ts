// Background programs of the test setup.

/** A running program. `await using` kills it. */
export interface Program extends AsyncDisposable {
  readonly firstLine: string;
  readonly pid: number;
}

/** Starts a program and waits for its first line. */
export async function start(command: string[], on?: (text: string) => void): Promise<Program> {
  const child = Bun.spawn(command, { stdout: "pipe", stderr: "pipe", stdin: "ignore" });
  const stop = async (): Promise<void> => {
    child.kill("SIGKILL");
    await child.exited;
  };
  void (async () => {
    for await (const text of child.stderr.pipeThrough(new TextDecoderStream())) on?.(text);
  })();
  let output = "";
  for await (const text of child.stdout.pipeThrough(new TextDecoderStream())) {
    output += text;
    const [line, rest] = output.split("\n", 2);
    if (line !== undefined && rest !== undefined)
      return { firstLine: line, pid: child.pid, [Symbol.asyncDispose]: stop };
  }
  throw new Error(`${command.join(" ")} exited before it printed anything`);
}
