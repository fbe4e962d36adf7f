// The README and the pages of docs/: their commands work, in order, against a server, and their flow reports are consistent.

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { chmod, mkdtemp, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Ended, run, type Serving, serve } from "../support/binary.ts";
import { blocks, PAGES, pageText } from "../support/pages.ts";
import { until } from "../support/server.ts";
import { skipped } from "../support/switches.ts";
import { noTuspy, PYTHON } from "../support/tuspy.ts";

const TOP = join(import.meta.dir, "../..");

const missing = ["bash", "curl", "openssl", "tar"].filter((program) => Bun.which(program) === null);
if (missing.length > 0)
  skipped("the commands of the documentation", `no ${missing.join(", no ")} on PATH`, "install it");

/** Files that the commands of a page create in the root. */
interface Saved {
  /** Copies of film.mkv. */
  films: string[];
  /** Other files, with their size in bytes. */
  others: [path: string, bytes: number][];
}

const SAVED: Record<string, Saved> = {
  "README.md": { films: ["films/film.mkv"], others: [] },
  "docs/uploading.md": {
    films: [
      "films/film.mkv",
      "films/film (1).mkv",
      "films/film (2).mkv",
      "films/film (3).mkv",
      "checked/film.mkv",
      "inbox/film.mkv",
      "slow.mkv",
    ],
    others: [
      ["inbox/photos/sea.jpg", 4],
      ["backups/photos.tar", 10_240],
    ],
  },
  "docs/resumable.md": { films: ["resumed.mkv"], others: [["notes/resumed.txt", 16]] },
  "docs/api.md": { films: ["films/new/film.mkv", "films 2/film.mkv", "old/film.mkv"], others: [] },
  "docs/monitoring.md": { films: ["slow.mkv"], others: [] },
};

/** The flags of a block that only starts a server: the blocks after it use that server. */
function startsWith(text: string): string[] | undefined {
  const [, flags] = /^bun run start(.*)\n$/.exec(text) ?? [];
  return flags?.split(" ").filter((word) => word !== "");
}

/** The executed blocks of a page, named by their first line. */
function commandsIn(page: string) {
  return blocks(page, "sh")
    .filter(({ reason }) => reason === undefined)
    .map(({ text }) => [text.split("\n", 1)[0] ?? "", text] as const);
}

const RUN = PAGES.filter((page) => commandsIn(page).length > 0);

