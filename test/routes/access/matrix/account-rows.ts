// The rows of the matrix about logins, accounts, tokens and links.

import { json, linked, type Row } from "./prepared.ts";

/** The limited token is one of the owner: it sees the links that it could have made, and alice none of them. */
const onLink = (more = "", body?: object): Row => ({
  ...linked,
  by: "link",
  ask: (folder, id) => {
    const needs = [`${folder}/hidden`];
    return body ? json(`/api/links/${id}${more}`, body, needs) : { url: `/api/links/${id}${more}`, needs };
  },
});

const ofOwner = (url: string, body?: object): Row => ({
  by: "owner",
  ask: () => (body ? json(url, body, []) : { url }),
});
const ofAccount = (url: string, body?: object): Row => ({ ...ofOwner(url, body), by: "account" });
export const open = (url: string, body?: object): Row => ({ ...ofOwner(url, body), by: "public" });
export const ACCOUNT_ROWS: Record<string, Row> = {
  "GET /api/accounts": ofOwner("/api/accounts"),
  "POST /api/accounts": ofOwner("/api/accounts", { name: "" }),
  "PATCH /api/accounts/:name": ofOwner("/api/accounts/nobody", {}),
  "DELETE /api/accounts/:name": ofOwner("/api/accounts/nobody"),
  "POST /api/accounts/:name/reset": ofOwner("/api/accounts/nobody/reset", {}),
  "GET /api/tokens": ofAccount("/api/tokens"),
  "POST /api/tokens": ofAccount("/api/tokens", {}),
  "DELETE /api/tokens/:id": ofAccount("/api/tokens/none"),
  "GET /api/account": ofAccount("/api/account"),
  "PUT /api/account/password": ofAccount("/api/account/password", {}),
  "GET /api/account/sessions": ofAccount("/api/account/sessions"),
  "DELETE /api/account/sessions/:id": ofAccount("/api/account/sessions/none"),
  "POST /api/account/totp": ofAccount("/api/account/totp", {}),
  "PUT /api/account/totp": ofAccount("/api/account/totp", {}),
  "POST /api/account/totp/remove": ofAccount("/api/account/totp/remove", {}),
  "POST /api/account/passkeys/options": ofAccount("/api/account/passkeys/options", {}),
  "POST /api/account/passkeys": ofAccount("/api/account/passkeys", {}),
  "DELETE /api/account/passkeys/:id": ofAccount("/api/account/passkeys/none"),
  "GET /api/links": { ...linked, ...ofAccount("/api/links") },
  "POST /api/links": {
    by: "paths",
    ask: (folder) => json("/api/links", { path: `${folder}/asked.txt` }, [`${folder}/asked.txt`]),
  },
  "PATCH /api/links/:id": onLink("", {}),
  "DELETE /api/links/:id": onLink(),
  "POST /api/links/:id/renew": onLink("/renew", {}),
  "POST /api/qr": ofAccount("/api/qr", {}),
  "POST /api/setup": open("/api/setup", {}),
  "POST /api/invite": open("/api/invite", {}),
  "POST /api/session": open("/api/session", {}),
  "DELETE /api/session": { by: "anyone", ask: () => ({ url: "/api/session" }) },
  "POST /api/session/passkey/options": open("/api/session/passkey/options", {}),
  "POST /api/session/passkey": open("/api/session/passkey", {}),
  "GET /api/session/oidc": open("/api/session/oidc"),
  "GET /api/session/oidc/callback": open("/api/session/oidc/callback"),
};
