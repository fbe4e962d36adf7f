// /api/accounts: an owner lists, invites, changes, resets and removes accounts.

import { Elysia, t } from "elysia";
import type { Account as Stored } from "../../../access/database/snapshot.ts";
import { INVITE_LIFETIME, newInvite } from "../../../access/invites.ts";
import { isoTime } from "../../../access/iso-time.ts";
import { Problem } from "../../../errors.ts";
import { access } from "../../../plugins/access.ts";
import type { Change } from "../../../plugins/log.ts";
import { Account, AccountChange, Accounts, Invite, NewAccount, Reset } from "../../openapi/account-shapes.ts";
import { BODY_PROBLEMS, empty, json, PERSON_PROBLEMS, problems } from "../../openapi/answers.ts";
import { jsonAnswer } from "../../support/json-answer.ts";
import { jsonBody, jsonRequest } from "../../support/json-body.ts";
import type { Services } from "../../support/services.ts";
import { asProblem, checkName } from "./refusals.ts";

const MAX_BYTES = 16_384;
const CHANGE_PROBLEMS = [...PERSON_PROBLEMS, ...BODY_PROBLEMS, "storage_failed"] as const;
const params = t.Object({ name: t.String({ maxLength: 64, description: "The name of an account" }) });

export function accounts(services: Services) {
  const { access: known, log } = services;

  const record = (request: Request, did: Change["did"], path: string): void =>
    log.changed(request, { did, path });

  const existing = (name: string): Stored => {
    const account = known.snapshot.accounts.get(name.normalize("NFC"));
    if (account) return account;
    throw new Problem("not_found", "There is no account with this name.");
  };

  const inviteFor = (name: string) => {
    const expires = known.now() + INVITE_LIFETIME * 1000;
    const { secret, token } = newInvite(name, expires);
    return { secret, answer: { name, path: `/invite#${token}`, expires: isoTime(expires) } };
  };

  return new Elysia({ name: "accounts" })
    .use(access(services))
    .get("/api/accounts", () => jsonAnswer({ accounts: [...known.snapshot.accounts.values()].map(shown) }), {
      allow: "owner",
      response: {
        200: json(Accounts, { description: "All accounts, sorted by name" }),
        ...problems(...PERSON_PROBLEMS),
      },
      detail: { operationId: "listAccounts", summary: "List the accounts", tags: ["Accounts"] },
    })
    .post(
      "/api/accounts",
      async ({ request }) => {
        const {
          name: text,
          owner = false,
          teams = [],
        } = await jsonBody(services, request, NewAccount, MAX_BYTES);
        const name = checkName(text);
        for (const [index, team] of teams.entries()) checkName(team, `/teams/${index}`);
        const { secret, answer } = inviteFor(name);
        const account = { name, owner, teams: [...new Set(teams.map((team) => team.normalize("NFC")))] };
        await known.change("inviteAccount", { account, secret }).catch(asProblem);
        record(request, "added the account", name);
        return jsonAnswer(answer, 201);
      },
      {
        parse: "none",
        allow: "owner",
        response: {
          201: json(Invite, { description: "The account exists. Send the link to its person" }),
          ...problems(...CHANGE_PROBLEMS, "account_exists"),
        },
        detail: {
          operationId: "inviteAccount",
          summary: "Add an account and invite its person",
          description:
            "The account may do nothing until it is granted something: `sluice grant NAME PATH WORDS`.",
          tags: ["Accounts"],
          requestBody: jsonRequest(NewAccount),
        },
      },
    )
    .patch(
      "/api/accounts/:name",
      async ({ request, params }) => {
        const { name } = existing(params.name);
        const { owner, disabled, teams } = await jsonBody(services, request, AccountChange, MAX_BYTES);
        for (const [index, team] of (teams ?? []).entries()) checkName(team, `/teams/${index}`);
        const change = {
          name,
          ...(owner !== undefined && { owner }),
          ...(disabled !== undefined && { disabled }),
          ...(teams && { teams: [...new Set(teams.map((team) => team.normalize("NFC")))] }),
        };
        await known.change("changeAccount", change).catch(asProblem);
        record(request, "changed the account", name);
        return jsonAnswer(shown(existing(name)));
      },
      {
        parse: "none",
        allow: "owner",
        params,
        response: {
          200: json(Account, { description: "The account as it is now" }),
          ...problems(...CHANGE_PROBLEMS, "not_found", "last_owner"),
        },
        detail: {
          operationId: "changeAccount",
          summary: "Disable or enable an account, or change its teams",
          description:
            "A disabled account loses its sessions at once; its tokens and links work again when it is enabled.",
          tags: ["Accounts"],
          requestBody: jsonRequest(AccountChange),
        },
      },
    )
    .delete(
      "/api/accounts/:name",
      async ({ request, params }) => {
        const { name } = existing(params.name);
        await known.change("removeAccount", { name }).catch(asProblem);
        record(request, "removed the account", name);
        return new Response(null, { status: 204 });
      },
      {
        allow: "owner",
        params,
        response: {
          204: empty({ description: "Removed with its grants, tokens and links. Its files stay" }),
          ...problems(...PERSON_PROBLEMS, "invalid_request", "not_found", "last_owner", "storage_failed"),
        },
        detail: { operationId: "removeAccount", summary: "Remove an account", tags: ["Accounts"] },
      },
    )
    .post(
      "/api/accounts/:name/reset",
      async ({ request, params }) => {
        const { secondFactor = false } = await jsonBody(services, request, Reset, MAX_BYTES);
        const { name } = existing(params.name);
        const { secret, answer } = inviteFor(name);
        await known.change("resetAccount", { secret, secondFactor }).catch(asProblem);
        record(request, "reset the account", name);
        return jsonAnswer(answer, 201);
      },
      {
        parse: "none",
        allow: "owner",
        params,
        response: {
          201: json(Invite, { description: "Send the link to the person of the account" }),
          ...problems(...CHANGE_PROBLEMS, "not_found"),
        },
        detail: {
          operationId: "resetAccount",
          summary: "Make a link by which a new password is set",
          description: "The old password works until the link is used. Earlier links of the account end.",
          tags: ["Accounts"],
          requestBody: jsonRequest(Reset),
        },
      },
    );
}

/** Without the hash, and without the secret of the second factor. */
function shown({ name, owner, teams, disabled, password, totp, created }: Stored) {
  return {
    name,
    owner,
    teams,
    disabled,
    hasPassword: password !== null,
    secondFactor: totp !== null,
    created: isoTime(created),
  };
}
