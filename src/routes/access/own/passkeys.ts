// /api/account/passkeys: adds passkeys to one's own account, and removes them.

import { Elysia, t } from "elysia";
import { ChangeRefused } from "../../../access/database/changes/refused.ts";
import { PasskeyAttestation } from "../../../access/login/passkey-shapes.ts";
import type { PasskeyHolder } from "../../../access/login/passkeys.ts";
import { Problem } from "../../../errors.ts";
import { access } from "../../../plugins/access.ts";
import { requestInfoOf } from "../../../plugins/request-info.ts";
import { BrowserOptions, NewPasskey, PasswordAgain } from "../../openapi/access-shapes.ts";
import { BODY_PROBLEMS, empty, json, PERSON_PROBLEMS, problems } from "../../openapi/answers.ts";
import { jsonAnswer } from "../../support/json-answer.ts";
import { jsonBody, jsonRequest } from "../../support/json-body.ts";
import type { Services } from "../../support/services.ts";
import { relyingParty } from "../login/site.ts";
import { ownAccount } from "./account.ts";

const MAX_BYTES = 98_304;
/** Passkeys of one account. */
const MOST_PASSKEYS = 20;

export function passkeys(services: Services) {
  const { access: known, logins } = services;

  const holderOf = (request: Request): PasskeyHolder => {
    const { name, uid } = ownAccount(services, request);
    const own = known.snapshot.passkeys.filter(({ account }) => account === name);
    if (own.length < MOST_PASSKEYS) return { name, uid, passkeys: own };
    throw new Problem("invalid_request", `The account has ${MOST_PASSKEYS} passkeys: remove one first.`);
  };

  return new Elysia({ name: "passkeys" })
    .use(access(services))
    .post(
      "/api/account/passkeys/options",
      async ({ request }) => {
        const party = relyingParty(services, request);
        const holder = holderOf(request);
        const account = ownAccount(services, request);
        const { password } = await jsonBody(services, request, PasswordAgain, MAX_BYTES);
        // A passkey outlives a stolen session. Who has no password has logged in by a provider or another passkey.
        if (account.password !== null)
          await logins.confirm(account, password, requestInfoOf(request)?.client);
        return jsonAnswer(await logins.passkeys.registration(party, holder));
      },
      {
        parse: "none",
        allow: "person",
        response: {
          200: json(BrowserOptions, { description: "The options for `navigator.credentials.create`" }),
          ...problems(...BODY_PROBLEMS, ...PERSON_PROBLEMS, "too_many_logins", "logins_busy"),
        },
        detail: {
          operationId: "beginPasskey",
          summary: "Begin to add a passkey",
          description: "The password may be empty for an account that has none.",
          tags: ["Access"],
          requestBody: jsonRequest(PasswordAgain),
        },
      },
    )
    .post(
      "/api/account/passkeys",
      async ({ request }) => {
        const party = relyingParty(services, request);
        const holder = holderOf(request);
        const { name, credential } = await jsonBody(services, request, NewPasskey, MAX_BYTES);
        const passkey = await logins.passkeys.register(party, holder, credential);
        const { id, counter, transports } = passkey;
        const publicKey = Uint8Array.from(passkey.publicKey);
        await known
          .change("addPasskey", { id, account: holder.name, name, publicKey, counter, transports })
          .catch((error) => {
            throw error instanceof ChangeRefused ? new Problem("invalid_request", error.message) : error;
          });
        return new Response(null, { status: 204 });
      },
      {
        parse: "none",
        allow: "person",
        response: {
          204: empty({ description: "The passkey can be used to log in" }),
          ...problems(...BODY_PROBLEMS, ...PERSON_PROBLEMS, "storage_failed"),
        },
        detail: {
          operationId: "addPasskey",
          summary: "Add a passkey",
          tags: ["Access"],
          requestBody: jsonRequest(NewPasskey),
        },
      },
    )
    .delete(
      "/api/account/passkeys/:id",
      async ({ request, params: { id } }) => {
        const { name } = ownAccount(services, request);
        if (!(await known.change("removePasskey", { id, account: name })))
          throw new Problem("not_found", "Your account has no such passkey.");
        return new Response(null, { status: 204 });
      },
      {
        allow: "person",
        params: t.Object({ id: { ...PasskeyAttestation.properties.id, description: "Id of the passkey" } }),
        response: {
          204: empty({ description: "The passkey cannot be used any more" }),
          ...problems("invalid_request", ...PERSON_PROBLEMS, "not_found", "storage_failed"),
        },
        detail: { operationId: "removePasskey", summary: "Remove a passkey", tags: ["Access"] },
      },
    );
}
