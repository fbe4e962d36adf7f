// Programs that read the page of a folder without its script: wget -r, rclone's http backend, w3m and lynx.

import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { patient } from "../support/patience.ts";
import { startServer, type TestServer } from "../support/server.ts";
import { skipped } from "../support/switches.ts";

setDefaultTimeout(patient(60_000));

/** Paths and their contents. */
const FILES = new Map([
  ["top.txt", "top"],
  ["photos/a b.jpg", "a"],
  ["photos/2026/ñ & 'q'.txt", "deep"],
  ["photos/2026/50% #1?.txt", "odd"],
  ["photos/.hidden", "hidden"],
  ...Array.from({ length: 1200 }, (_, index): [string, string] => [`many/f${index}`, `${index}`]),
]);

/** Whether a program is installed. If not, prints that its test is skipped. */
const missing = (program: string): boolean =>
  Bun.which(program) === null && skipped(`${program} reads listings`, `no ${program} on PATH`, "install it");

describe("without JavaScript", () => {
  let server: TestServer;
  let folder: string;
  beforeAll(async () => {
    server = await startServer();
    folder = await mkdtemp(join(tmpdir(), "sluice-readers-"));
    for (const [path, text] of FILES) await Bun.write(join(server.root, path), text);
  });
  afterAll(async () => {
    await server.stop();
    await rm(folder, { recursive: true, force: true });
  });

  async function run(...words: string[]): Promise<string> {
    const child = Bun.spawn(words, { cwd: folder, stdout: "pipe", stderr: "pipe" });
    const [output, errors, code] = await Promise.all([
      child.stdout.text(),
      child.stderr.text(),
      child.exited,
    ]);
    if (code !== 0) throw new Error(`${words.join(" ")} ended with ${code}: ${errors.slice(-2000)}`);
    return output;
  }

  /** The files below a folder and their contents. */
  async function filesIn(at: string): Promise<Map<string, string>> {
    const entries = await readdir(at, { recursive: true, withFileTypes: true });
    const files = entries
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name));
    const read = files.map(async (file) => [file.slice(at.length + 1), await Bun.file(file).text()] as const);
    return new Map(await Promise.all(read));
  }

  test.skipIf(missing("wget"))("wget -r downloads all files", async () => {
    await run(
      "wget",
      "-q",
      "-r",
      "-np",
      "-nH",
      "--cut-dirs=1",
      "-P",
      "wget",
      "--restrict-file-names=nocontrol",
      `${server.url}/files/`,
    );
    const found = await filesIn(join(folder, "wget"));
    for (const [path] of found) if (path.endsWith("index.html")) found.delete(path);
    expect(found.size).toBe(FILES.size);
    for (const [path, text] of FILES) expect([path, found.get(path)]).toEqual([path, text]);
  });

  test.skipIf(missing("rclone"))("rclone copies all files", async () => {
    const flags = ["--http-url", `${server.url}/files/`, "--config", join(folder, "none.conf")];
    await Bun.write(join(folder, "none.conf"), "");
    await run("rclone", "copy", ":http:", join(folder, "rclone"), ...flags);
    expect(await filesIn(join(folder, "rclone"))).toEqual(FILES);
    const sizes = await run("rclone", "lsf", "--format", "ps", ":http:photos/2026", ...flags);
    expect(sizes.trim().split("\n").sort()).toEqual(["50% #1?.txt;3", "ñ & 'q'.txt;4"]);
  });

  test.skipIf(missing("w3m"))("w3m shows names, sizes and links", async () => {
    const page = `${server.url}/files/photos/`;
    const shown = await run("w3m", "-dump", "-T", "text/html", "-o", "display_link_number=1", page);
    expect(shown).toContain("a b.jpg");
    expect(shown).toContain("2026");
    expect(shown).toContain(`${page}2026/`);
  });

  test.skipIf(missing("lynx"))("lynx follows the links to a file in a folder", async () => {
    const links = await run("lynx", "-dump", "-listonly", "-nonumbers", `${server.url}/files/photos/`);
    const [to] = links.split("\n").filter((link) => link.endsWith("/photos/2026/"));
    expect(await run("lynx", "-dump", "-listonly", "-nonumbers", to ?? "")).toContain("50% #1?.txt");
    const many = await run("lynx", "-dump", "-listonly", "-nonumbers", `${server.url}/files/many/`);
    expect(many).toContain("/files/many/?cursor=");
  });
});
