// rclone: copies a tree there and back, checks every byte, renames, keeps times, and removes.

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { stat, utimes } from "node:fs/promises";
import { join } from "node:path";
import { patient } from "../../support/patience.ts";
import { amount, isMissing } from "../../support/switches.ts";
import { openWorkspace, type Workspace } from "../../support/webdav/run.ts";
import { type DavServer, LOGINS, type LoginKind, startDav } from "../../support/webdav/server.ts";

/** Files over TLS, where HTTP/2 shares one connection among them; otherwise the usual number. */
const USUAL = 50;
const FILES = amount("RCLONE_FILES", USUAL, 1000);
const filesOf = (kind: LoginKind): number => (kind === "token over TLS" ? FILES : USUAL);

let work: Workspace;
beforeAll(async () => {
  work = await openWorkspace();
});
afterAll(() => work[Symbol.asyncDispose]());

/** The words of an rclone command, and the remote `:webdav:`, whose vendor decides how times are sent. */
async function rclone(server: DavServer, vendor = "other"): Promise<(...words: string[]) => Promise<string>> {
  const env: Record<string, string> = {
    RCLONE_CONFIG: "",
    RCLONE_WEBDAV_URL: server.url,
    RCLONE_WEBDAV_VENDOR: vendor,
  };
  if (server.login !== null) {
    env.RCLONE_WEBDAV_USER = server.login.name;
    env.RCLONE_WEBDAV_PASS = (await work.must(["rclone", "obscure", server.login.password])).trim();
  }
  if (server.certificate !== null) {
    env.RCLONE_CA_CERT = work.at("certificate.pem");
    await Bun.write(env.RCLONE_CA_CERT, server.certificate);
  }
  return (...words) => work.must(["rclone", ...words], { env, seconds: 120 });
}

/** Makes `tree`, with files of up to 50 KB. */
async function makeTree(files: number): Promise<void> {
  const shape = ["--files", `${files}`, "--files-per-directory", "10", "--max-file-size", "50k"];
  await work.must(["rclone", "test", "makefiles", "tree", ...shape, "--seed", "1"], { seconds: 60 });
}

describe.skipIf(isMissing("rclone"))("rclone", () => {
  const cases = LOGINS.map((kind) => [filesOf(kind), kind] as const);
  test.each(cases)(
    "copies %d files as %s, checks and moves them, and removes them",
    async (files, kind) => {
      await makeTree(files);
      await using server = await startDav(kind);
      const run = await rclone(server);
      await run("copy", "tree", ":webdav:tree");
      await run("check", "tree", ":webdav:tree", "--download");
      await run("move", ":webdav:tree", ":webdav:moved/tree");
      await run("check", "tree", ":webdav:moved/tree", "--download");
      await run("copy", ":webdav:moved/tree", "back");
      await run("check", "tree", "back", "--download");
      expect(await run("size", ":webdav:", "--json")).toContain(`"count":${files}`);
      await run("purge", ":webdav:moved");
      await work.must(["rm", "-r", "back", "tree"]);
      expect((await server.names()).filter((name) => name !== "tree")).toEqual([]);
    },
    patient(120_000),
  );

  test("copies names with blanks, marks, umlauts and emoji", async () => {
    await using server = await startDav();
    const run = await rclone(server);
    const names = ["two words", "50% & more;a=b", "it's", "Grüße", "日本語 🌊", "a+b", "[x]{y}^`~", "100%25"];
    for (const name of names) await Bun.write(work.at("names", name, `${name}.txt`), name);
    await run("copy", "names", ":webdav:names");
    for (const name of names) expect(await server.read(`names/${name}/${name}.txt`)).toBe(name);
    await run("check", "names", ":webdav:names", "--download");
    await run("moveto", ":webdav:names/Grüße/Grüße.txt", ":webdav:names/50% & more;a=b/ä #1?.txt");
    expect(await server.read("names/50% & more;a=b/ä #1?.txt")).toBe("Grüße");
  });

  test("keeps the times of files as a vendor that has X-OC-Mtime", async () => {
    await using server = await startDav();
    await Bun.write(work.at("dated", "a.txt"), "dated");
    const then = new Date("2001-02-03T04:05:06Z");
    await utimes(work.at("dated", "a.txt"), then, then);
    for (const vendor of ["nextcloud", "owncloud"]) {
      const run = await rclone(server, vendor);
      await run("copy", "dated", `:webdav:${vendor}`);
      expect((await stat(join(server.root, vendor, "a.txt"))).mtime).toEqual(then);
      // Nothing is sent again, because sizes and times are those of the source.
      expect(await run("copy", "dated", `:webdav:${vendor}`, "--dry-run", "-v", "--use-json-log")).toBe("");
      expect(await run("lsf", "--format", "tp", `:webdav:${vendor}`)).toContain("a.txt");
    }
  });
});
