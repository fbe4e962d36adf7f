// Reads a new password: from standard input, or asked twice on a terminal. Never from an argument, which other users can see.

import { normalized, passwordFaults } from "../../access/passwords/rules.ts";
import { ARGON2 } from "../../access/passwords/stored-hash.ts";
import { CommandFailed, type Console, WrongUse } from "./console.ts";

/** Bytes of a password with its line break. */
const MAX_BYTES = 4096;

/**
 * The hash of a new password.
 * @param flag the value of `--password`; undefined when it was not given
 * @param name of the account, which its password must not be
 * @throws WrongUse, CommandFailed
 */
export async function newPassword(console: Console, flag: string | undefined, name: string): Promise<string> {
  if (flag !== undefined && flag !== "-")
    throw new WrongUse(
      "--password takes only -, for standard input: other users could see a password among the arguments",
    );
  const password = (flag === "-" ? await console.line(MAX_BYTES) : undefined) ?? (await ask(console));
  const faults = passwordFaults(name, password);
  if (faults.length > 0) throw new CommandFailed(faults.join(" "));
  return Bun.password.hashSync(normalized(password), { algorithm: "argon2id", ...ARGON2 });
}

async function ask(console: Console): Promise<string> {
  const first = await console.secret("New password: ");
  const second = first === undefined ? undefined : await console.secret("The same again: ");
  if (second === undefined) throw new CommandFailed("No password was given. Nothing was changed.");
  if (first === undefined || first !== second)
    throw new CommandFailed("The two passwords are different. Nothing was changed.");
  return first;
}
