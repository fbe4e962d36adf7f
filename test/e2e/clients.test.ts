// Clients generated from the running server's OpenAPI document, type-checked and run; and Eden, which needs no document.

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { cp, mkdtemp, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { treaty } from "@elysiajs/eden";
import type { App } from "../../src/app.ts";
import { checkFolderPath } from "../../src/path.ts";
import { AccessDatabase, bearer } from "../support/access.ts";
import { CLIENT_MODULES, noClients } from "../support/clients.ts";
import { type Program, startProgram } from "../support/program.ts";
import { spawnServing } from "../support/spawn.ts";

const TOP = join(import.meta.dir, "../..");
const PROGRAMS = join(import.meta.dir, "clients");
const none = await noClients("generated clients");

let program: Program;
beforeAll(async () => {
  program = await startProgram(["--allow", "all"]);
});
afterAll(() => program[Symbol.asyncDispose]());

/** Runs Bun in the folder and returns its output, which is empty on success. */
async function bun(folder: string, ...words: string[]): Promise<string> {
  const child = Bun.spawn([process.execPath, ...words], { cwd: folder, stdout: "pipe", stderr: "pipe" });
  const [code, stdout, stderr] = await Promise.all([child.exited, child.stdout.text(), child.stderr.text()]);
  return `${stdout}${stderr}${code === 0 ? "" : `exit code ${code}`}`;
}

describe.skipIf(none)("generated clients", () => {
  let folder = "";
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "sluice-clients-"));
    await cp(PROGRAMS, folder, { recursive: true, filter: (path) => !path.startsWith(CLIENT_MODULES) });
    await symlink(CLIENT_MODULES, join(folder, "node_modules"));
    await Bun.write(join(folder, "document.json"), await fetch(`${program.url}/swagger/json`));
    expect(await bun(folder, "generate.ts", "document.json", ".")).toBe("");
  });
  afterAll(() => rm(folder, { recursive: true }));

  test("and programs that use them pass the type check", async () => {
    expect(await bun(folder, join(TOP, "node_modules/typescript/bin/tsc"), "-p", folder)).toBe("");
  });

  test.each(["openapi-fetch", "hey-api"])(
    "%s uploads, lists, downloads a nested file and gets typed problems",
    async (name) => {
      expect(await bun(folder, `${name}.ts`, program.url)).toBe("");
    },
  );

  test("send a token where the document says that one is taken", async () => {
    const root = await mkdtemp(join(tmpdir(), "sluice-token-"));
    try {
      const database = new AccessDatabase(root);
      database.account("anna", { team: "read,write,share" });
      const token = database.token("anna");
      database.close();
      await using server = await spawnServing(root);
      expect(await bun(folder, "with-token.ts", server.url, token)).toBe("");
    } finally {
      await rm(root, { recursive: true });
    }
  });
});

describe("Eden", () => {
  /** Eden's client. Dates remain strings and files are Blobs, as their types say. */
  const connect = () =>
    treaty<App>(program.url, {
      parseDate: false,
      onResponse: (answer) => (answer.headers.has("content-disposition") ? answer.blob() : undefined),
    });

  /**
   * The operations of one path. Eden does not support wildcards: its types call the rest of the path `*`, and it sends the
   * name of the property unchanged. So the encoded path is used as a property name, with the type of `*`.
   */
  function at(path: string): ReturnType<typeof connect>["files"]["*"] {
    return Reflect.get(connect().files, encodeURIComponent(path));
  }

  const path = "eden/deep folder/ä.bin";
  const bytes = crypto.getRandomValues(new Uint8Array(60_000));

  test("uploads bytes as the body, and downloads them from a nested path", async () => {
    // Eden would send a body as JSON, so bytes are passed in the options of fetch.
    const saved = await at(path).put(undefined, { fetch: { body: bytes } });
    expect(saved.status).toBe(201);
    expect(saved.data?.path).toBe(path);
    expect(saved.data?.flow.bytes).toBe(bytes.length);
    expect(new URL(saved.response.url).pathname).toBe(`/files/${encodeURIComponent(path)}`);
    const download = await at(path).get?.();
    expect(await download?.data?.bytes()).toEqual(bytes);
  });

  test("uploads a form to a folder and lists it", async () => {
    const file = ["one.txt", "two.txt"].map((name) => new File([name], name));
    const form = await at("eden/form").post({ file });
    expect(form.data && "files" in form.data && form.data.files.map(({ path }) => path)).toEqual([
      "eden/form/one.txt",
      "eden/form/two.txt",
    ]);
    const { data } = await connect().api.entries.get({
      query: { folder: checkFolderPath("eden/form"), sort: "name", order: "desc" },
    });
    expect(data?.entries.map(({ name, size, modified }) => [name, size, typeof modified])).toEqual([
      ["two.txt", 7, "string"],
      ["one.txt", 7, "string"],
    ]);
  });

  test("sends a token, and has types for permissions, links and refusals", async () => {
    const root = await mkdtemp(join(tmpdir(), "sluice-eden-"));
    try {
      const database = new AccessDatabase(root);
      database.account("anna", { team: "read,share" });
      const headers = bearer(database.token("anna"));
      database.close();
      await Bun.write(join(root, "team/a.txt"), "text");
      await using server = await spawnServing(root);
      const { api } = treaty<App>(server.url, { parseDate: false, headers });
      const me = await api.me.get({ query: { folder: checkFolderPath("team") } });
      expect(me.data?.words).toEqual(["list", "read", "share"]);
      const { data } = await api.links.get({ query: {} });
      expect(data?.links).toEqual([]);
      const refused = await api.accounts.get();
      expect(refused.error?.status === 403 && refused.error.value.code).toBe("not_allowed");
      const anyone = await treaty<App>(server.url, { parseDate: false }).api.tokens.get();
      expect(anyone.error?.status === 401 && anyone.error.value.code).toBe("login_required");
    } finally {
      await rm(root, { recursive: true });
    }
  });

  test("has types for the problems of each status", async () => {
    await at("eden/taken").put(undefined, { fetch: { body: "first" } });
    const taken = await at("eden/taken").put(undefined, {
      fetch: { body: "second" },
      query: { conflict: "fail" },
    });
    expect(taken.error?.status === 409 && taken.error.value.code).toBe("name_taken");
    const missing = await at("eden/none").get?.();
    expect(missing?.error?.status === 404 && missing.error.value.code).toBe("not_found");
    // @ts-expect-error: a listing is not sorted by colour
    const wrong = await connect().api.entries.get({ query: { sort: "colour" } });
    expect(wrong.error?.status === 400 && wrong.error.value.errors?.[0]?.pointer).toBe("/query/sort");
  });

  test("requests the health", async () => {
    const { data } = await connect().health.get();
    expect(data?.status).toBe("ok");
  });
});
