// kill -9 while links are revoked over HTTP: what was confirmed stays closed, and everything else is open or closed, never more open.

import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { LinkShape } from "../../src/routes/openapi/link-shapes.ts";
import { AccessDatabase, bearer } from "../support/access.ts";
import { bodyIn } from "../support/answer.ts";
import { problemIn } from "../support/problem.ts";
import { spawnServing } from "../support/spawn.ts";
import { amount } from "../support/switches.ts";

const ROUNDS = amount("REVOKE_KILLS", 2, 50);
const LINKS = 8;

let root = "";
let token = "";
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "sluice-revoke-"));
  await Bun.write(join(root, "home/a.txt"), "a file");
  const database = new AccessDatabase(root);
  database.account("anna", { home: "all" });
  token = database.token("anna");
  database.close();
});
afterAll(() => rm(root, { recursive: true }));

const api = (url: string, method: string, path: string, body?: unknown) =>
  fetch(url + path, {
    method,
    headers: bearer(token),
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });

test(
  "kill -9 during revoke: a link that was confirmed as revoked stays closed, with its waiting upload",
  async () => {
    let confirmed = 0;
    for (let round = 0; round < ROUNDS; round += 1) {
      await using first = await spawnServing(root);
      const links = [];
      for (let made = 0; made < LINKS; made += 1) {
        const answer = await api(first.url, "POST", "/api/links", { path: "home", kind: "drop" });
        const link = await bodyIn(LinkShape, answer);
        const upload = await fetch(`${first.url}${link.url}/uploads`, {
          method: "POST",
          headers: { "tus-resumable": "1.0.0", "upload-length": "5" },
        });
        links.push({ ...link, upload: upload.headers.get("location") ?? "", revoked: false });
      }
      let answered = 0;
      const revoking = links.map(async (link) => {
        const answer = await api(first.url, "DELETE", `/api/links/${link.id}`).catch(() => null);
        link.revoked = answer?.status === 204;
        answered += 1;
        // Each round is killed after another number of answers, while the others are on their way.
        if (answered === 1 + (round % (LINKS - 1))) first.signal("SIGKILL");
      });
      await Promise.all(revoking);
      await first.exited;

      await using second = await spawnServing(root);
      for (const { url, upload, revoked } of links) {
        const info = await fetch(`${second.url}${url}/info`);
        if (!revoked) {
          expect([200, 410]).toContain(info.status);
          continue;
        }
        confirmed += 1;
        await problemIn(info, "link_gone");
        const patch = await fetch(second.url + upload, {
          method: "PATCH",
          headers: {
            "tus-resumable": "1.0.0",
            "upload-offset": "0",
            "content-type": "application/offset+octet-stream",
          },
          body: "bytes",
        });
        await problemIn(patch, "revoked");
      }
    }
    expect(confirmed).toBeGreaterThanOrEqual(ROUNDS);
  },
  ROUNDS * 30_000,
);
