// Answers read as the shapes they are documented to have.

import type { Static, TSchema } from "@sinclair/typebox";
import { Value } from "@sinclair/typebox/value";

/** The body of an answer; throws when it is not of this shape. */
export async function bodyIn<T extends TSchema>(
  shape: T,
  answer: { json(): Promise<unknown> },
): Promise<Static<T>> {
  return Value.Parse(["Assert"], shape, await answer.json());
}
