// Final uploads created before their parts are complete: the server concatenates them by itself, also after a restart.

import { expect, test } from "bun:test";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startServer, type TestServer, until } from "../../support/server.ts";

const TUS = { "tus-resumable": "1.0.0" };
const PATCH = { ...TUS, "content-type": "application/offset+octet-stream" };

async function create(server: TestServer, headers: Record<string, string>): Promise<string> {
  const answer = await server.fetch("/uploads", { method: "POST", headers: { ...TUS, ...headers } });
  expect(answer.status).toBe(201);
  return answer.headers.get("location") ?? "";
}

const part = (server: TestServer, length: number) =>
  create(server, { "upload-length": `${length}`, "upload-concat": "partial" });

async function patch(server: TestServer, url: string, offset: number, body: string, more = {}) {
  const headers = { ...PATCH, "upload-offset": `${offset}`, ...more };
  return (await server.fetch(url, { method: "PATCH", headers, body })).status;
}

const final = (server: TestServer, parts: string[], name: string) =>
  create(server, {
    "upload-concat": `final;${parts.join(" ")}`,
    "upload-metadata": `filename ${btoa(name)}`,
  });

/** Asks for the file only: a request to the upload would concatenate it as well. */
async function untilSaved(server: TestServer, name: string, content: string): Promise<void> {
  await until(`${name} is saved`, async () => (await server.fetch(`/files/${name}`)).status === 200);
  expect(await (await server.fetch(`/files/${name}`)).text()).toBe(content);
}

test("a final is saved when its last part is complete, without a request to it", async () => {
  await using server = await startServer();
  const [one, two] = [await part(server, 3), await part(server, 3)];
  await final(server, [two, one], "a.txt");
  expect(await patch(server, one, 0, "one")).toBe(204);
  expect(await patch(server, two, 0, "tw")).toBe(204);
  expect(await patch(server, two, 2, "o")).toBe(204);
  await untilSaved(server, "a.txt", "twoone");
  await until("it is in the log", () => server.log.some((line) => line.includes("saved a.txt")));
  expect(server.log.filter((line) => line.includes("saved a.txt"))).toHaveLength(1);
});

test("also when only the length of the last part was missing", async () => {
  await using server = await startServer();
  const one = await create(server, { "upload-defer-length": "1", "upload-concat": "partial" });
  await final(server, [one], "a.txt");
  expect(await patch(server, one, 0, "one")).toBe(204);
  expect(await patch(server, one, 3, "", { "upload-length": "3" })).toBe(204);
  await untilSaved(server, "a.txt", "one");
});

test("a final whose parts were complete when the server stopped is saved at the next start", async () => {
  const root = await mkdtemp(join(tmpdir(), "sluice-finals-"));
  try {
    const before = await startServer({ root });
    const [one, two] = [await part(before, 3), await part(before, 3)];
    await final(before, [one, two], "a.txt");
    await patch(before, one, 0, "one");
    // As if the server were killed before it could concatenate.
    await before.app.decorator.services.uploads.finals.close();
    await patch(before, two, 0, "two");
    await before.stop();
    expect(await Bun.file(join(root, "a.txt")).exists()).toBe(false);
    await using server = await startServer({ root });
    await untilSaved(server, "a.txt", "onetwo");
  } finally {
    await rm(root, { recursive: true, force: true });
  }
});
