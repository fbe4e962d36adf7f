// A program that uses the types of openapi-typescript with openapi-fetch: `bun openapi-fetch.ts URL`.

import assert from "node:assert/strict";
import createClient from "openapi-fetch";
import type { components, paths } from "./schema.ts";

const [baseUrl = ""] = process.argv.slice(2);
const client = createClient<paths>({ baseUrl });
const bytes = crypto.getRandomValues(new Uint8Array(60_000));
const at = (path: string) => ({ params: { path: { path } } });
const asSent = {
  bodySerializer: (body: Blob) => body,
  headers: { "content-type": "application/octet-stream" },
};

// The client encodes the slashes of a path as %2F.
const path = "openapi-fetch/deep folder/ä.bin";
const saved = await client.PUT("/files/{path}", { ...at(path), ...asSent, body: new Blob([bytes]) });
assert.ok(saved.data);
assert.equal(saved.response.status, 201);
assert.equal(new URL(saved.response.url).pathname, `/files/${encodeURIComponent(path)}`);
assert.equal(saved.data.path, path);
assert.equal(saved.data.size, bytes.length);
assert.equal(saved.data.flow.bytes, bytes.length);

const file = ["one.txt", "two.txt"].map((name) => new File([name], name));
const data = new FormData();
for (const one of file) data.append("file", one);
const form = await client.POST("/files/{path}", {
  ...at("openapi-fetch/form"),
  body: { file },
  bodySerializer: () => data,
});
assert.ok(form.data && "files" in form.data);
assert.deepEqual(
  form.data.files.map(({ path }) => path),
  ["openapi-fetch/form/one.txt", "openapi-fetch/form/two.txt"],
);

const listing = await client.GET("/api/entries", {
  params: { query: { folder: "openapi-fetch", sort: "name" } },
});
assert.deepEqual(
  listing.data?.entries.map(({ name, kind }) => [name, kind]),
  [
    ["deep folder", "folder"],
    ["form", "folder"],
  ],
);

const download = await client.GET("/files/{path}", { ...at(path), parseAs: "blob" });
assert.ok(download.data);
assert.deepEqual(await download.data.bytes(), bytes);

const taken = await client.PUT("/files/{path}", {
  params: { path: { path }, query: { conflict: "fail" } },
  ...asSent,
  body: new Blob([bytes]),
});
assert.ok(taken.error);
const problem: components["schemas"]["Problem"] = taken.error;
assert.equal(problem.code, "name_taken");
assert.equal(problem.status, 409);
const missing = await client.GET("/files/{path}", at("openapi-fetch/none"));
assert.equal(missing.error?.code, "not_found");

// Types from the document: problem codes and sort keys are enumerations.
// @ts-expect-error
assert.ok(problem.code !== "no_such_code");
// @ts-expect-error
const wrong = await client.GET("/api/entries", { params: { query: { sort: "colour" } } });
assert.equal(wrong.response.status, 400);
