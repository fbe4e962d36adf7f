// /api/tokens: the tokens of one's own account; an owner sees and revokes all.

import { Elysia, t } from "elysia";
import type { Secret } from "../../../access/database/snapshot.ts";
import { isoTime } from "../../../access/iso-time.ts";
import { asWrongLogin } from "../../../access/logins.ts";
import { digestOf, newId, newSecret, TOKEN_PREFIX } from "../../../access/secrets.ts";
import { formatWords, listWords, wordsOf } from "../../../access/words.ts";
import { Problem } from "../../../errors.ts";
import { checkFolderPath, ROOT } from "../../../path.ts";
import { access } from "../../../plugins/access.ts";
import { MadeToken, NewToken, Tokens } from "../../openapi/account-shapes.ts";
import { BODY_PROBLEMS, empty, json, PERSON_PROBLEMS, problems } from "../../openapi/answers.ts";
import { jsonAnswer } from "../../support/json-answer.ts";
import { jsonBody, jsonRequest } from "../../support/json-body.ts";
import type { Services } from "../../support/services.ts";
import { ownAccount } from "../own/account.ts";

const MAX_BYTES = 16_384;
/** Seconds. */
const LIFETIME = 90 * 86_400;
/** Tokens of one account. */
const MOST_TOKENS = 100;

export function tokens(services: Services) {
  const { access: known, log } = services;

  /** The tokens that the person of a request may see. */
  const tokensOf = (request: Request): Secret[] => {
    const { name, owner } = ownAccount(services, request);
    return [...known.snapshot.secrets.values()].filter(
      ({ kind, account }) => kind === "token" && (owner || account === name),
    );
  };

  return new Elysia({ name: "tokens" })
    .use(access(services))
    .get("/api/tokens", ({ request }) => jsonAnswer({ tokens: tokensOf(request).map(shown) }), {
      allow: "person",
      response: {
        200: json(Tokens, { description: "One's own tokens; those of all accounts for an owner" }),
        ...problems(...PERSON_PROBLEMS),
      },
      detail: { operationId: "listTokens", summary: "List tokens", tags: ["Accounts"] },
    })
    .post(
      "/api/tokens",
      async ({ request }) => {
        const account = ownAccount(services, request);
        const { name, words, path, expires } = await jsonBody(services, request, NewToken, MAX_BYTES);
        if (tokensOf(request).filter((token) => token.account === account.name).length >= MOST_TOKENS)
          throw new Problem("invalid_request", `The account has ${MOST_TOKENS} tokens: revoke one first.`);
        const token = newSecret(TOKEN_PREFIX);
        const id = newId();
        const until = known.now() + (expires ?? LIFETIME) * 1000;
        const limited = words !== undefined || path !== undefined;
        await known
          .change("addSecret", {
            digest: digestOf(token),
            id,
            kind: "token",
            proved: { uid: account.uid, epoch: account.epoch },
            account: account.name,
            name,
            words: limited ? (words ? formatWords(wordsOf(words)) : "all") : null,
            path: limited ? checkFolderPath(path ?? ROOT, "/path") : null,
            expires: until,
          })
          .catch(asWrongLogin);
        log.changed(request, { did: "added the token", path: id });
        return jsonAnswer({ id, token, expires: isoTime(until) }, 201);
      },
      {
        parse: "none",
        allow: "person",
        response: {
          201: json(MadeToken, { description: "The token. It is not shown again" }),
          ...problems(...PERSON_PROBLEMS, ...BODY_PROBLEMS, "invalid_path", "storage_failed"),
        },
        detail: {
          operationId: "addToken",
          summary: "Make a token for a program",
          description:
            "It may do what the account may at the moment of each request, or less with `words` and `path`. A changed password ends all tokens.",
          tags: ["Accounts"],
          requestBody: jsonRequest(NewToken),
        },
      },
    )
    .delete(
      "/api/tokens/:id",
      async ({ request, params: { id } }) => {
        if (!tokensOf(request).some((token) => token.id === id))
          throw new Problem("not_found", "There is no such token, or it is not yours.");
        await known.change("removeSecret", { id });
        log.changed(request, { did: "revoked the token", path: id });
        return new Response(null, { status: 204 });
      },
      {
        allow: "person",
        params: t.Object({ id: t.String({ maxLength: 64, description: "Id of the token" }) }),
        response: {
          204: empty({ description: "The token is refused from now on" }),
          ...problems(...PERSON_PROBLEMS, "invalid_request", "not_found", "storage_failed"),
        },
        detail: { operationId: "revokeToken", summary: "Revoke a token", tags: ["Accounts"] },
      },
    );
}

function shown({ id, name, account, words, path, created, expires }: Secret) {
  return {
    id,
    name,
    account: account ?? "",
    words: words === null ? null : listWords(words),
    path,
    created: isoTime(created),
    expires: isoTime(expires),
  };
}
