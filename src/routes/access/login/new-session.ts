// A session begins: its secret goes into a cookie, its digest into the database.

import type { Account } from "../../../access/database/snapshot.ts";
import { asWrongLogin } from "../../../access/logins.ts";
import { digestOf, newId, newSecret } from "../../../access/secrets.ts";
import { setCookie } from "../../../http/cookies.ts";
import { isSecure } from "../../../plugins/access.ts";
import { PLAIN_COOKIE, SECURE_COOKIE } from "../../../plugins/asker.ts";
import { requestInfoOf } from "../../../plugins/request-info.ts";
import type { Services } from "../../support/services.ts";

/** Seconds after which a session ends. */
const LIFETIME = 30 * 24 * 3600;
/** Characters of `User-Agent` kept to tell sessions apart. */
const LONGEST_NAME = 120;

/** Begins a session of an account that has proved who it is. @returns the headers of the answer. @throws Problem wrong_login, storage_failed */
export async function beginSession(
  { access, config, log }: Services,
  request: Request,
  account: Account,
): Promise<Record<string, string>> {
  const secret = newSecret();
  const { name, uid, epoch } = account;
  await access
    .change("addSecret", {
      digest: digestOf(secret),
      id: newId(),
      kind: "session",
      account: name,
      name: (request.headers.get("user-agent") ?? "").slice(0, LONGEST_NAME),
      expires: access.now() + LIFETIME * 1000,
      // The password may be changed at this moment, which ends all sessions there are.
      proved: { uid, epoch },
    })
    .catch(asWrongLogin);
  const info = requestInfoOf(request);
  if (info) info.asker = access.asAccount(account, "session");
  log.changed(request, { did: "logged in", path: account.name });
  return sessionHeaders(isSecure(config, request), secret, LIFETIME);
}

/** The headers of the answer that ends a session in the browser. */
export function endedSession({ config }: Services, request: Request): Record<string, string> {
  return sessionHeaders(isSecure(config, request), "", 0);
}

function sessionHeaders(secure: boolean, value: string, maxAge: number): Record<string, string> {
  const name = secure ? SECURE_COOKIE : PLAIN_COOKIE;
  return { "set-cookie": setCookie(name, value, { maxAge, secure }), "cache-control": "no-store" };
}
