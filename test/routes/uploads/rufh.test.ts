// Resumable Uploads for HTTP over a real socket, in every supported version.

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { join } from "node:path";
import { DRAFTS, type Draft } from "../../../src/http/rufh/drafts.ts";
import { SavedFile } from "../../../src/routes/openapi/shapes.ts";
import { bodyIn } from "../../support/answer.ts";
import { problemIn } from "../../support/problem.ts";
import { startServer, type TestServer } from "../../support/server.ts";

let server: TestServer;
beforeAll(async () => {
  server = await startServer({ maxFileSize: 1_000_000, uploadExpiry: 3600 });
});
afterAll(() => server.stop());

const text = (path: string) => Bun.file(join(server.root, path)).text();
const drafts: [number, Draft][] = DRAFTS.map((draft) => [draft.version, draft]);

/** Requests of one version. */
function speaking(draft: Draft) {
  const speaks = { "upload-draft-interop-version": `${draft.version}` };
  const completes = (complete: boolean) => ({ [draft.header]: complete !== draft.inverted ? "?1" : "?0" });
  return {
    completes,
    ended: (answer: Response) => {
      const said = answer.headers.get(draft.header);
      return said === null ? null : (said === "?1") !== draft.inverted;
    },
    post: (path: string, complete: boolean, body: string | null, headers: Record<string, string> = {}) =>
      server.fetch(`/uploads?path=${path}`, {
        method: "POST",
        headers: { ...speaks, ...completes(complete), ...headers },
        body,
      }),
    patch: (
      url: string,
      offset: number,
      complete: boolean,
      body: string | ReadableStream<Uint8Array>,
      headers: Record<string, string> = {},
    ) =>
      server.fetch(url, {
        method: "PATCH",
        headers: {
          ...speaks,
          ...completes(complete),
          "upload-offset": `${offset}`,
          "content-type": draft.typed ? "application/partial-upload" : "application/octet-stream",
          ...headers,
        },
        body,
      }),
    ask: (url: string, method = "HEAD") => server.fetch(url, { method, headers: speaks }),
  };
}

