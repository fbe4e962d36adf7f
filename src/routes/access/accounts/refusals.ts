// The problems of accounts: changes that were refused, rules that names and passwords break, and links that are gone.

import { nameFault } from "../../../access/account-name.ts";
import { ChangeRefused } from "../../../access/database/changes/refused.ts";
import { passwordFaults } from "../../../access/passwords/rules.ts";
import { Problem, type ProblemCode } from "../../../errors.ts";
import { BODY_PROBLEMS } from "../../openapi/answers.ts";

const CODES: Readonly<Record<ChangeRefused["code"], ProblemCode>> = {
  exists: "account_exists",
  missing: "not_found",
  last_owner: "last_owner",
  used: "setup_gone",
};

/** For `catch`. @throws Problem instead of ChangeRefused */
export function asProblem(error: unknown): never {
  throw error instanceof ChangeRefused ? new Problem(CODES[error.code], error.message) : error;
}

/** A checked name, in the form NFC. @throws Problem invalid_request */
export function checkName(text: string, pointer = "/name"): string {
  const name = text.normalize("NFC");
  const fault = nameFault(name);
  if (fault === undefined) return name;
  throw new Problem("invalid_request", fault, {
    errors: [{ code: "invalid_value", pointer, detail: fault }],
  });
}

/** @throws Problem invalid_request with every rule that the password breaks */
export function checkPassword(name: string, password: string): void {
  const faults = passwordFaults(name, password);
  if (faults.length === 0) return;
  throw new Problem("invalid_request", "The password cannot be used: see `errors`.", {
    errors: faults.map((detail) => ({ code: "invalid_value", pointer: "/password", detail })),
  });
}

/** Problems of the two links by which a password is set. */
export const PASSWORD_PROBLEMS = [...BODY_PROBLEMS, "setup_gone", "logins_busy", "storage_failed"] as const;

/** The same for a token that is wrong, was used, or has expired. */
export function linkGone(): Problem {
  return new Problem(
    "setup_gone",
    "This link was used, has expired, or is not complete. Ask for another one.",
  );
}
