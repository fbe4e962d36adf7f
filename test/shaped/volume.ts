// A disk with a limited speed: an ext4 file system on a loop device, throttled by the kernel's block layer.

import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { attempt, system } from "./system.ts";

const THROTTLE = "/sys/fs/cgroup/blkio/blkio.throttle";

/** A mounted disk. `using` removes it. */
export interface Volume extends Disposable {
  readonly folder: string;
  /** Limits written bytes per second; 0 removes the limit. */
  limit(bytesPerSecond: number): void;
  /** Limits read bytes per second; 0 removes the limit. */
  reads(bytesPerSecond: number): void;
  /** Limits write operations per second; 0 removes the limit. */
  operations(perSecond: number): void;
}

/** Why such a disk is impossible here, `null` if it is possible. */
export function whyNoVolume(): string | null {
  return existsSync(`${THROTTLE}.write_bps_device`)
    ? null
    : "there is no blkio throttle (cgroup v1) to slow a disk with";
}

/** @param bytes size of the device; its file is sparse */
export function openVolume(bytes: number): Volume {
  const place = mkdtempSync(join(tmpdir(), "sluice-volume-"));
  const [image, folder] = [join(place, "image"), join(place, "folder")];
  let device: string | undefined;
  let number = "";
  const limits = new Set<string>();
  const throttle = (kind: string, figure: number): void => {
    limits.add(kind);
    writeFileSync(`${THROTTLE}.${kind}_device`, `${number} ${figure}`);
  };
  const close = (): void => {
    for (const kind of limits) throttle(kind, 0);
    attempt("umount", "-l", folder);
    if (device) attempt("losetup", "-d", device);
    rmSync(place, { recursive: true, force: true });
  };
  try {
    system("truncate", "-s", String(bytes), image);
    // Initialise all inodes now, because doing it in the background would use some of the disk's time.
    system("mkfs.ext4", "-q", "-F", "-E", "lazy_itable_init=0,lazy_journal_init=0", image);
    device = system("losetup", "--find", "--show", image);
    system("mkdir", folder);
    system("mount", device, folder);
    number = system("lsblk", "-dno", "MAJ:MIN", device);
  } catch (error) {
    close();
    throw error;
  }
  return {
    folder,
    limit: (bytesPerSecond) => throttle("write_bps", bytesPerSecond),
    reads: (bytesPerSecond) => throttle("read_bps", bytesPerSecond),
    operations: (perSecond) => throttle("write_iops", perSecond),
    [Symbol.dispose]: close,
  };
}
