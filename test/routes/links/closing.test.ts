// Links follow moves, and die with their files; revoking cuts what runs.

import { afterAll, beforeAll, expect, test } from "bun:test";
import { rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { type LinkServer, startLinkServer } from "../../support/links.ts";
import { patient } from "../../support/patience.ts";
import { problemIn } from "../../support/problem.ts";
import { until } from "../../support/server.ts";
import { OFFSET_TYPE, TUS } from "../../support/tus-client.ts";

let server: LinkServer;
beforeAll(async () => {
  server = await startLinkServer({ trash: 3600 });
});
afterAll(() => server.stop());

const write = (path: string, text = path) => Bun.write(join(server.root, path), text);
const move = async (from: string, to: string): Promise<void> => {
  expect((await server.api("/api/move", "POST", { from, to })).status).toBe(201);
};

test("a link follows its file, and the folders above it, when they are moved", async () => {
  await write("home/one/two/f.txt", "the file");
  await write("home/one/twos/g.txt", "another");
  const file = await server.link("home/one/two/f.txt");
  const folder = await server.link("home/one/two");
  const twin = await server.link("home/one/twos");
  await move("home/one/two/f.txt", "home/one/two/g.txt");
  await move("home/one/two", "home/moved");
  await move("home/moved", "home/deep/er");
  expect(await (await server.fetch(`${file.url}/files/g.txt`)).text()).toBe("the file");
  expect(await (await server.fetch(`${folder.url}/files/g.txt`)).text()).toBe("the file");
  expect(await (await server.fetch(`${twin.url}/files/g.txt`)).text()).toBe("another");
});

test("a link is dead after a deletion, also when the name is used again, or restored from the trash (CVE-2026-61874)", async () => {
  await write("home/gone/f.txt");
  const file = await server.link("home/gone/f.txt");
  const folder = await server.link("home/gone");
  const { id } = folder;
  expect((await server.api("/files/home/gone", "DELETE")).status).toBeGreaterThan(399);
  expect((await server.api("/files/home/gone?recursive=true", "DELETE")).status).toBe(204);
  await write("home/gone/f.txt", "a new secret");
  await problemIn(await server.fetch(`${file.url}/files/f.txt`), "link_gone");
  await problemIn(await server.fetch(`${folder.url}/files/f.txt`), "link_gone");
  await problemIn(await server.api(`/api/links/${id}/renew`, "POST"), "not_found");
});

test("a link is dead once its file was missing, also when another program brings it back", async () => {
  await write("home/away.txt");
  const { url } = await server.link("home/away.txt");
  await rm(join(server.root, "home/away.txt"));
  await problemIn(await server.fetch(`${url}/files/away.txt`), "link_gone");
  await write("home/away.txt", "another file");
  await problemIn(await server.fetch(`${url}/files/away.txt`), "link_gone");
  await write("home/kind");
  const kind = await server.link("home/kind");
  await rename(join(server.root, "home/kind"), join(server.root, "home/kind2"));
  await write("home/kind/x", "x");
  await problemIn(await server.fetch(`${kind.url}/entries`), "link_gone");
});

test("revoking cuts a download and an upload within a second", async () => {
  await write("home/large.bin", "");
  await Bun.write(join(server.root, "home/large.bin"), new Uint8Array(64_000_000));
  const shared = await server.link("home/large.bin", { rate: 1_000_000 });
  const drop = await server.link("home/album", { kind: "drop" });
  const download = await server.fetch(`${shared.url}/files/large.bin`);
  const reader = download.body?.getReader();
  await reader?.read();
  const { promise: open, resolve } = Promise.withResolvers<ReadableStreamDefaultController<Uint8Array>>();
  const upload = server.fetch(`${drop.url}/files/slow.bin`, {
    method: "PUT",
    body: new ReadableStream<Uint8Array>({ start: resolve }),
  });
  (await open).enqueue(new Uint8Array(1000));
  const { activeUploads } = server.app.decorator.services.uploader;
  await until("the upload runs", () => activeUploads.reports().some(({ path }) => path.endsWith("slow.bin")));
  const began = performance.now();
  for (const { id } of [shared, drop])
    expect((await server.api(`/api/links/${id}`, "DELETE")).status).toBe(204);
  await problemIn(await upload, "revoked");
  const cut = async (): Promise<boolean> => {
    try {
      while (!(await reader?.read())?.done);
      return false;
    } catch {
      return true;
    }
  };
  expect(await cut()).toBe(true);
  expect((performance.now() - began) / 1000).toBeLessThan(patient(1));
});

test("expiry stops new uploads only", async () => {
  const { id, url } = await server.link("home/album", { kind: "drop" });
  const create = () =>
    server.fetch(`${url}/uploads`, { method: "POST", headers: { ...TUS, "upload-length": "4" } });
  const upload = (await create()).headers.get("location") ?? "";
  await server.api(`/api/links/${id}`, "PATCH", { expires: new Date(Date.now() - 1000).toISOString() });
  await problemIn(await create(), "link_gone");
  const patch = (offset: number, body: string) =>
    server.fetch(upload, {
      method: "PATCH",
      headers: { ...TUS, ...OFFSET_TYPE, "upload-offset": `${offset}` },
      body,
    });
  expect((await patch(0, "ab")).status).toBe(204);
  await server.api(`/api/links/${id}`, "DELETE");
  await problemIn(await patch(2, "cd"), "revoked");
});

test("the report names the cap of the link", async () => {
  const { url } = await server.link("home/album", { kind: "drop", rate: 5_000_000 });
  const answer = await server.fetch(`${url}/files/capped.bin`, {
    method: "PUT",
    body: new Uint8Array(4_000_000),
  });
  const { flow } = JSON.parse(await answer.text());
  expect(flow.waits.cap).toBeGreaterThan(0);
  expect(flow.explanation).toContain("this link (5 MB/s)");
});
