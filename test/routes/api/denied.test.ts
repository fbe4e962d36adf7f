// Files and folders without permission for the server: every answer and the log name them, and other requests succeed.

import { afterAll, beforeAll, expect, test } from "bun:test";
import { chmod, chown, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Job, type NewFolder } from "../../../src/routes/openapi/change-shapes.ts";
import { Listing, SearchResult, Usage } from "../../../src/routes/openapi/shapes.ts";
import { bodyIn } from "../../support/answer.ts";
import { problemIn } from "../../support/problem.ts";
import { until } from "../../support/server.ts";
import { listening, NOBODY, type Serving, spawnAs, whyNotNobody } from "../../support/spawn.ts";
import { skipped } from "../../support/switches.ts";
import { namesInTar } from "../../support/tar-names.ts";

const isRoot = process.getuid?.() === 0;
/** Whether the tests run as root, who can read everything. */
const user = isRoot ? NOBODY : (process.getuid?.() ?? 0);
const why = isRoot ? await whyNotNobody() : null;
if (why !== null)
  skipped("files without permission", why, "run it where another user can read the repository");

let root = "";
let server: Serving | undefined;
beforeAll(async () => {
  if (why !== null) return;
  root = await mkdtemp(join(tmpdir(), "sluice-denied-"));
  const at = (path: string) => join(root, path);
  for (const folder of ["open", "locked", "names only", "tree/locked"])
    await mkdir(at(folder), { recursive: true });
  for (const file of ["open/a", "open/secret", "locked/a", "names only/a", "tree/a", "tree/locked/a"])
    await writeFile(at(file), file);
  if (isRoot) {
    for (const own of ["", "open", "open/a", "open/secret", "tree"]) await chown(at(own), NOBODY, NOBODY);
    await mkdir(at("foreign"));
    await writeFile(at("foreign/there"), "there");
  }
  await chmod(at("open/secret"), 0);
  for (const folder of ["locked", "tree/locked"]) await chmod(at(folder), 0);
  await chmod(at("names only"), 0o444);
  server = await listening(spawnAs(user, root, "--port", "0", "--allow", "all", "--keep-free", "0"));
});
afterAll(async () => {
  await server?.[Symbol.asyncDispose]();
  if (root === "") return;
  for (const folder of ["locked", "names only", "tree/locked"]) await chmod(join(root, folder), 0o755);
  await rm(root, { recursive: true });
});

const fetched = async (path: string, init?: RequestInit): Promise<Response> =>
  await fetch(`${server?.url}${path}`, init);
const post = (path: string, body: object) => fetched(path, { method: "POST", body: JSON.stringify(body) });

/** Expects a 403 whose detail has this text, and a line about it in the log. */
async function denied(answer: Response, detail: string): Promise<void> {
  expect(await problemIn(answer, "no_access")).toMatchObject({ status: 403, detail });
  const id = answer.headers.get("x-request-id") ?? "";
  expect(id).not.toBe("");
  const logged = (): boolean =>
    (server?.stderr ?? "")
      .split("\n")
      .some((line) => line.includes(id) && line.includes(`403 no_access`) && line.includes(detail));
  await until("it is logged", logged);
}

test.skipIf(why !== null)("an unreadable file is named in the answer, also to HEAD", async () => {
  await denied(
    await fetched("/files/open/secret"),
    "The server may not read `open/secret`. Its owner can permit that, for example with chmod.",
  );
  expect((await fetched("/files/open/secret", { method: "HEAD" })).status).toBe(403);
  await denied(
    await post("/api/copy", { from: "open/secret", to: "new" }),
    "The server may not read `open/secret`. Its owner can permit that, for example with chmod.",
  );
});

test.skipIf(why !== null)(
  "an unreadable folder is named in the answer to every request for it or its entries",
  async () => {
    for (const folder of ["locked", "names%20only"]) {
      const detail = `The server may not read \`${decodeURIComponent(folder)}\`. Its owner can permit that, for example with chmod.`;
      await denied(await fetched(`/api/entries?folder=${folder}`), detail);
      await denied(await fetched(`/api/usage?folder=${folder}`), detail);
      await denied(await fetched(`/api/search?query=a&folder=${folder}`), detail);
      await denied(await fetched(`/api/archive?folder=${folder}`), detail);
      await denied(await fetched(`/files/${folder}/a`), detail);
      await denied(await fetched(`/files/${folder}/a`, { method: "PUT", body: "x" }), detail);
      await denied(await fetched(`/files/${folder}/b`, { method: "DELETE" }), detail);
    }
    const job = await bodyIn(Job, await post("/api/copy", { from: "tree", to: "new" }));
    const ended = async () => (await bodyIn(Job, await fetched(`/api/jobs/${job.job.id}`))).job;
    await until("the copy has ended", async () => (await ended()).state === "failed");
    expect((await ended()).error).toMatchObject({
      code: "no_access",
      detail: "The server may not read `tree/locked`. Its owner can permit that, for example with chmod.",
    });
  },
);

test.skipIf(why !== null)(
  "folders above it are listed, counted, searched and archived without it, and the answer states that",
  async () => {
    expect(
      (await bodyIn(Listing, await fetched("/api/entries?folder=open"))).entries.map(({ name }) => name),
    ).toEqual(["a", "secret"]);
    expect(await bodyIn(Usage, await fetched("/api/usage?folder=tree"))).toMatchObject({
      files: 1,
      folders: 1,
      skipped: 1,
    });
    expect(await bodyIn(SearchResult, await fetched("/api/search?query=a&folder=tree"))).toMatchObject({
      complete: false,
      reason: "skipped",
      skipped: 1,
    });
    const answer = await fetched("/api/archive?paths=open&paths=tree&format=tar");
    expect(answer.status).toBe(200);
    const tar = Buffer.from(await answer.arrayBuffer());
    expect(namesInTar(tar)).toEqual([
      "open/",
      "open/a",
      "tree/",
      "tree/a",
      "tree/locked/",
      "not-in-this-archive.txt",
    ]);
    expect(tar.toString()).toContain('"open/secret": the server may not read it');
    expect(tar.toString()).toContain('"tree/locked": the server may not read it');
    await until("the log names both", () =>
      /sent .*\.tar .* without .*"open\/secret" .*"tree\/locked"|sent .*\.tar .* without .*"tree\/locked" .*"open\/secret"/.test(
        server?.stderr ?? "",
      ),
    );
  },
);

test.skipIf(why !== null || !isRoot)(
  "a read-only folder is named in the answer, if possible before the body is read",
  async () => {
    const detail = "The server may not change `foreign`. Its owner can permit that, for example with chmod.";
    await denied(await fetched("/files/foreign/new", { method: "PUT", body: "x" }), detail);
    await denied(await fetched("/files/foreign/new/deep/file", { method: "PUT", body: "x" }), detail);
    await denied(
      await fetched("/files/foreign/there", { method: "DELETE" }),
      "The server may not delete `foreign/there`, so it is kept. Check its owner and attributes, and the rights of its folder.",
    );
    await denied(
      await post("/api/folders", { path: "foreign/new" } satisfies typeof NewFolder.static),
      detail,
    );
    await denied(await post("/api/move", { from: "foreign/there", to: "here" }), detail);
    await denied(await post("/api/move", { from: "open/a", to: "foreign/a" }), detail);
    await denied(
      await fetched("/uploads?path=foreign/new", {
        method: "POST",
        headers: { "Tus-Resumable": "1.0.0", "Upload-Length": "5" },
      }),
      detail,
    );
    expect((await fetched("/files/open/new", { method: "PUT", body: "x" })).status).toBe(201);
  },
);
