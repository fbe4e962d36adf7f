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

/** A response of `fetch` or of a raw connection. */
interface Answer {
  status: number;
  headers: Headers;
  text: string | (() => Promise<string>);
}

/** Checks that the response is this problem, is well-formed and reveals nothing about the system. Returns its body. */
export async function problemIn(answer: Answer, code: ProblemCode): Promise<ProblemBody> {
  const text = typeof answer.text === "string" ? answer.text : await answer.text();
  const body: ProblemBody = JSON.parse(text);
  expect(body).toMatchObject({ code });
  const { status, title } = PROBLEMS[code];
  // A request that fails after its route has answered no longer has an id.
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
  // No stack trace, no system error name and no path of the system.
  expect(text).not.toMatch(/\bat [^"]*\.ts:|\bE[A-Z]{4,}\b|\/tmp\/|\/home\/|\/proc\/|node_modules/);
  return body;
}
