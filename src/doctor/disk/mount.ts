// The file system the root is on, from /proc/self/mountinfo (proc_pid_mountinfo(5)), and the traps of its kind.

import { about, type Finding } from "../finding.ts";

/** One mounted file system. */
export interface Mount {
  /** Such as `ext4`, `overlay`, `nfs4`, `fuse.sshfs`. */
  readonly type: string;
  readonly point: string;
  readonly source: string;
  readonly options: ReadonlySet<string>;
}

interface Trap {
  readonly types: RegExp;
  readonly verdict: "warning" | "problem";
  readonly reason: string;
  readonly advice: string;
}

const TRAPS: readonly Trap[] = [
  {
    types: /^(?:tmpfs|ramfs|devtmpfs)$/,
    verdict: "warning",
    reason: "These files are in memory: they take it from everything else, and a restart removes them.",
    advice: "Choose a root on a disk.",
  },
  {
    types: /^(?:overlay|overlayfs|aufs)$/,
    verdict: "warning",
    reason: "This is the layer of a container: files are gone with the container, and writing is slower.",
    advice: "Mount a volume or a folder of the host, and make that the root.",
  },
  {
    types: /^nfs4?$/,
    verdict: "warning",
    reason: "Every sync waits for another machine, and the disk stops when the network does.",
    advice: "Run Sluice on the machine that has the disk. If not: mount with `hard` and without `nolock`.",
  },
  {
    types: /^(?:cifs|smb3|smbfs)$/,
    verdict: "warning",
    reason: "Every sync waits for another machine; links and file locks depend on what that one allows.",
    advice: "Run Sluice on the machine that has the disk.",
  },
  {
    types: /^(?:9p|virtiofs|vboxsf|drvfs|prl_fs|fuse\.(?:vmhgfs.*|grpcfuse|osxfs))$/,
    verdict: "warning",
    reason:
      "This folder is shared by a host with its virtual machine: slow, and a sync may not reach the disk.",
    advice: "Put the root on a disk of the virtual machine.",
  },
  {
    types: /^(?:vfat|msdos|exfat)$/,
    verdict: "problem",
    reason: "FAT has neither hard links nor a journal: no upload can be given its name safely.",
    advice: "Choose a root on ext4, xfs or btrfs.",
  },
  {
    types: /^(?:ntfs|ntfs3|fuseblk|hfs|hfsplus)$/,
    verdict: "warning",
    reason: "A file system of another operating system: names may ignore case, and syncs are slow.",
    advice: "Choose a root on ext4, xfs or btrfs.",
  },
  {
    types: /^fuse(?:\.|$)/,
    verdict: "warning",
    reason: "A program stands between Sluice and the disk (FUSE): it decides what a sync and a link mean.",
    advice: "Choose a root on ext4, xfs or btrfs, or test that files survive a crash of that program.",
  },
];

/** Options that change what `201` promises, or what it costs. */
const OPTION_TRAPS: ReadonlyMap<string, string> = new Map([
  ["nobarrier", "a power cut may lose what was synced"],
  ["barrier=0", "a power cut may lose what was synced"],
  ["sync", "every single write waits for the disk"],
  ["nolock", "two servers of one root do not notice each other"],
  ["local_lock=all", "servers on two machines do not notice each other"],
  ["soft", "a short outage of the network breaks uploads"],
  ["data=journal", "everything is written twice"],
]);

/** The mounts of a `mountinfo`, in its order. Lines that are none are left out. */
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

/** The mount a real path is on: the innermost one, of those on one point the last. */
export function mountOf(path: string, mounts: readonly Mount[]): Mount | undefined {
  const above = mounts.filter(({ point }) => point === "/" || path === point || path.startsWith(`${point}/`));
  const longest = Math.max(...above.map(({ point }) => point.length));
  return above.findLast(({ point }) => point.length === longest);
}

/** What kind of file system this is, and what that means. */
export function fileSystem(mount: Mount | undefined): Finding {
  const { ok, warning, problem } = about("file-system", "File system");
  if (!mount) return ok("not known", { reason: "Only Linux tells, in /proc/self/mountinfo." });
  const value = `${mount.type} on ${mount.point}`;
  const trap = TRAPS.find(({ types }) => types.test(mount.type));
  if (trap) {
    const { reason, advice } = trap;
    return trap.verdict === "problem"
      ? problem(value, { reason, advice })
      : warning(value, { reason, advice });
  }
  return ok(value);
}

/** Options of the mount that weaken or slow down uploads; undefined when there are none. */
export function mountOptions(mount: Mount | undefined): Finding | undefined {
  const found = [...OPTION_TRAPS].filter(([option]) => mount?.options.has(option));
  if (found.length === 0) return undefined;
  const names = found.map(([option]) => option);
  return about("mount-options", "Mount options").warning(names.join(", "), {
    reason: `${found.map(([option, meaning]) => `\`${option}\`: ${meaning}`).join("; ")}.`,
    advice: `Mount it without ${names.join(" and ")}, unless that is meant.`,
  });
}

/** Spaces and such are written as `\040`. */
function unescaped(text: string): string {
  return text.replace(/\\([0-7]{3})/g, (_, octal) => String.fromCharCode(Number.parseInt(octal, 8)));
}
