// Which names an account can have. Names are compared exactly, in the form NFC.

import { quoted } from "../suggest.ts";

/** Characters (UTF-16 units). */
export const LONGEST_NAME = 64;
/** Words that stand for something else where a name is expected. */
const RESERVED = ["anyone", "all", "none"];

/** @returns why an account cannot have this name, in a sentence; undefined when it can */
export function nameFault(name: string): string | undefined {
  if (name === "") return "The name is empty.";
  if (name.length > LONGEST_NAME) return `The name is longer than ${LONGEST_NAME} characters.`;
  if (name !== name.normalize("NFC")) return "The name is not in the Unicode form NFC.";
  if (/[\p{C}\p{Zl}\p{Zp}]/u.test(name)) return "The name contains an invisible character.";
  if (/^\s|\s$/.test(name)) return "The name begins or ends with a space.";
  // Basic authentication separates the name from the password by a colon (RFC 7617 section 2).
  if (/[:/\\]/.test(name)) return "The name contains a colon, a slash or a backslash.";
  if (/^[@-]/.test(name)) return "The name begins with @, as teams do, or with -, as flags do.";
  return RESERVED.includes(name) ? `The name ${quoted(name)} stands for something else.` : undefined;
}
