// File systems and problematic mount options, from mountinfo files of other machines.

import { describe, expect, test } from "bun:test";
import { fileSystem, mountOf, mountOptions } from "../../../src/doctor/disk/mount.ts";
import { type Mount, parseMounts } from "../../../src/system/mounts.ts";

const MOUNTINFO = [
  "22 27 0:21 / /proc rw,relatime - proc proc rw",
  "27 1 254:0 / / rw,noatime shared:1 - ext4 /dev/vda rw,discard",
  "30 27 0:30 / /srv rw,relatime shared:2 master:1 - overlay overlay rw,lowerdir=/a:/b,upperdir=/c",
  "31 30 0:31 / /srv/my\\040films rw - nfs4 nas:/films rw,vers=4.2,soft,local_lock=none",
  "32 27 0:32 / /data rw - tmpfs tmpfs rw",
  "33 27 254:1 / /data rw - xfs /dev/vdb rw",
  "",
  "broken line",
].join("\n");
const mounts = parseMounts(MOUNTINFO);

describe("mountOf", () => {
  test.each([
    ["/", "ext4"],
    ["/home/a", "ext4"],
    ["/srv", "overlay"],
    ["/srv/inbox", "overlay"],
    ["/srvice", "ext4"],
    ["/srv/my films/new", "nfs4"],
    ["/data/x", "xfs"],
  ])("%s is on %s", (path, type) => {
    expect(mountOf(path, mounts)?.type).toBe(type);
  });

  test("without mountinfo nothing is reported", () => {
    expect(mountOf("/", [])).toBeUndefined();
    expect(fileSystem(undefined)).toMatchObject({ verdict: "ok", value: "not known" });
  });
});

describe("fileSystem", () => {
  const on = (type: string, ...options: string[]): Mount => ({
    type,
    point: "/m",
    source: "x",
    options: new Set(options),
  });

  test.each(["ext4", "xfs", "btrfs", "zfs", "f2fs", "bcachefs"])("%s is good", (type) => {
    expect(fileSystem(on(type))).toEqual({
      check: "file-system",
      name: "File system",
      verdict: "ok",
      value: `${type} on /m`,
    });
  });

  test.each([
    ["tmpfs", "warning", "in memory"],
    ["overlay", "warning", "container"],
    ["nfs", "warning", "another machine"],
    ["nfs4", "warning", "another machine"],
    ["cifs", "warning", "another machine"],
    ["9p", "warning", "virtual machine"],
    ["virtiofs", "warning", "virtual machine"],
    ["vfat", "problem", "hard links"],
    ["exfat", "problem", "hard links"],
    ["ntfs3", "warning", "another operating system"],
    ["fuseblk", "warning", "another operating system"],
    ["fuse.sshfs", "warning", "FUSE"],
    ["fuse", "warning", "FUSE"],
  ] as const)("%s is a trap: %s, %s", (type, verdict, words) => {
    const finding = fileSystem(on(type));
    expect(finding.verdict).toBe(verdict);
    expect(finding.reason).toContain(words);
    expect(finding.advice).not.toBeUndefined();
  });

  test("mount options that disable syncing are named, others are not", () => {
    expect(mountOptions(on("ext4", "rw", "noatime", "discard"))).toBeUndefined();
    expect(mountOptions(undefined)).toBeUndefined();
    const found = mountOptions(on("ext4", "rw", "nobarrier", "sync"));
    expect(found).toMatchObject({ verdict: "warning", value: "nobarrier, sync" });
    expect(found?.reason).toContain("a power cut may lose what was synced");
    expect(mountOptions(mountOf("/srv/my films", mounts))?.value).toBe("soft");
  });
});