describe("blocks of code", () => {
  const LANGUAGES = [
    "sh",
    "console",
    "js",
    "jsonc",
    "json",
    "py",
    "ts",
    "dockerfile",
    "nginx",
    "haproxy",
    "caddy",
    "apache",
    "yaml",
    "ini",
  ];

  test.each(PAGES)(
    "every code block of %s has a language, and every sh block is run or has a reason not to",
    (page) => {
      const fences = pageText(page).match(/^```/gm) ?? [];
      expect(blocks(page).length * 2).toBe(fences.length);
      expect(blocks(page).filter(({ language }) => !LANGUAGES.includes(language))).toEqual([]);
    },
  );

  test("the pages with commands are listed", () => {
    expect(RUN).toEqual(expect.arrayContaining(Object.keys(SAVED)));
  });
});

describe.skipIf(missing.length > 0).each(RUN)("commands of %s", (page) => {
  let folder: string;
  let server: Serving;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "sluice-readme-"));
    await Bun.write(join(folder, "film.mkv"), crypto.getRandomValues(new Uint8Array(1_500_000)));
    await Bun.write(join(folder, "notes.txt"), "Bring the boat.\n");
    await Bun.write(join(folder, "photos/sea.jpg"), "blue");
    // Replaces the real curl and reports the status of each request.
    const curl = `#!/bin/sh\nexec ${Bun.which("curl")} -sS -w '%{stderr}status %{http_code}\\n' "$@"\n`;
    await Bun.write(join(folder, "bin/curl"), curl);
    await chmod(join(folder, "bin/curl"), 0o755);
    server = await start([]);
  });
  afterAll(async () => {
    await server[Symbol.asyncDispose]();
    await rm(folder, { recursive: true });
  });

  async function start(flags: string[]): Promise<Serving> {
    const words = flags.map((word) => word.replace(/^~/, folder));
    return await serve([process.execPath, join(TOP, "src/main.ts"), "--keep-free", "0B", ...words], {
      cwd: folder,
    });
  }

  async function bash(text: string): Promise<Ended> {
    const script = text.replaceAll("http://localhost:3000", server.url);
    const env = { PATH: `${join(folder, "bin")}:${process.env.PATH}` };
    return await run(["bash", "-e", "-u", "-o", "pipefail", "-c", script], { cwd: folder, env });
  }

  test.each(commandsIn(page))("%s", async (_, text) => {
    const flags = startsWith(text);
    if (flags) {
      await server[Symbol.asyncDispose]();
      server = await start(flags);
      expect((await fetch(`${server.url}/health`)).status).toBe(200);
      return;
    }
    const { code, stderr } = await bash(text);
    expect({ code, stderr }).toEqual({ code: 0, stderr: expect.stringMatching(/^(status \d+\n)+$/) });
    const statuses = [...stderr.matchAll(/^status (\d+)$/gm)].map(([, status = ""]) => status);
    expect(statuses.map((status) => (status.startsWith("2") ? "2xx" : status)).toSorted()).toEqual(
      expectedStatuses(text).toSorted(),
    );
  });

  test("the files that the page mentions exist", async () => {
    const { films, others } = SAVED[page] ?? { films: [], others: [] };
    const film = await Bun.file(join(folder, "film.mkv")).bytes();
    for (const path of films) {
      const file = Bun.file(join(server.root, path));
      // Copies may still run in the background.
      await until(`${path} is there`, () => file.exists());
      expect({ path, same: Buffer.compare(await file.bytes(), film) }).toEqual({ path, same: 0 });
    }
    for (const [path, bytes] of others)
      expect({ path, bytes: Bun.file(join(server.root, path)).size }).toEqual({ path, bytes });
  });
});

describe("programs that upload resumably", () => {
  let folder: string;
  let server: Serving;
  let film: Uint8Array<ArrayBuffer>;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "sluice-readme-"));
    film = crypto.getRandomValues(new Uint8Array(60_000));
    await Bun.write(join(folder, "film.mkv"), film);
    await symlink(join(TOP, "node_modules"), join(folder, "node_modules"));
    server = await serve([process.execPath, join(TOP, "src/main.ts"), "--keep-free", "0B"], { cwd: folder });
  });
  afterAll(async () => {
    await server[Symbol.asyncDispose]();
    await rm(folder, { recursive: true });
  });

  async function program(command: string, name: string, text: string): Promise<Ended> {
    await Bun.write(join(folder, name), text.replaceAll("http://localhost:3000", server.url));
    return await run([command, name], { cwd: folder });
  }
  const example = (language: string, words: string) =>
    blocks("docs/resumable.md", language).find(({ text }) => text.includes(words))?.text ?? "";
  const saved = (path: string) => Bun.file(join(server.root, path)).bytes();

  test("tus-js-client", async () => {
    const text = example("js", 'from "tus-js-client"');
    // In a web page the file would come from an input element.
    const chosen = `import { createReadStream } from "node:fs";
const file = Object.assign(createReadStream("film.mkv"), { name: "page.mkv" });`;
    const ended = await program(process.execPath, "page.js", `${chosen}\n${text}`);
    expect(ended).toMatchObject({ code: 0, stdout: "saved\n", stderr: "" });
    expect(await saved("films/page.mkv")).toEqual(film);
  });

  test.skipIf(noTuspy)("tuspy", async () => {
    const text = example("py", "import TusClient");
    expect(await program(PYTHON, "program.py", text)).toMatchObject({ code: 0, stderr: "" });
    expect(await saved("films/film.mkv")).toEqual(film);
  });
});

/** The statuses in comments after commands: `# 412: …`; without one the command must succeed. */
function expectedStatuses(text: string): string[] {
  return text.split("\n").flatMap((line) => {
    const times = line.split(/\bcurl /).length - 1;
    return Array(times).fill(/ {2}# (\d{3})\b/.exec(line)?.[1] ?? "2xx");
  });
}

describe("flow reports", () => {
  const reportsOf = (page: string): unknown[] => blocks(page, "json").map(({ text }) => JSON.parse(text));
  const reports = [...reportsOf("README.md"), ...reportsOf("docs/why-is-it-slow.md")];

  test("the README contains one, and another page two with different bottlenecks", () => {
    expect(reports).toMatchObject([
      { bottleneck: "network" },
      { bottleneck: "network" },
      { bottleneck: "disk" },
    ]);
  });

  test.each(reports)("the waits of report %# add up, and its numbers are consistent", (report) => {
    expect(report).toEqual({
      bytes: expect.any(Number),
      seconds: expect.any(Number),
      bytesPerSecond: expect.any(Number),
      waits: {
        network: expect.any(Number),
        disk: expect.any(Number),
        sync: expect.any(Number),
        hash: expect.any(Number),
        other: expect.any(Number),
      },
      bottleneck: expect.any(String),
      explanation: expect.stringMatching(/ was the limit: \d\d % of the time /),
    });
    const { bytes, seconds, bytesPerSecond, waits } = Object(report);
    const sum = Object.values<number>(waits).reduce((total, wait) => total + wait, 0);
    expect(sum / seconds).toBeCloseTo(1, 3);
    expect(bytes / seconds / bytesPerSecond).toBeCloseTo(1, 3);
  });
});
