// A root with the root of an earlier server inside: that one's own folder is hidden from every request.

import { expect, test } from "bun:test";
import { join } from "node:path";
import { problemIn } from "../../support/problem.ts";
import { startServer } from "../../support/server.ts";

const OWN = "photos/2020/.sluice";

test("the folder .sluice of a former root is not listed, read, searched, archived, counted or written", async () => {
  await using server = await startServer();
  await Bun.write(join(server.root, "photos/2020/shown"), "shown");
  await Bun.write(join(server.root, OWN, "kept/secret.data"), "secret secret");
  const text = async (path: string, init?: RequestInit) => await (await server.fetch(path, init)).text();
  const json = { headers: { accept: "application/json" } };
  for (const path of [
    "/files/photos/2020/",
    "/api/entries?folder=photos/2020&hidden=true",
    "/api/search?query=s",
    "/api/archive?folder=photos&format=tar",
  ]) {
    const answer = await text(path, json);
    expect(answer).toContain("shown");
    expect(answer).not.toContain("sluice");
    expect(answer).not.toContain("secret");
  }
  expect(await text("/api/usage?folder=photos")).toContain('"bytes":5');
  for (const [method, path] of [
    ["GET", `/files/${OWN}/kept/secret.data`],
    ["GET", "/files/photos/2020/.Sluice/kept/secret.data"],
    ["PUT", `/files/${OWN}/kept/new.data`],
    ["DELETE", `/files/${OWN}?recursive=true`],
    ["GET", `/api/entries?folder=${OWN}`],
    ["GET", `/api/archive?folder=${OWN}`],
  ] as const) {
    const { errors } = await problemIn(await server.fetch(path, { method }), "invalid_path");
    expect(errors).toMatchObject([{ code: "reserved_name" }]);
  }
  for (const [path, body] of [
    ["/api/move", { from: OWN, to: "mine" }],
    ["/api/copy", { from: `${OWN}/kept/secret.data`, to: "mine" }],
    ["/api/folders", { path: `${OWN}/new` }],
  ] as const)
    await problemIn(await server.fetch(path, { method: "POST", body: JSON.stringify(body) }), "invalid_path");
  expect(await Bun.file(join(server.root, OWN, "kept/secret.data")).text()).toBe("secret secret");
});
