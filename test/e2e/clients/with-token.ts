// A program that sends a token with both generated clients: `bun with-token.ts URL TOKEN`.

import assert from "node:assert/strict";
import createClient from "openapi-fetch";
import { client } from "./hey-api/client.gen.ts";
import {
  createLink,
  getAccount,
  getFile,
  getLinkInfo,
  getMe,
  inviteAccount,
  listLink,
  openLink,
  putFile,
  revokeLink,
} from "./hey-api/sdk.gen.ts";
import type { Invite, Link } from "./hey-api/types.gen.ts";
import type { paths } from "./schema.ts";

const [baseUrl = "", token = ""] = process.argv.slice(2);
const path = "team/with-token.bin";

// Without a token: refused with the documented problem.
client.setConfig({ baseUrl });
const refused = await putFile({ path: { path }, body: new Blob(["text"]) });
assert.equal(refused.response?.status, 401);
assert.equal(refused.error?.code, "login_required");

// The client knows from the document which operations take which credentials.
client.setConfig({ baseUrl, auth: ({ scheme }) => (scheme === "bearer" ? token : undefined) });
const saved = await putFile({ path: { path }, body: new Blob(["text"]) });
assert.equal(saved.response?.status, 201);
assert.equal(await (await getFile({ path: { path } })).data?.text(), "text");
assert.equal((await getMe()).data?.name, "anna");
// Here the document names no token, so the client sends none.
const own = await getAccount();
assert.equal(own.error?.code, "login_required");

// A link, and its visitor, who needs no token.
const made = await createLink({ body: { path: "team", password: "open sesame", downloads: 2 } });
assert.ok(made.data);
const link: Link = made.data;
const visited = { path: { token: link.url.replace("/s/", "") } };
assert.deepEqual((await getLinkInfo(visited)).data, { needsPassword: true });
assert.equal((await listLink(visited)).error?.code, "link_password");
const opened = await openLink({ ...visited, body: { password: "open sesame" } });
const cookie = opened.response?.headers.getSetCookie()[0]?.split(";")[0];
const shown = await listLink({ ...visited, headers: { cookie } });
assert.deepEqual(
  shown.data?.entries.map(({ path }) => path),
  ["with-token.bin"],
);
assert.equal((await revokeLink({ path: { id: link.id } })).response?.status, 204);
assert.equal((await getLinkInfo(visited)).error?.code, "link_gone");

// Only owners manage accounts.
const invited = await inviteAccount({ body: { name: "bob" } });
const invite: Invite | undefined = invited.data;
assert.equal(invite, undefined);
assert.equal(invited.error?.code, "not_allowed");
// @ts-expect-error
const wrong = await createLink({ body: { path: "team", kind: "tunnel" } });
assert.equal(wrong.response?.status, 400);

const fetching = createClient<paths>({ baseUrl, headers: { authorization: `Bearer ${token}` } });
const listing = await fetching.GET("/api/entries", { params: { query: { folder: "team" } } });
assert.deepEqual(
  listing.data?.entries.map(({ name }) => name),
  ["with-token.bin"],
);
const explained = await fetching.GET("/api/me", { params: { query: { folder: "team" } } });
assert.deepEqual(explained.data?.words, ["list", "read", "write", "share"]);
const links = await fetching.GET("/api/links");
assert.deepEqual(
  links.data?.links.map(({ state, kind, downloads }) => [state, kind, downloads]),
  [["revoked", "folder", 2]],
);
const elsewhere = await fetching.GET("/api/entries", { params: { query: { folder: "other" } } });
assert.equal(elsewhere.error?.code, "not_found");
