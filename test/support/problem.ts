// Checks that a response is a problem in the format that all errors share.

import { expect } from "bun:test";
import { type ErrorEntry, LIMIT_REACHED, PROBLEMS, type ProblemCode, typeOf } from "../../src/errors.ts";

/** The body of a problem (RFC 9457). */
export interface ProblemBody {
  type: string;
  title: string;
  status: number;
  code: ProblemCode;
  detail: string;
  instance?: string;
  errors?: ErrorEntry[];
  errorsOmitted?: number;
  "expected-offset"?: number;
  "provided-offset"?: number;
}

/** An answer as `fetch` or a raw connection gives it. */
interface Answer {
  status: number;
  headers: Headers;
  text: string | (() => Promise<string>);
}

/** Checks that the answer is this problem in the shape of all problems, gives nothing away, and returns it. */
export async function problemIn(answer: Answer, code: ProblemCode): Promise<ProblemBody> {
  const text = typeof answer.text === "string" ? answer.text : await answer.text();
  const body: ProblemBody = JSON.parse(text);
  expect(body).toMatchObject({ code });
  const { status, title } = PROBLEMS[code];
  // What fails after its route has answered has lost its name.
  const id = answer.headers.get("x-request-id");
  expect(body).toEqual({
    type: typeOf(code),
    title,
    status,
    code,
    detail: expect.stringMatching(/^[A-Z0-9`].*\.$/),
    ...(id !== null && { instance: `urn:sluice:request:${id}` }),
    ...(code === "offset_mismatch" && {
      "expected-offset": expect.any(Number),
      "provided-offset": expect.any(Number),
    }),
    ...(body.errors && { errors: expect.any(Array), errorsOmitted: expect.any(Number) }),
  });
  for (const entry of body.errors ?? []) {
    expect(entry.code).toMatch(/^[a-z_]+$/);
    if (entry.detail !== LIMIT_REACHED.detail) expect(entry.detail).toEndWith(".");
    expect(Object.keys(entry).filter((key) => !["code", "detail", "pointer", "file"].includes(key))).toEqual(
      [],
    );
  }
  expect(answer.status).toBe(status);
  expect(answer.headers.get("content-type")).toBe("application/problem+json");
  expect(answer.headers.get("x-content-type-options")).toBe("nosniff");
  // Neither a stack, nor the name of an error of the system, nor a path of it.
  expect(text).not.toMatch(/\bat [^"]*\.ts:|\bE[A-Z]{4,}\b|\/tmp\/|\/home\/|\/proc\/|node_modules/);
  return body;
}
