// PUT with preconditions, and with unsupported headers.

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { join } from "node:path";
import { SavedFile } from "../../../src/routes/openapi/shapes.ts";
import { bodyIn } from "../../support/answer.ts";
import { problemIn } from "../../support/problem.ts";
import { startServer, type TestServer } from "../../support/server.ts";

let server: TestServer;
beforeAll(async () => {
  server = await startServer();
});
afterAll(() => server.stop());

const put = (path: string, body: RequestInit["body"] = "hello", headers: Record<string, string> = {}) =>
  server.fetch(`/files/${path}`, { method: "PUT", body: body ?? null, headers });

const onDisk = (path: string) => Bun.file(join(server.root, path));

describe("conditions (RFC 9110 section 13)", () => {
  /** Saves a file, then sends it again with these headers. */
  async function again(name: string, headers: (etag: string, modified: Date) => Record<string, string>) {
    const first = await put(name, "one");
    const { etag, modified } = await bodyIn(SavedFile, first);
    return put(name, "two", headers(etag, new Date(modified)));
  }
  const holds = async (answer: Response): Promise<void> => expect(answer.status).toBe(200);
  const fails = async (answer: Response, header: string): Promise<void> => {
    expect((await problemIn(answer, "precondition_failed")).detail).toContain(`\`${header}\``);
  };

  test("If-None-Match: * creates a file, and never replaces one", async () => {
    expect((await put("none", "one", { "if-none-match": "*" })).status).toBe(201);
    await fails(await put("none", "two", { "if-none-match": "*" }), "If-None-Match");
    expect(await onDisk("none").text()).toBe("one");
  });

  test("If-None-Match with a tag", async () => {
    await fails(await again("none-tag", (etag) => ({ "if-none-match": `"x", ${etag}` })), "If-None-Match");
    await fails(await again("none-tag", (etag) => ({ "if-none-match": `W/${etag}` })), "If-None-Match");
    await holds(await again("none-tag", () => ({ "if-none-match": '"x"' })));
  });

  test("If-Match with the tag, alone or in a list, or *", async () => {
    await holds(await again("match", (etag) => ({ "if-match": etag })));
    await holds(await again("match", (etag) => ({ "if-match": `"x" , ${etag},"y"` })));
    await holds(await again("match", () => ({ "if-match": "*" })));
  });

  test("If-Match with another tag, a weak one, none, or no file", async () => {
    await fails(await again("match-not", () => ({ "if-match": '"x"' })), "If-Match");
    await fails(await again("match-not", (etag) => ({ "if-match": `W/${etag}` })), "If-Match");
    await fails(await again("match-not", (etag) => ({ "if-match": etag.slice(1, -1) })), "If-Match");
    await fails(await put("match-new", "x", { "if-match": "*" }), "If-Match");
    expect(await onDisk("match-not").text()).toBe("one");
    expect(await onDisk("match-new").exists()).toBe(false);
  });

  test("If-Unmodified-Since", async () => {
    await holds(await again("since", (_, modified) => ({ "if-unmodified-since": modified.toUTCString() })));
    const early = (_: string, modified: Date) => ({
      "if-unmodified-since": new Date(modified.getTime() - 2000).toUTCString(),
    });
    await fails(await again("since", early), "If-Unmodified-Since");
    await holds(await again("since", () => ({ "if-unmodified-since": "yesterday" })));
    await holds(await again("since", (etag, at) => ({ "if-match": etag, ...early("", at) })));
  });

  test("a failed condition takes precedence over the conflict policy", async () => {
    await put("order", "one");
    await fails(await put("order?conflict=fail", "two", { "if-match": '"x"' }), "If-Match");
  });
});

describe("unsupported headers", () => {
  test("Content-Range", async () => {
    await problemIn(await put("range", "abc", { "content-range": "bytes 0-2/10" }), "content_range");
    expect(await onDisk("range").exists()).toBe(false);
  });

  test("Content-Encoding other than identity", async () => {
    for (const encoding of ["gzip", "br", "gzip, identity", "x"]) {
      const answer = await put("encoded", "abc", { "content-encoding": encoding });
      expect(answer.headers.get("accept-encoding")).toBe("identity");
      await problemIn(answer, "unsupported_encoding");
    }
    expect(await onDisk("encoded").exists()).toBe(false);
    for (const encoding of ["Identity", ""])
      expect((await put("encoded", "abc", { "content-encoding": encoding })).ok).toBe(true);
  });
});
