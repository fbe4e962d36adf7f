// A program that uses the client of @hey-api/openapi-ts: `bun hey-api.ts URL`.

import assert from "node:assert/strict";
import { client } from "./hey-api/client.gen.ts";
import {
  deleteFile,
  getFile,
  getHealth,
  headFile,
  listEntries,
  postFiles,
  putFile,
} from "./hey-api/sdk.gen.ts";
import type { Problem } from "./hey-api/types.gen.ts";

const [baseUrl = ""] = process.argv.slice(2);
client.setConfig({ baseUrl });
const bytes = crypto.getRandomValues(new Uint8Array(60_000));

// The client encodes the slashes of a path as %2F.
const path = "hey-api/deep folder/ä.bin";
const saved = await putFile({ path: { path }, body: new Blob([bytes]) });
assert.ok(saved.data && saved.request);
assert.equal(new URL(saved.request.url).pathname, `/files/${encodeURIComponent(path)}`);
assert.equal(saved.response?.status, 201);
assert.equal(saved.data.path, path);
assert.equal(saved.data.size, bytes.length);

const file = ["one.txt", "two.txt"].map((name) => new File([name], name));
const form = await postFiles({ path: { path: "hey-api/form" }, body: { file } });
assert.ok(form.data && "files" in form.data);
assert.deepEqual(
  form.data.files.map(({ path }) => path),
  ["hey-api/form/one.txt", "hey-api/form/two.txt"],
);
const root = await postFiles({ path: { path: "" }, body: { file: [new File(["top"], "hey-api-top.txt")] } });
assert.ok(root.data && "files" in root.data);
assert.equal(root.data.files[0]?.path, "hey-api-top.txt");

const listing = await listEntries({ query: { folder: "hey-api", order: "desc" } });
assert.deepEqual(
  listing.data?.entries.map(({ name }) => name),
  ["form", "deep folder"],
);

const download = await getFile({ path: { path } });
assert.ok(download.data);
assert.deepEqual(await download.data.bytes(), bytes);
const head = await headFile({ path: { path } });
assert.equal(head.response?.headers.get("content-length"), String(bytes.length));

const taken = await putFile({ path: { path }, query: { conflict: "fail" }, body: new Blob([bytes]) });
assert.ok(taken.error);
const problem: Problem = taken.error;
assert.equal(problem.code, "name_taken");
assert.equal(problem.status, 409);
const missing = await getFile({ path: { path: "hey-api/none" } });
assert.equal(missing.error?.code, "not_found");

const removed = await deleteFile({ path: { path }, headers: { "If-Match": saved.data.etag } });
assert.equal(removed.response?.status, 204);
assert.equal((await getHealth()).data?.status, "ok");

// Types from the document: problem codes and sort keys are enumerations.
// @ts-expect-error
assert.ok(problem.code !== "no_such_code");
// @ts-expect-error
const wrong = await listEntries({ query: { sort: "colour" } });
assert.equal(wrong.response?.status, 400);
