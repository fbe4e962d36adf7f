// Owner, mode, access control list and attributes of files that were created in .sluice: as if created in their final folder.

import type { BigIntStats } from "node:fs";
import { ACCESS_ACL, type Attributed, DEFAULT_ACL } from "../os/attributes.ts";
import type { Calls } from "../os/calls.ts";

const S_ISGID = 0o2000n;
/** Attributes that belong to users, not to the system. */
const OF_USERS = /^user\./;

/** The rights that a folder hands down to new entries. */
export interface Inheritance {
  /** The group, when the folder is setgid. */
  group: bigint | undefined;
  /** The default access control list. */
  acl: Uint8Array<ArrayBuffer> | null;
}

/** @param folder an open folder */
export function inheritanceOf(calls: Calls, folder: number): Inheritance {
  const { mode, gid } = calls.stat(folder);
  return { group: mode & S_ISGID ? gid : undefined, acl: calls.attributeOf(folder, DEFAULT_ACL) };
}

/**
 * Gives a new file the group and the access control list that the system would have given it in the folder.
 * @param mode that it was created with, before the umask, which a list overrides
 * @returns whether anything changed; the caller must then sync the file
 */
export async function inherit(
  calls: Calls,
  { group, acl }: Inheritance,
  fd: number,
  mode: number,
): Promise<boolean> {
  const given = group !== undefined && (await chown(calls, fd, { gid: group }));
  return (acl !== null && calls.setAttribute(fd, ACCESS_ACL, accessAcl(acl, mode))) || given;
}

/** As `inherit`, for a folder, which hands it all down. The caller must sync it. */
export async function inheritFolder(
  calls: Calls,
  from: Inheritance,
  fd: number,
  mode: number,
): Promise<void> {
  await inherit(calls, from, fd, mode);
  if (from.acl) calls.setAttribute(fd, DEFAULT_ACL, from.acl);
  if (from.group !== undefined)
    await succeeds(calls.chmod(fd, Number((calls.stat(fd).mode & 0o7777n) | S_ISGID)));
}

/**
 * Gives an entry the owner, mode, access control list and attributes of another, as far as this process may set them.
 * @param like the stat of `of`
 * @param extraBits added to the mode
 * @returns whether anything changed
 */
export async function resemble(
  calls: Calls,
  fd: number,
  of: Attributed,
  like: BigIntStats,
  extraBits = 0n,
): Promise<boolean> {
  let changed = await chown(calls, fd, like);
  changed = copyAttributes(calls, fd, of) || changed;
  for (const name of like.isDirectory() ? [ACCESS_ACL, DEFAULT_ACL] : [ACCESS_ACL]) {
    const acl = calls.attributeOf(of, name);
    // Without one, a list that was inherited goes.
    if (acl || calls.attributeOf(fd, name)) changed = calls.setAttribute(fd, name, acl) || changed;
  }
  const mode = (like.mode & 0o777n) | extraBits;
  // Last, because owner and list change it, too.
  if ((calls.stat(fd).mode & 0o777n) === mode) return changed;
  return (await succeeds(calls.chmod(fd, Number(mode)))) || changed;
}

/** Copies the attributes that users gave an entry. @returns whether there were any */
export function copyAttributes(calls: Calls, fd: number, of: Attributed): boolean {
  const names = calls.attributesOf(of).filter((name) => OF_USERS.test(name));
  for (const name of names) {
    const value = calls.attributeOf(of, name);
    if (value) calls.setAttribute(fd, name, value);
  }
  return names.length > 0;
}

/** Only root may give a file away; others may give it to a group of theirs. @returns whether anything changed */
async function chown(
  calls: Calls,
  fd: number,
  { uid, gid }: { uid?: bigint; gid: bigint },
): Promise<boolean> {
  const own = calls.stat(fd);
  if (uid !== undefined && own.uid !== uid && (await succeeds(calls.chown(fd, Number(uid), Number(gid)))))
    return true;
  return own.gid !== gid && (await succeeds(calls.chown(fd, Number(own.uid), Number(gid))));
}

async function succeeds(call: Promise<void>): Promise<boolean> {
  return await call.then(
    () => true,
    () => false,
  );
}

/** Tags of the entries of a list. */
const [OWNER, GROUP, MASK, OTHER] = [0x01, 0x04, 0x10, 0x20];
/** Bytes of its version, and of each entry: tag, permissions, id. */
const [HEADER, ENTRY] = [4, 8];

/** The list of a file made with a mode in a folder with a default list: the mode limits it, see posix_acl_create(). */
function accessAcl(defaults: Uint8Array<ArrayBuffer>, mode: number): Uint8Array<ArrayBuffer> {
  const acl = defaults.slice();
  const view = new DataView(acl.buffer);
  const permissions = new Map<number, number>();
  for (let at = HEADER; at + ENTRY <= acl.byteLength; at += ENTRY)
    permissions.set(view.getUint16(at, true), at + 2);
  const limit = (tag: number, bits: number): void => {
    const at = permissions.get(tag);
    if (at !== undefined) view.setUint16(at, view.getUint16(at, true) & bits & 7, true);
  };
  limit(OWNER, mode >> 6);
  limit(permissions.has(MASK) ? MASK : GROUP, mode >> 3);
  limit(OTHER, mode);
  return acl;
}
