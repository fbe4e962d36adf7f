// A program that sends a token with both generated clients: `bun with-token.ts URL TOKEN`.

import assert from "node:assert/strict";
import createClient from "openapi-fetch";
import { client } from "./hey-api/client.gen.ts";
import { getAccount, getFile, getMe, putFile } from "./hey-api/sdk.gen.ts";
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
const own = await getAccount();
assert.equal(own.error?.code, "not_allowed");

const fetching = createClient<paths>({ baseUrl, headers: { authorization: `Bearer ${token}` } });
const listing = await fetching.GET("/api/entries", { params: { query: { folder: "team" } } });
assert.deepEqual(
  listing.data?.entries.map(({ name }) => name),
  ["with-token.bin"],
);
const elsewhere = await fetching.GET("/api/entries", { params: { query: { folder: "other" } } });
assert.equal(elsewhere.error?.code, "not_found");
