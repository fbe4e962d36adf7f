// Programs at links and drops: curl sends files and forms, tus-js-client uploads and resumes, wget downloads.

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { basic } from "../support/access.ts";
import { type LinkServer, startLinkServer } from "../support/links.ts";
import { isMissing } from "../support/switches.ts";
import { runTusUpload } from "../support/tus-run.ts";

const TEXT = "canary ".repeat(100_000);
let server: LinkServer;
let folder = "";
let drop = "";

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "sluice-link-clients-"));
  server = await startLinkServer();
  await Bun.write(join(server.root, "home/drop/.keep"), "");
  drop = server.url + (await server.link("home/drop", { kind: "drop", password: "sesame" })).url;
  for (const name of ["one.txt", "two.txt"]) await Bun.write(join(folder, name), TEXT);
});
afterAll(async () => {
  await server.stop();
  await rm(folder, { recursive: true });
});

/** Runs a program in the folder. @returns its output */
async function run(...words: string[]): Promise<string> {
  const child = Bun.spawn(words, { cwd: folder, stdin: "ignore", stdout: "pipe", stderr: "inherit" });
  const [code, output] = await Promise.all([child.exited, child.stdout.text()]);
  expect(code).toBe(0);
  return output;
}
const saved = (name: string): string[] => [...new Bun.Glob(`home/drop/*/**/${name}`).scanSync(server.root)];

describe("curl", () => {
  const curl = (...words: string[]) => run("curl", "-sSf", "-u", "x:sesame", ...words);

  test.skipIf(isMissing("curl"))(
    "-T sends a file to a drop, or several into one folder when it keeps cookies",
    async () => {
      const { receipt } = JSON.parse(await curl("-T", "one.txt", `${drop}/files/`));
      expect(saved("one.txt").map((path) => path.split("/")[2]?.split(" ").at(-1))).toEqual([receipt]);
      await curl("-b", "", "-T", "{one.txt,two.txt}", `${drop}/files/`);
      const folders = saved("two.txt").map((path) => path.split("/")[2] ?? "");
      expect(folders.length).toBe(1);
      expect(await Bun.file(join(server.root, "home/drop", folders[0] ?? "", "one.txt")).text()).toBe(TEXT);
    },
  );

  test.skipIf(isMissing("curl"))("-F sends a form", async () => {
    const answer = await curl(
      "-F",
      "file=@one.txt",
      "-F",
      "file=@two.txt;filename=deep/form.txt",
      `${drop}/files/`,
    );
    expect(JSON.parse(answer).files.length).toBe(2);
    expect(saved("form.txt").length).toBe(1);
  });
});

describe("wget", () => {
  test.skipIf(isMissing("wget"))("downloads a file of a link", async () => {
    const { url } = await server.link("home/album/a.txt", { downloads: 1 });
    await run("wget", "-q", "-O", "wget", `${server.url}${url}/files/a.txt`);
    expect(await Bun.file(join(folder, "wget")).text()).toBe("the file a.txt");
  });
});

describe("tus-js-client", () => {
  const headers = basic("x", "sesame");

  test.each(["tus-v1", "ietf-draft-05"] as const)("%s uploads to a drop, and resumes", async (protocol) => {
    const name = `${protocol}.bin`;
    const file = join(folder, name);
    await Bun.write(file, TEXT);
    const options = {
      endpoint: `${drop}/uploads`,
      protocol,
      headers,
      chunkSize: 100_000,
      metadata: { filename: name },
    };
    const begun = await runTusUpload(file, { ...options, abortAt: 250_000 });
    expect(begun.url).toContain("/uploads/");
    expect(saved(name)).toEqual([]);
    await runTusUpload(file, { ...options, uploadUrl: begun.url ?? "" });
    const [path = ""] = saved(name);
    expect(await Bun.file(join(server.root, path)).text()).toBe(TEXT);
  });
});
