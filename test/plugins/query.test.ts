// Queries and JSON bodies with names that no route knows: refused before anything is read or changed, the nearest name named.

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { join } from "node:path";
import type { OpenAPIV3 } from "openapi-types";
import { problemIn } from "../support/problem.ts";
import { connect } from "../support/raw.ts";
import { startServer, type TestServer } from "../support/server.ts";

let server: TestServer;
let operations: [method: string, url: string, keys: string[]][];
beforeAll(async () => {
  server = await startServer();
  const document: OpenAPIV3.Document = JSON.parse(await (await server.fetch("/swagger/json")).text());
  operations = Object.entries(document.paths).flatMap(([path, item]) =>
    Object.entries(item ?? {}).map(([method, value]): [string, string, string[]] => {
      const { parameters = [] }: OpenAPIV3.OperationObject = Object(value);
      const keys = parameters.flatMap((one) => ("in" in one && one.in === "query" ? [one.name] : []));
      return [method.toUpperCase(), path.replace(/\{\w+\}/g, "some-name"), keys];
    }),
  );
});
afterAll(() => server.stop());

/** A name with its last letters swapped, like a typing error. */
const misspell = (key: string): string => key.slice(0, -2) + key.slice(-1) + key.slice(-2, -1);

describe("a key that the route does not know", () => {
  test("is refused by every documented operation, with the keys it knows", async () => {
    expect(operations.length).toBeGreaterThan(30);
    for (const [method, url, keys] of operations) {
      const answer = await server.fetch(`${url}?zzz=1`, { method });
      expect([method, url, answer.status]).toEqual([method, url, 400]);
      if (method === "HEAD") continue;
      const { errors = [] } = await problemIn(answer, "invalid_request");
      expect(errors).toEqual([
        { code: "unknown_key", pointer: "/query/zzz", detail: expect.stringContaining('"zzz"') },
      ]);
      for (const key of keys) expect(errors[0]?.detail).toContain(`\`${key}\``);
    }
  });

  test("is refused with the nearest that is documented", async () => {
    const documented = operations.filter(([method]) => method !== "HEAD");
    expect(documented.filter(([, , keys]) => keys.length > 0).length).toBeGreaterThan(10);
    for (const [method, url, keys] of documented)
      for (const key of keys) {
        const wrong = misspell(key);
        const answer = await server.fetch(`${url}?${wrong}=1`, { method });
        const { errors } = await problemIn(answer, "invalid_request");
        const detail = `Unknown query key "${wrong}": the nearest is \`${key}\`.`;
        expect(errors).toEqual([{ code: "unknown_key", pointer: `/query/${wrong}`, detail }]);
      }
  });

  test("does not affect the file, and is refused before the body is read", async () => {
    await Bun.write(join(server.root, "keep.txt"), "kept");
    using connection = await connect(server.url);
    await connection.send(
      "PUT /files/keep.txt?conflct=fail HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\n\r\n",
    );
    const { detail } = await problemIn(await connection.answer(), "invalid_request");
    expect(detail).toBe('Unknown query key "conflct": the nearest is `conflict`.');
    expect(await Bun.file(join(server.root, "keep.txt")).text()).toBe("kept");
  });

  test("is escaped and truncated in the error, and the list of errors is limited", async () => {
    const odd = await server.fetch(`/api/entries?${encodeURIComponent(`\u202e\u001b${"x".repeat(500)}`)}=1`);
    const { detail } = await problemIn(odd, "invalid_request");
    expect(detail).toStartWith('Unknown query key "\\u{202e}\\u{1b}xxx');
    expect(detail.length).toBeLessThan(250);
    const keys = Array.from({ length: 1000 }, (_, index) => `k${index}`).join("&");
    const { errors = [], errorsOmitted } = await problemIn(
      await server.fetch(`/api/entries?${keys}`),
      "invalid_request",
    );
    expect(errors).toHaveLength(11);
    expect(errorsOmitted).toBe(990);
  });

  test("does not hide that the method is not supported", async () => {
    await problemIn(await server.fetch("/files/a?zzz=1", { method: "PATCH" }), "method_not_allowed");
  });
});

