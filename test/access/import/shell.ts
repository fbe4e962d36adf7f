// Runs printed commands in a POSIX shell in which `sluice` is a function that records how it was called.

/** One call: its arguments, and what it read from standard input. */
export interface Call {
  words: string[];
  input: string;
}

/** @throws Error when the shell finds a fault in the commands, or they print anything of their own */
export function callsOf(commands: string): Call[] {
  const recorder = `sluice() {
  printf '%s\\0' "$#" "$@"
  case "$*" in *'--password -') cat; printf '\\0' ;; esac
}
`;
  const { stdout, stderr, exitCode } = Bun.spawnSync(["sh", "-eu", "-c", recorder + commands], {
    stdin: "ignore",
  });
  if (exitCode !== 0 || stderr.length > 0) throw new Error(`The shell ended with ${exitCode}: ${stderr}`);
  // No argument can contain the byte 0.
  const fields = stdout.toString().split("\0");
  const calls: Call[] = [];
  for (let at = 0; at < fields.length - 1; ) {
    const words = fields.slice(at + 1, at + 1 + Number(fields[at]));
    at += 1 + words.length;
    const reads = words.join(" ").endsWith("--password -");
    calls.push({ words, input: reads ? (fields[at] ?? "") : "" });
    if (reads) at += 1;
  }
  return calls;
}
