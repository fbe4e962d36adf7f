// The space that PROPFIND tells of folders with quotas (RFC 4331).

import { expect, test } from "bun:test";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { checkFolderPath } from "../../../src/path.ts";
import { bearer } from "../../support/access.ts";
import { startLinkServer } from "../../support/links.ts";
import { until } from "../../support/server.ts";

const BODY = '<propfind xmlns="DAV:"><prop><quota-available-bytes/><quota-used-bytes/></prop></propfind>';

test("each folder has the space of its own quota, without what unfinished uploads have reserved", async () => {
  await using server = await startLinkServer();
  const { access, uploader } = server.app.decorator.services;
  await mkdir(join(server.root, "home/q/own"), { recursive: true });
  await mkdir(join(server.root, "home/q/other"));
  await Bun.write(join(server.root, "home/q/own/a.txt"), "0123456789");
  await access.change("setQuota", { path: "home/q", bytes: 1000 });
  await access.change("setQuota", { path: "home/q/own", bytes: 100 });
  await until(
    "the quotas are measured",
    () => uploader.quotas.report(checkFolderPath("home/q/own"))?.used === 10,
  );

  const spaces = async () => {
    const headers = { depth: "1", ...bearer(server.anna) };
    const answer = await server.fetch("/dav/home/q/", { method: "PROPFIND", headers, body: BODY });
    const found = (await answer.text()).matchAll(
      /<D:href>\/dav\/home\/q\/(\w*).*?available-bytes>(\d+)<.*?used-bytes>(\d+)</g,
    );
    return Object.fromEntries(Array.from(found, ([, name, ...figures]) => [name, figures]));
  };
  const before = await spaces();
  expect(before).toMatchObject({ "": ["990", "10"], own: ["90", "10"], other: ["990", "10"] });

  const created = await server.fetch("/uploads", {
    method: "POST",
    headers: {
      ...bearer(server.anna),
      "tus-resumable": "1.0.0",
      "upload-length": "40",
      "upload-metadata": `folder ${btoa("home/q/own")},filename ${btoa("b.bin")}`,
    },
  });
  expect(created.status).toBe(201);
  expect(await spaces()).toMatchObject({ "": ["950", "10"], own: ["50", "10"] });
});
