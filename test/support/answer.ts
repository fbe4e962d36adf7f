// Parses responses and validates them against their documented schemas.

import type { Static, TSchema } from "@sinclair/typebox";
import { Value } from "@sinclair/typebox/value";

/** Parses the body of a response. @throws when it does not match the schema */
export async function bodyIn<T extends TSchema>(
  shape: T,
  answer: { json(): Promise<unknown> },
): Promise<Static<T>> {
  return Value.Parse(["Assert"], shape, await answer.json());
}
