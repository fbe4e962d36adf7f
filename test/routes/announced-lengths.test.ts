// A body that is not as long as Content-Length says is incomplete in every protocol, whatever the server below lets through.

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { bearer } from "../support/access.ts";
import { filesBelow, type LinkServer, startLinkServer } from "../support/links.ts";
import { problemIn } from "../support/problem.ts";
import { named, OFFSET_TYPE, TUS } from "../support/tus-client.ts";

let server: LinkServer;
beforeAll(async () => {
  server = await startLinkServer();
});
afterAll(() => server.stop());

/** A request as HTTP/3 hands it over: with the announced length, and with a body of any length. */
async function lying(path: string, init: RequestInit, announced: number | string): Promise<Response> {
  const headers = { ...bearer(server.anna), ...Object.fromEntries(new Headers(init.headers)) };
  const request = new Request(`http://localhost${path}`, { ...init, headers });
  request.headers.set("content-length", `${announced}`);
  return await server.app.handle(request);
}

const inHome = (name: string): string => join(server.root, "home", name);
const offsetOf = async (url: string, headers: Record<string, string>) =>
  (await server.fetch(url, { method: "HEAD", headers: { ...bearer(server.anna), ...headers } })).headers.get(
    "upload-offset",
  );

describe.each([
  ["fewer", 10, "3 of the 10 bytes"],
  ["more", 2, "longer than the 2 bytes"],
])("%s bytes than announced", (_, announced, reason) => {
  const refused = async (answer: Response) =>
    expect((await problemIn(answer, "body_incomplete")).detail).toContain(reason);

  test("PUT and a raw POST save nothing, and replace nothing", async () => {
    await refused(await lying("/files/home/put.bin", { method: "PUT", body: "abc" }, announced));
    await refused(await lying("/files/home/?name=post.bin", { method: "POST", body: "abc" }, announced));
    const replaced = { method: "PUT", body: "abc", headers: { "if-match": "*" } };
    await refused(await lying("/files/home/secret.txt", replaced, announced));
    expect([existsSync(inHome("put.bin")), existsSync(inHome("post.bin"))]).toEqual([false, false]);
    expect(await Bun.file(inHome("secret.txt")).text()).toBe("the secret");
    expect(server.app.decorator.services.uploader.slots.taken).toBe(0);
  });

  test("a drop takes nothing", async () => {
    const { url } = await server.link("home/album", { kind: "drop" });
    await refused(await lying(`${url}/files/dropped.bin`, { method: "PUT", body: "abc" }, announced));
    expect(filesBelow(inHome("album")).filter((name) => name.endsWith("dropped.bin"))).toEqual([]);
  });

  test("JSON changes nothing", async () => {
    const init = {
      method: "POST",
      body: '{"path":"home/made"}',
      headers: { "content-type": "application/json" },
    };
    await problemIn(await lying("/api/folders", init, announced === 2 ? 2 : 100), "body_incomplete");
    expect(existsSync(inHome("made"))).toBe(false);
  });

  test("tus and Resumable Uploads keep what came, and are resumed", async () => {
    const tus = { ...TUS, "upload-length": "5", ...named("home/tus.bin") };
    const made = await server.fetch("/uploads", {
      method: "POST",
      headers: { ...bearer(server.anna), ...tus },
    });
    const url = made.headers.get("location") ?? "";
    const patch = { method: "PATCH", headers: { ...TUS, ...OFFSET_TYPE, "upload-offset": "0" }, body: "abc" };
    // More than the upload's own length is refused before.
    const short = Math.min(announced, 5);
    await problemIn(await lying(url, patch, short), "body_incomplete");
    expect(await offsetOf(url, TUS)).toBe(announced === 10 ? "3" : "0");
    expect(existsSync(inHome("tus.bin"))).toBe(false);
    await server.fetch(url, { method: "DELETE", headers: { ...bearer(server.anna), ...TUS } });

    const draft = { "upload-draft-interop-version": "8" };
    const begun = await server.fetch("/uploads?path=home/rufh.bin", {
      method: "POST",
      headers: { ...bearer(server.anna), ...draft, "upload-complete": "?0" },
    });
    const resource = begun.headers.get("location") ?? "";
    const type = { "content-type": "application/partial-upload" };
    // With `?1`, the announced length would fix the length of the whole upload.
    const headers = { ...draft, ...type, "upload-offset": "0", "upload-complete": "?0" };
    await refused(await lying(resource, { method: "PATCH", headers, body: "abc" }, announced));
    expect(existsSync(inHome("rufh.bin"))).toBe(false);
    const kept = announced === 10 ? "3" : "0";
    expect(await offsetOf(resource, draft)).toBe(kept);
    const rest = { ...bearer(server.anna), ...headers, "upload-offset": kept, "upload-complete": "?1" };
    const end = await server.fetch(resource, {
      method: "PATCH",
      headers: rest,
      body: "abcdef".slice(Number(kept)),
    });
    expect(end.ok).toBe(true);
    expect(await Bun.file(inHome("rufh.bin")).text()).toBe("abcdef");
    await server.api("/files/home/rufh.bin", "DELETE");
  });
});

test("a form whose end is missing reports it, and keeps the files that were complete", async () => {
  const form = new FormData();
  form.append("file", new File(["one"], "form.txt"));
  const whole = new Request("http://localhost/", { method: "POST", body: form });
  const headers = { "content-type": whole.headers.get("content-type") ?? "" };
  const body = await whole.text();
  const answer = await lying("/files/home/", { method: "POST", headers, body }, body.length + 7);
  expect(answer.status).toBe(207);
  const { files, errors } = JSON.parse(await answer.text());
  expect(files).toMatchObject([{ path: "home/form.txt" }]);
  expect(errors).toMatchObject([{ code: "body_incomplete" }]);
  const cut = body.slice(0, body.indexOf("one") + 1).replace("form.txt", "cut.txt");
  const failed = await lying("/files/home/", { method: "POST", headers, body: cut }, body.length);
  expect(failed.status).toBe(400);
  expect(existsSync(inHome("cut.txt"))).toBe(false);
});

test("a body that is announced but missing altogether is incomplete", async () => {
  await problemIn(await lying("/files/home/none.bin", { method: "PUT" }, 10), "body_incomplete");
  expect(existsSync(inHome("none.bin"))).toBe(false);
});

test("the right length is accepted, also when the header is repeated", async () => {
  for (const length of ["3", "3, 3"]) {
    const answer = await lying("/files/home/right.bin", { method: "PUT", body: "abc" }, length);
    expect(answer.status).toBeOneOf([200, 201]);
  }
});
