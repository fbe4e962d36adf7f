// Identifies the root's file system by its mount and warns of its pitfalls.

import type { Mount } from "../../system/mounts.ts";
import { about, type Finding } from "../finding.ts";

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
    reason: "Files here are kept in memory: they use it up, and a restart removes them.",
    advice: "Choose a root on a disk.",
  },
  {
    types: /^(?:overlay|overlayfs|aufs)$/,
    verdict: "warning",
    reason: "This is a container's own layer: files are removed with the container, and writes are slower.",
    advice: "Mount a volume or a folder of the host and use it as the root.",
  },
  {
    types: /^nfs4?$/,
    verdict: "warning",
    reason: "Every sync waits for another machine, and the disk hangs when the network fails.",
    advice: "Run Sluice on the machine that has the disk. Otherwise mount with `hard` and without `nolock`.",
  },
  {
    types: /^(?:cifs|smb3|smbfs)$/,
    verdict: "warning",
    reason: "Every sync waits for another machine; links and file locks depend on its settings.",
    advice: "Run Sluice on the machine that has the disk.",
  },
  {
    types: /^(?:9p|virtiofs|vboxsf|drvfs|prl_fs|fuse\.(?:vmhgfs.*|grpcfuse|osxfs))$/,
    verdict: "warning",
    reason:
      "This folder is shared between a host and its virtual machine: it is slow, and a sync may not reach the disk.",
    advice: "Put the root on a disk of the virtual machine.",
  },
  {
    types: /^(?:vfat|msdos|exfat)$/,
    verdict: "problem",
    reason: "FAT has neither hard links nor a journal, so no upload can be published safely.",
    advice: "Choose a root on ext4, xfs or btrfs.",
  },
  {
    types: /^(?:ntfs|ntfs3|fuseblk|hfs|hfsplus)$/,
    verdict: "warning",
    reason: "This is the file system of another operating system: names may ignore case, and syncs are slow.",
    advice: "Choose a root on ext4, xfs or btrfs.",
  },
  {
    types: /^fuse(?:\.|$)/,
    verdict: "warning",
    reason:
      "A user-space program (FUSE) implements this file system and decides what a sync and a link mean.",
    advice: "Choose a root on ext4, xfs or btrfs, or test that files survive a crash of that program.",
  },
];

/** Mount options that weaken or slow down the durability that `201` promises. */
const OPTION_TRAPS: ReadonlyMap<string, string> = new Map([
  ["nobarrier", "a power cut may lose what was synced"],
  ["barrier=0", "a power cut may lose what was synced"],
  ["sync", "every single write waits for the disk"],
  ["nolock", "two servers on one root do not detect each other"],
  ["local_lock=all", "servers on two machines do not detect each other"],
  ["soft", "a short network outage breaks uploads"],
  ["data=journal", "everything is written twice"],
]);

/** The mount that contains a real path: the innermost, and the last of several at one mount point. */
export function mountOf(path: string, mounts: readonly Mount[]): Mount | undefined {
  const above = mounts.filter(({ point }) => point === "/" || path === point || path.startsWith(`${point}/`));
  const longest = Math.max(...above.map(({ point }) => point.length));
  return above.findLast(({ point }) => point.length === longest);
}

/** The finding about the type of the file system. */
export function fileSystem(mount: Mount | undefined): Finding {
  const { ok, warning, problem } = about("file-system", "File system");
  if (!mount) return ok("not known", { reason: "Only Linux reports it, in /proc/self/mountinfo." });
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

/** The finding about mount options that weaken or slow down uploads; undefined when there are none. */
export function mountOptions(mount: Mount | undefined): Finding | undefined {
  const found = [...OPTION_TRAPS].filter(([option]) => mount?.options.has(option));
  if (found.length === 0) return undefined;
  const names = found.map(([option]) => option);
  return about("mount-options", "Mount options").warning(names.join(", "), {
    reason: `${found.map(([option, meaning]) => `\`${option}\`: ${meaning}`).join("; ")}.`,
    advice: `Mount it without ${names.join(" and ")}, unless this is intended.`,
  });
}
