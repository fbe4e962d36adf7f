// Finds who makes a request, by its Authorization header or its cookie.

import type { Access } from "../access/access.ts";
import type { Asker } from "../access/asker.ts";
import type { Account } from "../access/database/snapshot.ts";
import { proxyAccount } from "../access/login/proxy-accounts.ts";
import { type Logins, wrongLogin } from "../access/logins.ts";
import { TOKEN_PREFIX } from "../access/secrets.ts";
import { Problem } from "../errors.ts";
import { cookieIn } from "../http/cookies.ts";
import { isUnsafe } from "../http/methods.ts";
import { requestInfoOf } from "./request-info.ts";

/** The cookie of a session that began over TLS: browsers send it over TLS only, and to this host only. */
export const SECURE_COOKIE = "__Host-sluice";
/** The cookie of a session elsewhere. */
export const PLAIN_COOKIE = "sluice";

/** How a server recognizes its accounts. */
export interface AskerOptions {
  access: Access;
  logins: Logins;
  /** Whether the request uses the cookie for TLS. */
  secure: boolean;
  /** `--login-header`, believed from trusted proxies only. */
  loginHeader: string | undefined;
}

/**
 * Finds the asker of a request. A cookie that has expired counts as none; other credentials that are wrong are refused.
 * @throws Problem wrong_login; cross_origin for a cookie with an unsafe method and without the headers that browsers send with it
 */
export function findAsker(
  { access, logins, secure, loginHeader }: AskerOptions,
  request: Request,
): Asker | Promise<Asker> {
  const name = loginHeader === undefined ? null : request.headers.get(loginHeader);
  if (name && requestInfoOf(request)?.throughProxy) return byProxy(access, name);
  // Without accounts, credentials are those of a proxy in front.
  if (!access.closed) return access.anyone;
  const { headers } = request;
  const authorization = headers.get("authorization");
  if (authorization !== null) return byAuthorization(access, logins, request, authorization);
  const session = cookieIn(headers, secure ? SECURE_COOKIE : PLAIN_COOKIE);
  const asker = session ? access.bySecret("session", session) : null;
  if (!asker) return access.anyone;
  if (isUnsafe(request.method) && !headers.has("origin") && !headers.has("sec-fetch-site"))
    throw new Problem(
      "cross_origin",
      "A session cookie needs `Origin` or `Sec-Fetch-Site`, which browsers send. Programs use a token: `Authorization: Bearer …`.",
    );
  return asker;
}

function byAuthorization(
  access: Access,
  logins: Logins,
  request: Request,
  header: string,
): Asker | Promise<Asker> {
  const [, scheme = "", value = ""] = /^(\S+) +(\S+) *$/.exec(header) ?? [];
  if (scheme.toLowerCase() !== "basic") return byToken(access, value);
  const [name, password] = splitOnce(Buffer.from(value, "base64").toString());
  // A token is the password under any name.
  if (password.startsWith(TOKEN_PREFIX)) return byToken(access, password);
  const account = logins.basic(name, password, requestInfoOf(request)?.client);
  if (account instanceof Promise) return account.then((found) => access.asAccount(found, "password"));
  return access.asAccount(account, "password");
}

/** The account that a trusted proxy names. A new name becomes an account without grants. */
function byProxy(access: Access, header: string): Asker | Promise<Asker> {
  // Bun reads the bytes of headers as Latin-1; proxies send UTF-8.
  const name = Buffer.from(header, "latin1").toString().normalize("NFC");
  const known = access.snapshot.accounts.get(name);
  if (known) return enabledAsker(access, known);
  return proxyAccount(access, name).then((account) => enabledAsker(access, account));
}

/** @throws Problem wrong_login for a disabled account */
function enabledAsker(access: Access, account: Account): Asker {
  if (account.disabled) throw wrongLogin();
  return access.asAccount(account, "proxy");
}

function byToken(access: Access, token: string): Asker {
  const asker = access.bySecret("token", token);
  if (asker) return asker;
  throw wrongLogin();
}

/** The texts before and after the first colon. */
function splitOnce(text: string): [string, string] {
  const colon = text.indexOf(":");
  return colon === -1 ? [text, ""] : [text.slice(0, colon), text.slice(colon + 1)];
}
