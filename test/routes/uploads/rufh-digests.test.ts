// Digests of resumable uploads: of the whole file, verified at the end; of one request, whose bytes are discarded on a mismatch.

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { createHash } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { SavedFile } from "../../../src/routes/openapi/shapes.ts";
import { bodyIn } from "../../support/answer.ts";
import { problemIn } from "../../support/problem.ts";
import { startServer, type TestServer } from "../../support/server.ts";
import { named, OFFSET_TYPE, TUS, tusClient } from "../../support/tus-client.ts";

let server: TestServer;
beforeAll(async () => {
  server = await startServer();
});
afterAll(() => server.stop());

const digest = (text: string, name = "sha-256") =>
  `${name}=:${createHash(name.replace("-", "")).update(text).digest("base64")}:`;

/** The same requests in each protocol. */
interface Dialect {
  create: (path: string, headers?: Record<string, string>, from?: TestServer) => Promise<string>;
  patch: (
    url: string,
    offset: number,
    body: string,
    headers?: Record<string, string>,
    to?: TestServer,
  ) => Promise<Response>;
  head: (url: string) => Promise<Response>;
}

/** All uploads have six bytes. */
const tus: Dialect = {
  create: (path, headers = {}, from = server) =>
    tusClient(from).create({ "upload-length": "6", ...named(path), ...headers }),
  patch: (url, offset, body, headers = {}, to = server) => tusClient(to).patch(url, offset, body, headers),
  head: (url) => tusClient(server).head(url),
};
const VERSION = { "upload-draft-interop-version": "10" };
const draft: Dialect = {
  create: async (path, headers = {}, from = server) => {
    const answer = await from.fetch(`/uploads?path=${path}`, {
      method: "POST",
      headers: { ...VERSION, "upload-complete": "?0", "upload-length": "6", ...headers },
    });
    expect(answer.status).toBe(201);
    return answer.headers.get("location") ?? "";
  },
  patch: (url, offset, body, headers = {}, to = server) =>
    to.fetch(url, {
      method: "PATCH",
      headers: {
        ...VERSION,
        "content-type": "application/partial-upload",
        "upload-offset": `${offset}`,
        "upload-complete": offset + body.length === 6 ? "?1" : "?0",
        ...headers,
      },
      body,
    }),
  head: (url) => server.fetch(url, { method: "HEAD", headers: VERSION }),
};

describe.each([
  ["tus", tus],
  ["Resumable Uploads for HTTP", draft],
])("%s", (dialect, { create, patch, head }) => {
  const name = (what: string) => `${what}-${dialect.length}.txt`;
  const exists = (path: string) => Bun.file(join(server.root, path)).exists();
  const text = (path: string) => Bun.file(join(server.root, path)).text();

  test("Repr-Digest accepts the bytes of several requests, and is returned on request", async () => {
    const url = await create(name("right"), {
      "repr-digest": `${digest("abcdef")}, ${digest("abcdef", "sha-512")}`,
      "want-repr-digest": "sha-512=5",
    });
    expect((await patch(url, 0, "abc")).headers.get("repr-digest")).toBeNull();
    const last = await patch(url, 3, "def");
    expect(last.headers.get("repr-digest")).toBe(digest("abcdef", "sha-512"));
    expect(await text(name("right"))).toBe("abcdef");
    expect((await head(url)).headers.get("repr-digest")).toBe(digest("abcdef", "sha-512"));
  });

  test("a wrong Repr-Digest saves no file and makes the upload unusable, also after a restart", async () => {
    const root = await mkdtemp(join(tmpdir(), "sluice-digest-"));
    try {
      let url = "";
      {
        await using first = await startServer({ root });
        url = await create("wrong.txt", { "repr-digest": digest("abcdeX") }, first);
        await patch(url, 0, "abc", {}, first);
      }
      // The hash state before the restart is lost.
      await using second = await startServer({ root });
      const wrong = await patch(url, 3, "def", {}, second);
      // Reported as complete, so that clients do not try to resume.
      expect(wrong.headers.get("upload-complete")).toBe(dialect === "tus" ? null : "?1");
      await problemIn(wrong, "digest_mismatch");
      expect(await tusClient(second).kept(url)).toHaveLength(1);
      await second.stop();
      await using third = await startServer({ root });
      const again = await patch(url, 3, "def", {}, third);
      expect(await problemIn(again, "upload_gone")).toMatchObject({
        detail: expect.stringContaining("Repr-Digest"),
      });
      expect(await Bun.file(join(root, "wrong.txt")).exists()).toBe(false);
    } finally {
      await rm(root, { recursive: true });
    }
  });

  test("Repr-Digest is compared with the kept bytes, without those that were discarded", async () => {
    const url = await create(name("mixed"), { "repr-digest": digest("abcdef") });
    await problemIn(await patch(url, 0, "xyz", { "content-digest": digest("abc") }), "digest_mismatch");
    await patch(url, 0, "abc");
    await problemIn(await patch(url, 3, "de", { "content-digest": digest("xx") }), "digest_mismatch");
    expect((await patch(url, 3, "def")).ok).toBe(true);
    expect(await text(name("mixed"))).toBe("abcdef");
  });

  test("Want-Repr-Digest may be sent with the last bytes", async () => {
    const url = await create(name("asked"));
    await patch(url, 0, "abc");
    const last = await patch(url, 3, "def", { "want-repr-digest": "sha-256=1" });
    expect(last.headers.get("repr-digest")).toBe(digest("abcdef"));
    // The report includes the time for reading the bytes again.
    if (dialect !== "tus") expect((await bodyIn(SavedFile, last)).flow.waits.hash).toBeGreaterThan(0);
  });

  test.each(["content-digest", "repr-digest"])(
    "%s of a PATCH is that of its own bytes: wrong ones leave the offset as it was",
    async (header) => {
      const path = name(header);
      const url = await create(path);
      expect((await patch(url, 0, "abc", { [header]: digest("abc") })).ok).toBe(true);
      await problemIn(await patch(url, 3, "deX", { [header]: digest("def") }), "digest_mismatch");
      expect((await head(url)).headers.get("upload-offset")).toBe("3");
      expect(await exists(path)).toBe(false);
      expect((await patch(url, 3, "def", { [header]: digest("def") })).ok).toBe(true);
      expect(await text(path)).toBe("abcdef");
    },
  );

  test("an invalid digest is refused before the upload is created", async () => {
    const before = await tusClient(server).kept();
    const headers = { ...(dialect === "tus" ? TUS : { ...VERSION, "upload-complete": "?0" }) };
    const answer = await server.fetch("/uploads?path=x", {
      method: "POST",
      headers: { ...headers, "upload-length": "6", "repr-digest": "sha-256=:AA==:" },
    });
    await problemIn(answer, "invalid_digest");
    expect(await tusClient(server).kept()).toEqual(before);
  });
});

