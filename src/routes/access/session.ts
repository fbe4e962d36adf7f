// POST and DELETE /api/session: logs a browser in and out.

import { Elysia } from "elysia";
import { digestOf, newId, newSecret } from "../../access/secrets.ts";
import { access, isSecure } from "../../plugins/access.ts";
import { PLAIN_COOKIE, SECURE_COOKIE } from "../../plugins/asker.ts";
import { requestInfoOf } from "../../plugins/request-info.ts";
import { Login } from "../openapi/access-shapes.ts";
import { empty, problems } from "../openapi/answers.ts";
import { jsonBody, jsonRequest } from "../support/json-body.ts";
import type { Services } from "../support/services.ts";

/** Seconds after which a session ends. */
const LIFETIME = 30 * 24 * 3600;
/** Characters of `User-Agent` kept to tell sessions apart. */
const LONGEST_NAME = 120;
/** Bytes of a login; longer ones are refused unread. */
const MAX_BYTES = 4096;

export function session(services: Services) {
  const { access: known, logins, config } = services;
  const secure = isSecure(config);

  const cookie = (value: string, seconds: number): string =>
    new Bun.Cookie(secure ? SECURE_COOKIE : PLAIN_COOKIE, value, {
      path: "/",
      maxAge: seconds,
      httpOnly: true,
      sameSite: "lax",
      secure,
    }).toString();

  return new Elysia({ name: "session" })
    .use(access(services))
    .post(
      "/api/session",
      async ({ request }) => {
        const { name, password } = await jsonBody(services, request, Login, MAX_BYTES);
        const account = await logins.check(name, password, requestInfoOf(request)?.client);
        const secret = newSecret();
        await known.change("addSecret", {
          digest: digestOf(secret),
          id: newId(),
          kind: "session",
          account: account.name,
          name: (request.headers.get("user-agent") ?? "").slice(0, LONGEST_NAME),
          expires: known.now() + LIFETIME * 1000,
        });
        return new Response(null, {
          status: 204,
          headers: { "set-cookie": cookie(secret, LIFETIME), "cache-control": "no-store" },
        });
      },
      {
        parse: "none",
        allow: "public",
        response: {
          204: empty({ description: "Logged in: the cookie of the session is set" }),
          ...problems(
            "invalid_request",
            "body_too_large",
            "unsupported_type",
            "wrong_login",
            "code_required",
            "too_many_logins",
            "logins_busy",
            "storage_failed",
          ),
        },
        detail: {
          operationId: "logIn",
          summary: "Log in with a name and a password",
          description:
            "For browsers: sets a cookie that ends after 30 days. Programs send a token with each request.",
          tags: ["Access"],
          requestBody: jsonRequest(Login),
        },
      },
    )
    .delete(
      "/api/session",
      async ({ request }) => {
        const asker = requestInfoOf(request)?.asker;
        if (asker?.via === "session" && asker.credential !== null)
          await known.change("removeSecret", { id: asker.credential });
        return new Response(null, {
          status: 204,
          headers: { "set-cookie": cookie("", 0), "cache-control": "no-store" },
        });
      },
      {
        allow: "each",
        response: {
          204: empty({ description: "Logged out" }),
          ...problems("wrong_login", "cross_origin", "storage_failed"),
        },
        detail: { operationId: "logOut", summary: "Log out", tags: ["Access"] },
      },
    );
}