describe.each(drafts)("version %d", (version, draft) => {
  const { post, patch, ask, ended } = speaking(draft);

  test("creates an upload, appends to it, reads its offset and completes it", async () => {
    const path = `steps-${version}.txt`;
    const made = await post(path, false, null);
    expect([made.status, made.headers.get("upload-offset"), ended(made)]).toEqual([201, "0", false]);
    expect(made.headers.get("upload-draft-interop-version")).toBe(`${version}`);
    const url = made.headers.get("location") ?? "";
    expect(url).toMatch(/^\/uploads\//);

    const first = await patch(url, 0, false, "abc");
    expect([first.status, first.headers.get("upload-offset"), ended(first)]).toEqual([
      draft.appended,
      "3",
      false,
    ]);

    const asked = await ask(url);
    expect([asked.status, asked.headers.get("upload-offset"), ended(asked)]).toEqual([204, "3", false]);
    expect(asked.headers.get("cache-control")).toBe("no-store");
    expect(asked.headers.get("upload-length")).toBeNull();

    const last = await patch(url, 3, true, "def");
    expect([last.status, last.headers.get("upload-offset"), ended(last)]).toEqual([201, "6", true]);
    expect(last.headers.get("content-location")).toBe(`/files/${path}`);
    expect(await bodyIn(SavedFile, last)).toMatchObject({ path, size: 6 });
    expect(await text(path)).toBe("abcdef");
    expect(ended(await ask(url))).toBe(true);
  });

  test("saves a whole file with one request", async () => {
    const saved = await post(`once-${version}.txt`, true, "whole");
    expect([saved.status, ended(saved)]).toEqual([201, true]);
    expect(await bodyIn(SavedFile, saved)).toMatchObject({ size: 5 });
    expect(await text(`once-${version}.txt`)).toBe("whole");
  });

  test("saves an empty file", async () => {
    expect(ended(await post(`empty-${version}.txt`, true, null))).toBe(true);
    expect(await text(`empty-${version}.txt`)).toBe("");
  });

  test("answers a wrong offset with the current one", async () => {
    const url = (await post(`offset-${version}.txt`, false, "abc")).headers.get("location") ?? "";
    const answer = await patch(url, 1, false, "b");
    expect([answer.headers.get("upload-offset"), ended(answer)]).toEqual(["3", false]);
    expect(await problemIn(answer, "offset_mismatch")).toMatchObject({
      "expected-offset": 3,
      "provided-offset": 1,
    });
  });

  test("refuses inconsistent lengths, and keeps the received bytes", async () => {
    const made = await post(`length-${version}.txt`, false, "abc", { "upload-length": "5" });
    const url = made.headers.get("location") ?? "";
    await problemIn(await patch(url, 3, false, "d", { "upload-length": "6" }), "inconsistent_length");
    await problemIn(await patch(url, 3, true, "d"), "inconsistent_length");
    expect((await ask(url)).headers.get("upload-offset")).toBe("3");
  });

  test.each(["announced", "not announced"])(
    `bytes past the end, %s, ${draft.overflowInvalidates ? "end" : "leave"} the upload`,
    async (how) => {
      const path = `past-${how.length}-${version}.txt`;
      const made = await post(path, false, "abc", { "upload-length": "5" });
      const url = made.headers.get("location") ?? "";
      const body = how === "announced" ? "defg" : new Blob(["de", "fg"]).stream();
      await problemIn(await patch(url, 3, false, body), "inconsistent_length");
      if (draft.overflowInvalidates) {
        const asked = await ask(url, "GET");
        expect(asked.headers.get("upload-offset")).toBeNull();
        await problemIn(asked, "upload_gone");
        await problemIn(await patch(url, 3, true, "de"), "upload_gone");
        expect(await Bun.file(join(server.root, path)).exists()).toBe(false);
        expect((await ask(url, "DELETE")).status).toBe(204);
      } else {
        expect((await ask(url)).headers.get("upload-offset")).toBe("3");
        await patch(url, 3, true, "de");
        expect(await text(path)).toBe("abcde");
      }
    },
  );

  test("answers an empty repetition of the last request, and refuses further bytes", async () => {
    const url = (await post(`again-${version}.txt`, true, "abc")).headers.get("location") ?? "";
    const again = await patch(url, 3, true, "");
    expect([again.status, ended(again)]).toEqual([201, true]);
    expect(await bodyIn(SavedFile, again)).toMatchObject({ size: 3 });
    const more = await patch(url, 3, true, "d");
    expect(ended(more)).toBe(true);
    await problemIn(more, "upload_complete");
  });

  test("cancels an upload", async () => {
    const url = (await post(`cancelled-${version}.txt`, false, "abc")).headers.get("location") ?? "";
    expect((await ask(url, "DELETE")).status).toBe(204);
    expect((await ask(url)).status).toBe(404);
  });

  test(`is ${draft.endsByLength ? "" : "not "}complete when the length is reached without a statement of the client`, async () => {
    const made = await post(`reached-${version}.txt`, false, "abc", { "upload-length": "3" });
    expect(ended(made)).toBe(draft.endsByLength);
    const url = made.headers.get("location") ?? "";
    expect(ended(await ask(url))).toBe(draft.endsByLength);
    if (!draft.endsByLength) expect(ended(await patch(url, 3, true, ""))).toBe(true);
    expect(await text(`reached-${version}.txt`)).toBe("abc");
  });

  test("states its limits", async () => {
    const limit = draft.ageKey && `max-size=1000000, ${draft.ageKey}=3600`;
    const made = await post(`limits-${version}.txt`, false, null);
    const refused = await post(`limits-${version}.txt`, false, null, { "upload-length": "1000001" });
    for (const answer of [made, refused, await ask("/uploads", "OPTIONS")])
      expect(answer.headers.get("upload-limit")).toBe(limit);
    await problemIn(refused, "file_too_large");
  });
});

test("GET returns the offset, as in the newest version", async () => {
  const newest = DRAFTS[DRAFTS.length - 1] ?? DRAFTS[0];
  const { post, ask } = speaking(newest);
  const url = (await post("get.txt", false, "abc")).headers.get("location") ?? "";
  const asked = await ask(url, "GET");
  expect([asked.status, asked.headers.get("upload-offset")]).toEqual([204, "3"]);
});

test("the state of an upload can be read in the other protocol", async () => {
  const { post } = speaking(DRAFTS[2]);
  const url = (await post("both.txt", false, "abc", { "upload-length": "9" })).headers.get("location") ?? "";
  const asked = await server.fetch(url, { method: "HEAD", headers: { "tus-resumable": "1.0.0" } });
  expect([asked.headers.get("upload-offset"), asked.headers.get("upload-length")]).toEqual(["3", "9"]);
});

test("a form is refused instead of being saved as a file", async () => {
  const type = { "content-type": "multipart/form-data; boundary=b" };
  for (const [, draft] of drafts) {
    const { post, patch, ask } = speaking(draft);
    await problemIn(await post("form", true, "--b--", type), "unsupported_type");
    expect(await Bun.file(join(server.root, "form")).exists()).toBe(false);
    const url = (await post("form", false, "abc")).headers.get("location") ?? "";
    await problemIn(await patch(url, 3, true, "--b--", type), "unsupported_type");
    expect((await ask(url)).headers.get("upload-offset")).toBe("3");
    await ask(url, "DELETE");
  }
});

test("a request without either protocol is answered with the header to send", async () => {
  await problemIn(await server.fetch("/uploads", { method: "POST", body: "abc" }), "unsupported_version");
});
