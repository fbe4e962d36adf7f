// /api/account/totp: adds an authenticator app to one's own account, and removes it.

import { Elysia } from "elysia";
import { Challenges } from "../../../access/login/challenges.ts";
import { newTotp, stepOfCode } from "../../../access/login/totp.ts";
import { Problem } from "../../../errors.ts";
import { access } from "../../../plugins/access.ts";
import { requestInfoOf } from "../../../plugins/request-info.ts";
import { NewTotp, PasswordAgain, TotpConfirmation } from "../../openapi/access-shapes.ts";
import { BODY_PROBLEMS, empty, json, PERSON_PROBLEMS, problems } from "../../openapi/answers.ts";
import { jsonAnswer } from "../../support/json-answer.ts";
import { jsonBody, jsonRequest } from "../../support/json-body.ts";
import type { Services } from "../../support/services.ts";
import { originOf } from "../login/site.ts";
import { ownAccount } from "./account.ts";

const MAX_BYTES = 4096;
const PROBLEMS = [...BODY_PROBLEMS, ...PERSON_PROBLEMS] as const;

export function secondFactor(services: Services) {
  const { access: known, logins } = services;
  /** Seals of secrets that were made here for somebody who has just sent the password. */
  const seals = new Challenges();
  const purpose = (uid: string, secret: string): string => `totp ${uid} ${secret}`;

  const confirm = async (request: Request) => {
    const account = ownAccount(services, request);
    const { password } = await jsonBody(services, request, PasswordAgain, MAX_BYTES);
    await logins.confirm(account, password, requestInfoOf(request)?.client);
    return account;
  };

  return new Elysia({ name: "second-factor" })
    .use(access(services))
    .post(
      "/api/account/totp",
      async ({ request }) => {
        const { name, uid } = await confirm(request);
        const { secret, uri } = newTotp(new URL(originOf(services, request)).host, name);
        return jsonAnswer({ secret, uri, seal: seals.issue(purpose(uid, secret)) });
      },
      {
        parse: "none",
        allow: "person",
        response: {
          200: json(NewTotp, { description: "The secret for the app. Nothing has changed yet" }),
          ...problems(...PROBLEMS, "too_many_logins", "logins_busy"),
        },
        detail: {
          operationId: "beginTotp",
          summary: "Begin to add an authenticator app",
          tags: ["Access"],
          requestBody: jsonRequest(PasswordAgain),
        },
      },
    )
    .put(
      "/api/account/totp",
      async ({ request }) => {
        const { name, uid } = ownAccount(services, request);
        const { secret, seal, code } = await jsonBody(services, request, TotpConfirmation, MAX_BYTES);
        if (!seals.isOpen(seal, purpose(uid, secret)))
          throw new Problem(
            "invalid_request",
            "This took longer than five minutes, or was done. Begin again.",
          );
        const step = stepOfCode(secret, code, 0, known.now());
        if (step === undefined)
          throw new Problem(
            "wrong_login",
            "The code is wrong: is the clock of your device right? Send another one.",
          );
        if (!seals.spend(seal, purpose(uid, secret)))
          throw new Problem("invalid_request", "The app was added already.");
        await known.change("setTotp", { name, totp: secret });
        // Nobody may log in with the code that was just typed.
        await known.change("useTotpStep", { name, step });
        return new Response(null, { status: 204 });
      },
      {
        parse: "none",
        allow: "person",
        response: {
          204: empty({ description: "From now on the account needs a code; programs need a token" }),
          ...problems(...PROBLEMS, "storage_failed"),
        },
        detail: {
          operationId: "confirmTotp",
          summary: "Add the authenticator app",
          tags: ["Access"],
          requestBody: jsonRequest(TotpConfirmation),
        },
      },
    )
    .post(
      "/api/account/totp/remove",
      async ({ request }) => {
        const { name } = await confirm(request);
        await known.change("setTotp", { name, totp: null });
        return new Response(null, { status: 204 });
      },
      {
        parse: "none",
        allow: "person",
        response: {
          204: empty({ description: "The password alone is enough again" }),
          ...problems(...PROBLEMS, "too_many_logins", "logins_busy", "storage_failed"),
        },
        detail: {
          operationId: "removeTotp",
          summary: "Remove the authenticator app",
          description:
            "Who has lost the app and every session asks an owner: `sluice user reset NAME --second-factor`.",
          tags: ["Access"],
          requestBody: jsonRequest(PasswordAgain),
        },
      },
    );
}