test("a key that is sent twice is refused, unless it is a list", async () => {
  const put = await server.fetch("/files/twice?conflict=fail&conflict=replace", { method: "PUT", body: "x" });
  const { detail } = await problemIn(put, "invalid_request");
  expect(detail).toBe("The query key `conflict` may be sent only once.");
  await Bun.write(join(server.root, "one.txt"), "1");
  expect((await server.fetch("/api/archive?paths=one.txt&paths=one.txt")).status).toBe(200);
});

test("pages and their files accept the keys that other websites add to links", async () => {
  for (const path of ["/", "/app.js", "/problems", "/swagger"])
    expect((await server.fetch(`${path}?utm_source=mail`)).status).toBe(200);
});

test("links to files and folders keep working with such keys when a browser opens them", async () => {
  await Bun.write(join(server.root, "shared/photo.txt"), "photo");
  const accept = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8";
  for (const path of ["/files/", "/files/shared/", "/files/shared/photo.txt"]) {
    const opened = await server.fetch(`${path}?fbclid=1&fbclid=2`, { headers: { accept } });
    expect([path, opened.status]).toEqual([path, 200]);
    await problemIn(await server.fetch(`${path}?fbclid=1`), "invalid_request");
    const changed = await server.fetch(`${path}?fbclid=1`, { method: "DELETE", headers: { accept } });
    await problemIn(changed, "invalid_request");
  }
});

test("every documented JSON body refuses members that it does not name", async () => {
  const text = await (await server.fetch("/swagger/json")).text();
  const { paths, components }: OpenAPIV3.Document = JSON.parse(text);
  const bodies = Object.entries(paths).flatMap(([path, item]) =>
    Object.entries(item ?? {}).flatMap(([method, value]) => {
      const schema = Object(value).requestBody?.content?.["application/json"]?.schema;
      return schema ? [{ name: `${method} ${path}`, schema }] : [];
    }),
  );
  expect(bodies.length).toBeGreaterThan(4);
  for (const { name, schema } of bodies) {
    const shape = components?.schemas?.[String(schema.$ref).replace("#/components/schemas/", "")] ?? schema;
    expect([name, shape]).toEqual([name, expect.objectContaining({ additionalProperties: false })]);
  }
});

describe("an unknown member of a JSON body", () => {
  test.each([
    ["move", { from: "a", to: "b", conflct: "fail" }, "/conflct", "conflict"],
    ["copy", { from: "a", to: "b", conflikt: "fail" }, "/conflikt", "conflict"],
    ["folders", { path: "x", pat: "y" }, "/pat", "path"],
    ["trash/restore", { id: "x", conflct: "fail" }, "/conflct", "conflict"],
    ["batch", { operations: [{ op: "folder", path: "x" }], operation: [] }, "/operation", "operations"],
    [
      "batch",
      { operations: [{ op: "move", from: "a", to: "b", conflct: "fail" }] },
      "/operations/0/conflct",
      "conflict",
    ],
    [
      "batch",
      { operations: [{ op: "delete", path: "a", recursve: true }] },
      "/operations/0/recursve",
      "recursive",
    ],
  ])("POST /api/%s %j", async (path, body, pointer, near) => {
    for (const name of ["a", "b"]) await Bun.write(join(server.root, name), name);
    const answer = await server.fetch(`/api/${path}`, { method: "POST", body: JSON.stringify(body) });
    const { errors } = await problemIn(answer, "invalid_request");
    const name = pointer.slice(pointer.lastIndexOf("/") + 1);
    const detail = `Unknown member "${name}": the nearest is \`${near}\`.`;
    expect(errors).toEqual([{ code: "unknown_key", pointer, detail }]);
    for (const kept of ["a", "b"]) expect(await Bun.file(join(server.root, kept)).text()).toBe(kept);
  });
});
