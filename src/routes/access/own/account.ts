// GET /api/account: how one may log in to one's own account.

import { Elysia } from "elysia";
import type { Account } from "../../../access/database/snapshot.ts";
import { isoTime } from "../../../access/iso-time.ts";
import { access, askerOf, loginRequired } from "../../../plugins/access.ts";
import { OwnAccount } from "../../openapi/access-shapes.ts";
import { json, PERSON_PROBLEMS, problems } from "../../openapi/answers.ts";
import { jsonAnswer } from "../../support/json-answer.ts";
import type { Services } from "../../support/services.ts";

/** The account of the person who makes a request. @throws Problem login_required when it was removed meanwhile */
export function ownAccount({ access: { snapshot } }: Services, request: Request): Account {
  const { account: name } = askerOf(request);
  const account = name === null ? undefined : snapshot.accounts.get(name);
  if (account) return account;
  throw loginRequired();
}

export function ownAccountRoute(services: Services) {
  return new Elysia({ name: "own-account" }).use(access(services)).get(
    "/api/account",
    ({ request }) => {
      const { snapshot } = services.access;
      const { name, owner, password, totp } = ownAccount(services, request);
      const passkeys = snapshot.passkeys.filter(({ account }) => account === name);
      return jsonAnswer({
        name,
        owner,
        password: password !== null,
        totp: totp !== null,
        passkeys: passkeys.map(({ id, name, created }) => ({
          id,
          name,
          created: isoTime(created),
        })),
        providers: snapshot.identities.filter(({ account }) => account === name).map(({ issuer }) => issuer),
      });
    },
    {
      allow: "person",
      response: {
        200: json(OwnAccount, { description: "The ways to log in" }),
        ...problems(...PERSON_PROBLEMS),
      },
      detail: {
        operationId: "getAccount",
        summary: "Get the ways to log in to one's own account",
        tags: ["Access"],
      },
    },
  );
}
