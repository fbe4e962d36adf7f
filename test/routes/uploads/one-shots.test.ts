// Requests that carry a whole file are saved even if all places of waiting uploads are taken.

import { expect, test } from "bun:test";
import { problemIn } from "../../support/problem.ts";
import { startServer } from "../../support/server.ts";

const TUS = { "tus-resumable": "1.0.0" };
const OFFSET = { "content-type": "application/offset+octet-stream" };

test("one-shots of both protocols are saved while no upload can wait", async () => {
  await using server = await startServer({ maxWaiting: 1 });
  const post = (name: string, headers: Record<string, string>, body?: string) =>
    server.fetch(`/uploads?path=${name}`, { method: "POST", headers, ...(body !== undefined && { body }) });
  expect((await post("waiting", { ...TUS, ...OFFSET, "upload-length": "9" }, "one")).status).toBe(201);
  await problemIn(await post("more", { ...TUS, "upload-length": "3" }), "too_many_waiting");
  await problemIn(await post("part", { ...TUS, ...OFFSET, "upload-length": "9" }, "one"), "too_many_waiting");
  const saved = [
    await post("tus", { ...TUS, ...OFFSET, "upload-length": "3" }, "one"),
    await post("empty", { ...TUS, "upload-length": "0" }),
    await post("draft", { "upload-draft-interop-version": "8", "upload-complete": "?1" }, "one"),
  ];
  for (const answer of saved) expect(answer.ok).toBe(true);
  for (const name of ["tus", "draft"])
    expect(await (await server.fetch(`/files/${name}`)).text()).toBe("one");
  expect(server.app.decorator.services.uploads.unfinished).toBe(1);
});
