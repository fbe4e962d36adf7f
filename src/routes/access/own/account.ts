// GET /api/account: how one may log in to one's own account.

import { Elysia } from "elysia";
import type { Account } from "../../../access/database/snapshot.ts";
import { Problem } from "../../../errors.ts";
import { access, askerOf } from "../../../plugins/access.ts";
import { OwnAccount } from "../../openapi/access-shapes.ts";
import { json, problems } from "../../openapi/answers.ts";
import { jsonAnswer } from "../../support/json-answer.ts";
import type { Services } from "../../support/services.ts";

/**
 * The account of a person who is here, not only a program with a token: only that may change how one logs in.
 * @throws Problem not_allowed
 */
export function ownAccount({ access: { snapshot } }: Services, request: Request): Account {
  const { account: name, via } = askerOf(request);
  const account = name === null ? undefined : snapshot.accounts.get(name);
  if (account && (via === "session" || via === "password")) return account;
  throw new Problem("not_allowed", "A token cannot see or change how you log in. Log in on the page.");
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
          created: new Date(created).toISOString(),
        })),
        providers: snapshot.identities.filter(({ account }) => account === name).map(({ issuer }) => issuer),
      });
    },
    {
      allow: "account",
      response: {
        200: json(OwnAccount, { description: "The ways to log in" }),
        ...problems("login_required", "wrong_login", "not_allowed"),
      },
      detail: {
        operationId: "getAccount",
        summary: "Get the ways to log in to one's own account",
        tags: ["Access"],
      },
    },
  );
}
