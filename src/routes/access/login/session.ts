// POST and DELETE /api/session: logs a browser in and out.

import { Elysia } from "elysia";
import { access } from "../../../plugins/access.ts";
import { requestInfoOf } from "../../../plugins/request-info.ts";
import { Login } from "../../openapi/access-shapes.ts";
import { BODY_PROBLEMS, empty, problems } from "../../openapi/answers.ts";
import { jsonBody, jsonRequest } from "../../support/json-body.ts";
import type { Services } from "../../support/services.ts";
import { beginSession, endedSession } from "./new-session.ts";

/** Bytes of a login; longer ones are refused unread. */
const MAX_BYTES = 4096;

export function session(services: Services) {
  const { access: known, logins, log } = services;
  return new Elysia({ name: "session" })
    .use(access(services))
    .post(
      "/api/session",
      async ({ request }) => {
        const { name, password, code } = await jsonBody(services, request, Login, MAX_BYTES);
        const account = await logins.check(name, password, requestInfoOf(request)?.client, code);
        return new Response(null, { status: 204, headers: await beginSession(services, request, account) });
      },
      {
        parse: "none",
        allow: "public",
        response: {
          204: empty({ description: "Logged in: the cookie of the session is set", headers: ["Set-Cookie"] }),
          ...problems(
            ...BODY_PROBLEMS,
            "wrong_login",
            "code_required",
            "too_many_logins",
            "logins_busy",
            "storage_failed",
          ),
        },
        detail: {
          operationId: "logIn",
          summary: "Log in with a name, a password and perhaps a code",
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
        if (asker?.via === "session" && asker.credential !== null) {
          await known.change("removeSecret", { id: asker.credential });
          log.changed(request, { did: "logged out", path: asker.account ?? "" });
        }
        return new Response(null, { status: 204, headers: endedSession(services, request) });
      },
      {
        allow: "each",
        response: {
          204: empty({ description: "Logged out", headers: ["Set-Cookie"] }),
          ...problems("wrong_login", "cross_origin", "storage_failed"),
        },
        detail: { operationId: "logOut", summary: "Log out", tags: ["Access"] },
      },
    );
}
