// Failures behind links: visitors learn nothing of the folders above.

import { afterAll, beforeAll, expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { bearer } from "../../support/access.ts";
import { cookieOf, type LinkServer, startLinkServer } from "../../support/links.ts";
import { problemIn } from "../../support/problem.ts";
import { TUS } from "../../support/tus-client.ts";

let server: LinkServer;
beforeAll(async () => {
  server = await startLinkServer();
});
afterAll(() => server.stop());

test("a full quota tells the sender neither its folder nor what is used, but the operator both", async () => {
  server.database.change("setQuota", { path: "home", bytes: 1000 });
  await server.read();
  const { url } = await server.link("home/album", { kind: "drop" });
  const put = await server.fetch(`${url}/files/x`, { method: "PUT", body: "x".repeat(5000) });
  const told = [(await problemIn(put, "quota_exceeded")).detail];
  const form = new FormData();
  form.append("file", new File(["x".repeat(5000)], "large"));
  form.append("file", new File(["x"], "small"));
  const posted = await server.fetch(`${url}/files/`, { method: "POST", body: form });
  expect(posted.status).toBe(207);
  told.push(await posted.text());
  const headers = { ...TUS, "upload-length": "5000" };
  const created = await server.fetch(`${url}/uploads`, { method: "POST", headers });
  told.push((await problemIn(created, "quota_exceeded")).detail);
  for (const text of told) {
    expect(text).toContain("has no room for the file");
    expect(text).not.toMatch(/home|1 ?kB|used/);
  }
  expect(server.log.some((line) => line.includes("`home` has a quota"))).toBe(true);
  // An account is told what to delete.
  const own = await server.fetch("/files/home/x", {
    method: "PUT",
    body: "x".repeat(5000),
    headers: bearer(server.anna),
  });
  expect((await problemIn(own, "quota_exceeded")).detail).toContain("`home`");
  server.database.change("setQuota", { path: "home", bytes: null });
  await server.read();
});

test("the list of entries that an archive lacks names them as the archive does", async () => {
  const name = Buffer.concat([Buffer.from(join(server.root, "home/album/sub/")), Buffer.from([0xff])]);
  writeFileSync(name, "its name is no UTF-8");
  const { url } = await server.link("home/album");
  const archive = await (await server.fetch(`${url}/archive?format=tar`)).text();
  expect(archive).toContain('"album/sub/\\xff": no URL can contain this name');
  expect(archive).not.toContain("home");
});

test("a link whose downloads are used up tells the next visitor neither size, ETag nor digest of the file", async () => {
  const browser = { "sec-fetch-mode": "navigate", "sec-fetch-site": "none" };
  for (const [path, file] of [
    ["home/album/a.txt", "files/a.txt"],
    ["home/album", "archive"],
  ] as const) {
    const { url } = await server.link(path, { downloads: 1 });
    const ask = (headers: Record<string, string>, method = "GET") =>
      server.fetch(`${url}/${file}`, { method, headers: { ...browser, ...headers } });
    const first = await ask({});
    expect(first.status).toBe(200);
    await first.bytes();
    const refused = [
      await ask({}, "HEAD"),
      await ask({ "want-repr-digest": "sha-256=1" }, "HEAD"),
      await ask({ "if-none-match": "*" }),
      await ask({ "if-match": '"guess"' }),
      await ask({ range: "bytes=999-" }),
    ];
    for (const answer of refused) {
      expect(answer.status).toBe(410);
      for (const name of ["etag", "last-modified", "repr-digest", "content-range"])
        expect(answer.headers.get(name)).toBeNull();
    }
    // The one who has spent the download may go on with it.
    const cookie = cookieOf(first);
    expect((await ask({ cookie }, "HEAD")).status).toBe(200);
  }
});
