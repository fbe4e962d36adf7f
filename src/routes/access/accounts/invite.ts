// POST /api/invite: a person sets the password of an account, by the link of an invite or a reset.

import { Elysia } from "elysia";
import { access } from "../../../plugins/access.ts";
import { Acceptance, AccountName } from "../../openapi/account-shapes.ts";
import { json, problems } from "../../openapi/answers.ts";
import { jsonAnswer } from "../../support/json-answer.ts";
import { jsonBody, jsonRequest } from "../../support/json-body.ts";
import type { Services } from "../../support/services.ts";
import { asProblem, checkPassword, linkGone, PASSWORD_PROBLEMS } from "./refusals.ts";

const MAX_BYTES = 8192;

export function invite(services: Services) {
  const { access: known, logins, log } = services;

  return new Elysia({ name: "invite" }).use(access(services)).post(
    "/api/invite",
    async ({ request }) => {
      const { token, password } = await jsonBody(services, request, Acceptance, MAX_BYTES);
      const secret = known.secret("invite", token);
      if (!secret?.account) throw linkGone();
      checkPassword(secret.account, password);
      const hash = await logins.passwords.hash(password);
      const name = await known.change("acceptInvite", { id: secret.id, password: hash }).catch(asProblem);
      log.changed(request, {
        did: "set the password of the account",
        path: name,
      });
      return jsonAnswer({ name });
    },
    {
      parse: "none",
      allow: "public",
      response: {
        200: json(AccountName, { description: "The password is set: one can log in with it" }),
        ...problems(...PASSWORD_PROBLEMS, "not_found"),
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
