// Extended attributes of files and folders: what users attached to them, and access control lists.

import { native, terminated } from "./native.ts";

/** An open file, or a path whose last segment is not followed if it is a link. */
export type Attributed = number | string;

export const ACCESS_ACL = "system.posix_acl_access";
/** The list that new entries of a folder get. */
export const DEFAULT_ACL = "system.posix_acl_default";

/** The C strings of both names: the list of a folder is read for every file that gets a name in it. */
const LISTS = new Map([ACCESS_ACL, DEFAULT_ACL].map((name) => [name, terminated(name)]));
/** Bytes of the longest list of names, and of the longest value, on Linux. */
const LONGEST = 64 * 1024;
/** Filled and read again without waiting in between, so it can be shared. */
let buffer: Buffer | undefined;

/** The value; `null` when there is none, or the system does not support extended attributes. */
export function attributeOf(of: Attributed, name: string): Uint8Array<ArrayBuffer> | null {
  const library = native();
  if (!library) return null;
  buffer ??= Buffer.alloc(LONGEST);
  const { fgetxattr, lgetxattr } = library.symbols;
  const key = LISTS.get(name) ?? terminated(name);
  const length =
    typeof of === "number"
      ? fgetxattr(of, key, buffer, LONGEST)
      : lgetxattr(terminated(of), key, buffer, LONGEST);
  return length < 0 ? null : Uint8Array.from(buffer.subarray(0, length));
}

/** The names; none where the system does not support extended attributes. */
export function attributesOf(of: Attributed): string[] {
  const library = native();
  if (!library) return [];
  buffer ??= Buffer.alloc(LONGEST);
  const { flistxattr, llistxattr } = library.symbols;
  const length =
    typeof of === "number" ? flistxattr(of, buffer, LONGEST) : llistxattr(terminated(of), buffer, LONGEST);
  return length <= 0 ? [] : buffer.toString("utf8", 0, length - 1).split("\0");
}

/** @param value `null` removes it. @returns false when the system refuses */
export function setAttribute(fd: number, name: string, value: Uint8Array<ArrayBuffer> | null): boolean {
  const library = native();
  if (!library) return false;
  const { fsetxattr, fremovexattr } = library.symbols;
  const result =
    value === null
      ? fremovexattr(fd, terminated(name))
      : // A view of nothing has no address.
        fsetxattr(
          fd,
          terminated(name),
          value.byteLength === 0 ? Buffer.alloc(1) : value,
          value.byteLength,
          0,
        );
  return result === 0;
}
