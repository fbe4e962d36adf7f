// POST /api/setup: the first owner sets a name and a password, by the link that `sluice --setup` has printed.

import { Elysia } from "elysia";
import { access } from "../../../plugins/access.ts";
import { AccountName, FirstOwner } from "../../openapi/account-shapes.ts";
import { json, problems } from "../../openapi/answers.ts";
import { jsonAnswer } from "../../support/json-answer.ts";
import { jsonBody, jsonRequest } from "../../support/json-body.ts";
import type { Services } from "../../support/services.ts";
import { asProblem, checkName, checkPassword, linkGone, PASSWORD_PROBLEMS } from "./refusals.ts";

const MAX_BYTES = 8192;

export function setUp(services: Services) {
  const { access: known, logins, setup, log } = services;

  return new Elysia({ name: "setup" }).use(access(services)).post(
    "/api/setup",
    async ({ request }) => {
      const { token, name: text, password } = await jsonBody(services, request, FirstOwner, MAX_BYTES);
      if (!setup?.opens(token) || known.closed) throw linkGone();
      const name = checkName(text);
      checkPassword(name, password);
      const used = await setup.use(token, async () => {
        const hash = await logins.passwords.hash(password);
        await known.change("addFirstOwner", { name, password: hash }).catch(asProblem);
      });
      if (!used) throw linkGone();
      log.changed(request, { did: "added the account", path: name });
      return jsonAnswer({ name }, 201);
    },
    {
      parse: "none",
      allow: "public",
      response: {
        201: json(AccountName, { description: "The first owner can log in" }),
        ...problems(...PASSWORD_PROBLEMS, "account_exists"),
      },
      detail: {
        operationId: "setUp",
        summary: "Add the first owner",
        description: "With the token that `sluice --setup` has printed. It works once, for 15 minutes.",
        tags: ["Accounts"],
        requestBody: jsonRequest(FirstOwner),
      },
    },
  );
}
