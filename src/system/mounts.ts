// Reads the list of mounted file systems as Linux has it in /proc/self/mountinfo (proc_pid_mountinfo(5)).

/** One mounted file system. */
export interface Mount {
  /** Such as `ext4`, `overlay`, `nfs4`, `fuse.sshfs`. */
  readonly type: string;
  readonly point: string;
  readonly source: string;
  readonly options: ReadonlySet<string>;
}

/** Parses a `mountinfo` file, in order. Skips malformed lines. */
export function parseMounts(mountinfo: string): Mount[] {
  return mountinfo.split("\n").flatMap((line) => {
    const [place = "", rest] = line.split(" - ");
    const [, , , , point, options = ""] = place.split(" ");
    const [type, source = "", more = ""] = rest?.split(" ") ?? [];
    if (point === undefined || type === undefined) return [];
    const all = new Set(`${options},${more}`.split(",").filter((option) => option !== ""));
    return [{ type, point: unescaped(point), source: unescaped(source), options: all }];
  });
}

/** Decodes octal escapes such as `\040` for a space. */
function unescaped(text: string): string {
  return text.replace(/\\([0-7]{3})/g, (_, octal) => String.fromCharCode(Number.parseInt(octal, 8)));
}
