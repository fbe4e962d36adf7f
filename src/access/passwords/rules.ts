// Rules for new passwords: long enough, not the name, not one of the most common. No rule asks for kinds of characters.

import { Buffer } from "node:buffer";
import { COMMON_PASSWORDS } from "./common-passwords.ts";

/** Characters (code points). */
const SHORTEST = 8;
const LONGEST = 256;
const MOST_BYTES = 1024;

/**
 * The form in which passwords are hashed and compared, that of the profile OpaqueString (RFC 8265 section 4.2): the same
 * password from two keyboards is the same bytes.
 */
export function normalized(password: string): string {
  return password.replace(/[\p{Zs}]/gu, " ").normalize("NFC");
}

/** The rules that a new password breaks, a sentence each; none contains the password. */
export function passwordFaults(name: string, password: string): string[] {
  const text = normalized(password);
  const length = [...text].length;
  const faults: string[] = [];
  if (length < SHORTEST) faults.push(`The password has ${length} characters; the least is ${SHORTEST}.`);
  if (length > LONGEST) faults.push(`The password has ${length} characters; the most is ${LONGEST}.`);
  else if (Buffer.byteLength(text) > MOST_BYTES)
    faults.push(`The password has ${Buffer.byteLength(text)} bytes; the most is ${MOST_BYTES}.`);
  if (/\p{Cc}/u.test(text)) faults.push("The password contains a control character.");
  if (!text.isWellFormed()) faults.push("The password is not well-formed Unicode.");
  const folded = text.toLowerCase();
  if (folded === normalized(name).toLowerCase()) faults.push("The password is the name of the account.");
  if (COMMON_PASSWORDS.has(folded) || /^(.)\1*$/u.test(folded))
    faults.push("The password is one of those that attackers try first.");
  return faults;
}
