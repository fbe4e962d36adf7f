// The error of a change that cannot be made.

/** A name is taken or does not exist, or a secret was used. The message says what exists. */
export class ChangeRefused extends Error {
  override readonly name = "ChangeRefused";
  constructor(
    readonly code: "exists" | "missing" | "last_owner" | "used",
    message: string,
  ) {
    super(message);
  }
}
