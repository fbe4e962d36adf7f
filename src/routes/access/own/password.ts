// PUT /api/account/password: changes one's own password, and ends everything that was opened with the old one.

import { Elysia } from "elysia";
import { passwordFaults } from "../../../access/passwords/rules.ts";
import { Problem } from "../../../errors.ts";
import { access, askerOf } from "../../../plugins/access.ts";
import { requestInfoOf } from "../../../plugins/request-info.ts";
import { NewPassword } from "../../openapi/access-shapes.ts";
import { BODY_PROBLEMS, empty, PERSON_PROBLEMS, problems } from "../../openapi/answers.ts";
import { jsonBody, jsonRequest } from "../../support/json-body.ts";
import type { Services } from "../../support/services.ts";
import { ownAccount } from "./account.ts";

const MAX_BYTES = 8192;

export function ownPassword(services: Services) {
  const { access: known, logins } = services;
  return new Elysia({ name: "own-password" }).use(access(services)).put(
    "/api/account/password",
    async ({ request }) => {
      const account = ownAccount(services, request);
      const { password, next } = await jsonBody(services, request, NewPassword, MAX_BYTES);
      const faults = passwordFaults(account.name, next);
      if (faults.length > 0)
        throw new Problem("invalid_request", "The new password cannot be used: see `errors`.", {
          errors: faults.map((detail) => ({ code: "invalid_value", pointer: "/next", detail })),
        });
      await logins.confirm(account, password, requestInfoOf(request)?.client);
      const keep = askerOf(request).credential;
      await known.change("setPassword", {
        name: account.name,
        password: await logins.passwords.hash(next),
        ...(keep !== null && { keep }),
      });
      return new Response(null, { status: 204 });
    },
    {
      parse: "none",
      allow: "person",
      response: {
        204: empty({
          description: "Changed. Every other session, and every token, of the account has ended",
        }),
        ...problems(...BODY_PROBLEMS, ...PERSON_PROBLEMS, "too_many_logins", "logins_busy", "storage_failed"),
      },
      detail: {
        operationId: "changePassword",
        summary: "Change one's own password",
        tags: ["Access"],
        requestBody: jsonRequest(NewPassword),
      },
    },
  );
}