test("both digests of one request are verified", async () => {
  const url = await tus.create("both.txt");
  const sha1 = createHash("sha1").update("abc").digest("base64");
  const wrong = { "upload-checksum": `sha1 ${sha1}`, "content-digest": digest("xxx") };
  await problemIn(await tus.patch(url, 0, "abc", wrong), "digest_mismatch");
  const other = { "upload-checksum": `sha1 ${sha1}`, "content-digest": digest("abd") };
  await problemIn(await tus.patch(url, 0, "abd", other), "checksum_mismatch");
  expect((await tus.head(url)).headers.get("upload-offset")).toBe("0");
});

test("the digest of a partial upload is verified when it is complete, that of the whole file at the end", async () => {
  const client = tusClient(server);
  const part = { "upload-length": "3", "upload-concat": "partial" };
  const wrong = await client.create({ ...part, "repr-digest": digest("xyz") });
  await problemIn(await client.patch(wrong, 0, "abc"), "digest_mismatch");
  await problemIn(await client.post({ "upload-concat": `final;${wrong}` }), "upload_gone");
  const right = await client.create({ ...part, "repr-digest": digest("abc") });
  await client.patch(right, 0, "abc");
  const final = { "upload-concat": `final;${right} ${right}` };
  await problemIn(
    await client.post({ ...final, ...named("joined.txt"), "repr-digest": digest("abcabd") }),
    "digest_mismatch",
  );
  const made = await client.post({
    ...final,
    ...named("joined.txt"),
    "repr-digest": digest("abcabc"),
    "want-repr-digest": "sha-256=1",
  });
  expect(made.headers.get("repr-digest")).toBe(digest("abcabc"));
  expect(await client.text("joined.txt")).toBe("abcabc");
});

test("in the request that creates the upload, Repr-Digest covers the whole file and Content-Digest its body", async () => {
  const headers = {
    "upload-length": "6",
    ...OFFSET_TYPE,
    "repr-digest": digest("abcdef"),
    ...named("begun.txt"),
  };
  const client = tusClient(server);
  await problemIn(
    await client.post({ ...headers, "content-digest": digest("abx") }, "abc"),
    "digest_mismatch",
  );
  const made = await client.post({ ...headers, "content-digest": digest("abc") }, "abc");
  expect((await client.patch(made.headers.get("location") ?? "", 3, "def")).status).toBe(204);
  expect(await client.text("begun.txt")).toBe("abcdef");
});
