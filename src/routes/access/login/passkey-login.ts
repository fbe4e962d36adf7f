// POST /api/session/passkey: logs a browser in with a passkey, without a name and a password.

import { Elysia } from "elysia";
import { access } from "../../../plugins/access.ts";
import { requestInfoOf } from "../../../plugins/request-info.ts";
import { BrowserOptions, PasskeyLogin } from "../../openapi/access-shapes.ts";
import { BODY_PROBLEMS, empty, json, problems } from "../../openapi/answers.ts";
import { jsonAnswer } from "../../support/json-answer.ts";
import { jsonBody, jsonRequest } from "../../support/json-body.ts";
import type { Services } from "../../support/services.ts";
import { beginSession } from "./new-session.ts";
import { relyingParty } from "./site.ts";

/** Bytes: signatures have some hundred. */
const MAX_BYTES = 32_768;

export function passkeyLogin(services: Services) {
  const { logins } = services;
  return new Elysia({ name: "passkey-login" })
    .use(access(services))
    .post(
      "/api/session/passkey/options",
      async ({ request }) => jsonAnswer(await logins.passkeys.login(relyingParty(services, request))),
      {
        parse: "none",
        allow: "public",
        response: {
          200: json(BrowserOptions, { description: "The options for `navigator.credentials.get`" }),
          ...problems("invalid_request"),
        },
        detail: {
          operationId: "beginPasskeyLogin",
          summary: "Begin to log in with a passkey",
          description: "The options hold for five minutes, and are the same for every account.",
          tags: ["Access"],
        },
      },
    )
    .post(
      "/api/session/passkey",
      async ({ request }) => {
        const party = relyingParty(services, request);
        const { credential } = await jsonBody(services, request, PasskeyLogin, MAX_BYTES);
        const account = await logins.passkey(party, credential, requestInfoOf(request)?.client);
        return new Response(null, { status: 204, headers: await beginSession(services, request, account) });
      },
      {
        parse: "none",
        allow: "public",
        response: {
          204: empty({ description: "Logged in: the cookie of the session is set", headers: ["Set-Cookie"] }),
          ...problems(...BODY_PROBLEMS, "wrong_login", "too_many_logins", "storage_failed"),
        },
        detail: {
          operationId: "logInWithPasskey",
          summary: "Log in with a passkey",
          description: "Replaces the name, the password and the code.",
          tags: ["Access"],
          requestBody: jsonRequest(PasskeyLogin),
        },
      },
    );
}
