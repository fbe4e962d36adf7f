// The credentials of the OpenAPI document: which there are, which operations need them, and the answer without.

import type { OpenAPIV3 } from "openapi-types";
import type { Allow } from "../../plugins/access.ts";
import type { Answer } from "./answers.ts";
import { problems } from "./answers.ts";

/** The ways in which a request can say who makes it. */
export const SECURITY_SCHEMES = {
  token: {
    type: "http",
    scheme: "bearer",
    description: "A token of `sluice token add` or `POST /api/tokens`, for programs",
  },
  basic: {
    type: "http",
    scheme: "basic",
    description: "A name and a password, or any name and a token. Accounts with a second factor need a token",
  },
  session: {
    type: "apiKey",
    in: "cookie",
    name: "sluice",
    description: "The cookie that `POST /api/session` sets, for browsers; `__Host-sluice` over TLS",
  },
} as const satisfies Record<string, OpenAPIV3.SecuritySchemeObject>;

const SCHEMES = Object.keys(SECURITY_SCHEMES).map((name) => ({ [name]: [] }));
/** Those of a person: no token. */
const IN_PERSON = SCHEMES.filter((scheme) => !("token" in scheme));
const NEEDS_NOTHING: ReadonlySet<string> = new Set(["public", "upload", "link"]);
const NEEDS_ACCOUNT: ReadonlySet<string> = new Set(["account", "owner"]);

/** The alternatives of an operation. `{}`: none of them, for what anyone may do. */
export function securityOf(allow: Allow | undefined): OpenAPIV3.SecurityRequirementObject[] {
  if (needsNothing(allow)) return [];
  if (allow === "person") return IN_PERSON;
  return NEEDS_ACCOUNT.has(String(allow)) ? SCHEMES : [{}, ...SCHEMES];
}

/** `too_many_logins` and `logins_busy`: Basic is checked like any other login. */
const LOGIN_PROBLEMS = [
  "login_required",
  "wrong_login",
  "code_required",
  "too_many_logins",
  "logins_busy",
] as const;

/** The documented properties of an answer. */
export type DescribedAnswer = Pick<Answer<unknown>, "description" | "content" | "headers" | "codes">;

/** The answers of a route, with those for a login that is missing or wrong. */
export function withLogin(
  response: Readonly<Record<string, DescribedAnswer>>,
  allow: Allow | undefined,
): Readonly<Record<string, DescribedAnswer>> {
  if (needsNothing(allow)) return response;
  const codes = Object.values(response).flatMap(({ codes }) => codes);
  return { ...response, ...problems(...codes, ...LOGIN_PROBLEMS) };
}

function needsNothing(allow: Allow | undefined): boolean {
  return allow === undefined || NEEDS_NOTHING.has(String(allow));
}
