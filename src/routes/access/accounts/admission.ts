// POST /api/setup and POST /api/invite: a person sets the first password of an account, by a link that works once.

import { Elysia } from "elysia";
import { Problem } from "../../../errors.ts";
import { access } from "../../../plugins/access.ts";
import { requestInfoOf } from "../../../plugins/request-info.ts";
import { Acceptance, AccountName, FirstOwner } from "../../openapi/account-shapes.ts";
import { json, problems } from "../../openapi/answers.ts";
import { jsonAnswer } from "../../support/json-answer.ts";
import { jsonBody, jsonRequest } from "../../support/json-body.ts";
import type { Services } from "../../support/services.ts";
import { asProblem, checkName, checkPassword } from "./refusals.ts";

const MAX_BYTES = 8192;
const PROBLEMS = [
  "invalid_request",
  "body_too_large",
  "unsupported_type",
  "setup_gone",
  "logins_busy",
  "storage_failed",
] as const;

export function admission(services: Services) {
  const { access: known, logins, setup, log } = services;

  return new Elysia({ name: "admission" })
    .use(access(services))
    .post(
      "/api/setup",
      async ({ request }) => {
        const { token, name: text, password } = await jsonBody(services, request, FirstOwner, MAX_BYTES);
        if (!setup?.opens(token) || known.closed) throw gone();
        const name = checkName(text);
        checkPassword(name, password);
        const used = await setup.use(token, async () => {
          const hash = await logins.passwords.hash(password);
          await known.change("addFirstOwner", { name, password: hash }).catch(asProblem);
        });
        if (!used) throw gone();
        log.changed(request, { did: "added the account", path: name, by: requestInfoOf(request)?.by });
        return jsonAnswer({ name }, 201);
      },
      {
        parse: "none",
        allow: "public",
        response: {
          201: json(AccountName, { description: "The first owner can log in" }),
          ...problems(...PROBLEMS, "account_exists"),
        },
        detail: {
          operationId: "setUp",
          summary: "Add the first owner",
          description: "With the token that `sluice --setup` has printed. It works once, for 15 minutes.",
          tags: ["Accounts"],
          requestBody: jsonRequest(FirstOwner),
        },
      },
    )
    .post(
      "/api/invite",
      async ({ request }) => {
        const { token, password } = await jsonBody(services, request, Acceptance, MAX_BYTES);
        const secret = known.secret("invite", token);
        if (!secret?.account) throw gone();
        checkPassword(secret.account, password);
        const hash = await logins.passwords.hash(password);
        const name = await known.change("acceptInvite", { id: secret.id, password: hash }).catch(asProblem);
        log.changed(request, {
          did: "set the password of the account",
          path: name,
          by: requestInfoOf(request)?.by,
        });
        return jsonAnswer({ name });
      },
      {
        parse: "none",
        allow: "public",
        response: {
          200: json(AccountName, { description: "The password is set: one can log in with it" }),
          ...problems(...PROBLEMS, "not_found"),
        },
        detail: {
          operationId: "acceptInvite",
          summary: "Set the password of an account by its invite",
          description: "Every session and token of the account ends. A second factor stays.",
          tags: ["Accounts"],
          requestBody: jsonRequest(Acceptance),
        },
      },
    );
}

/** The same for a token that is wrong, was used, or has expired. */
function gone(): Problem {
  return new Problem(
    "setup_gone",
    "This link was used, has expired, or is not complete. Ask for another one.",
  );
}
