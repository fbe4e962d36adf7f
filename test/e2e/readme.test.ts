// The README is true: its commands for curl run, in order, against a server started as it says, and its reports are real.

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { chmod, mkdtemp, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Ended, run, type Serving, serve } from "../support/binary.ts";
import { until } from "../support/server.ts";
import { noTuspy, PYTHON } from "../support/tuspy.ts";

const TOP = join(import.meta.dir, "../..");
const readme = await Bun.file(join(TOP, "README.md")).text();

const missing = ["bash", "curl", "openssl", "tar"].filter((program) => Bun.which(program) === null);
if (missing.length > 0)
  console.warn(`no ${missing.join(", no ")} on PATH: the README's commands are skipped`);

/** The code blocks of a language. */
function blocks(language: string, page = readme): string[] {
  return [...page.matchAll(new RegExp(`^\`\`\`${language}\n(.*?)^\`\`\``, "gms"))].map(
    ([, text = ""]) => text,
  );
}

/** Blocks of commands for curl, by their first line. */
function commandsIn(page: string) {
  return blocks("sh", page)
    .filter((text) => text.includes("curl "))
    .map((text) => [text.split("\n", 1)[0] ?? "", text] as const);
}

/** The part that begins by starting a server of its own, and all the others. */
const [ordering = ""] = /^## Put it in order\n.*?(?=^## )/ms.exec(readme) ?? [];
const [, flags = ""] = /^bun run start (.+)$/m.exec(ordering) ?? [];

interface Part {
  name: string;
  page: string;
  flags: string[];
  /** Where the film lies afterwards. */
  films: string[];
  /** What else lies there, and its bytes. */
  others: [string, number][];
}

const PARTS: Part[] = [
  {
    name: "as it starts",
    page: readme.replace(ordering, ""),
    flags: [],
    films: [
      "films/film.mkv",
      "films/film (1).mkv",
      "films/film (2).mkv",
      "checked/film.mkv",
      "inbox/film.mkv",
      "slow.mkv",
    ],
    others: [
      ["inbox/photos/sea.jpg", 4],
      ["backups/photos.tar", 10_240],
    ],
  },
  {
    name: `with ${flags}`,
    page: ordering,
    flags: flags.split(" "),
    films: ["films/new/film.mkv", "films 2/film.mkv", "old/film.mkv"],
    others: [],
  },
];

describe.skipIf(missing.length > 0).each(PARTS)(
  "commands for curl, $name",
  ({ page, flags, films, others }) => {
    let folder: string;
    let server: Serving;

    beforeAll(async () => {
      folder = await mkdtemp(join(tmpdir(), "sluice-readme-"));
      await Bun.write(join(folder, "film.mkv"), crypto.getRandomValues(new Uint8Array(1_500_000)));
      await Bun.write(join(folder, "notes.txt"), "Bring the boat.\n");
      await Bun.write(join(folder, "photos/sea.jpg"), "blue");
      // Stands before the real one and writes down how each request ended.
      const curl = `#!/bin/sh\nexec ${Bun.which("curl")} -sS -w '%{stderr}status %{http_code}\\n' "$@"\n`;
      await Bun.write(join(folder, "bin/curl"), curl);
      await chmod(join(folder, "bin/curl"), 0o755);
      const started = [process.execPath, join(TOP, "src/main.ts"), "--keep-free", "0B"];
      server = await serve([...started, ...flags], { cwd: folder });
    });
    afterAll(async () => {
      await server[Symbol.asyncDispose]();
      await rm(folder, { recursive: true });
    });

    async function bash(text: string): Promise<Ended> {
      const script = text.replaceAll("http://localhost:3000", server.url);
      const env = { PATH: `${join(folder, "bin")}:${process.env.PATH}` };
      return await run(["bash", "-e", "-u", "-o", "pipefail", "-c", script], { cwd: folder, env });
    }

    test.each(commandsIn(page))("%s", async (_, text) => {
      const { code, stderr } = await bash(text);
      expect({ code, stderr }).toEqual({ code: 0, stderr: expect.stringMatching(/^(status \d+\n)+$/) });
      const statuses = [...stderr.matchAll(/^status (\d+)$/gm)].map(([, status = ""]) => status);
      expect(statuses.map((status) => (status.startsWith("2") ? "2xx" : status)).toSorted()).toEqual(
        expectedStatuses(text).toSorted(),
      );
    });

    test("afterwards everything lies where the README says", async () => {
      const film = await Bun.file(join(folder, "film.mkv")).bytes();
      for (const path of films) {
        const file = Bun.file(join(server.root, path));
        // Copies are made in the background.
        await until(`${path} is there`, () => file.exists());
        expect({ path, same: Buffer.compare(await file.bytes(), film) }).toEqual({ path, same: 0 });
      }
      for (const [path, bytes] of others)
        expect({ path, bytes: Bun.file(join(server.root, path)).size }).toEqual({ path, bytes });
    });
  },
);

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
  const saved = (path: string) => Bun.file(join(server.root, path)).bytes();

  test("tus-js-client", async () => {
    const text = blocks("js").find((block) => block.includes('from "tus-js-client"')) ?? "";
    // In a page the file is what was chosen.
    const chosen = `import { createReadStream } from "node:fs";
const file = Object.assign(createReadStream("film.mkv"), { name: "page.mkv" });`;
    const ended = await program(process.execPath, "page.js", `${chosen}\n${text}`);
    expect(ended).toMatchObject({ code: 0, stdout: "saved\n", stderr: "" });
    expect(await saved("films/page.mkv")).toEqual(film);
  });

  test.skipIf(noTuspy)("tuspy", async () => {
    const text = blocks("py").find((block) => block.includes("import TusClient")) ?? "";
    expect(await program(PYTHON, "program.py", text)).toMatchObject({ code: 0, stderr: "" });
    expect(await saved("films/film.mkv")).toEqual(film);
  });
});

/** What the comments behind the commands say: `# 412: …`; without one it is a success. */
function expectedStatuses(text: string): string[] {
  return text.split("\n").flatMap((line) => {
    const times = line.split(/\bcurl /).length - 1;
    return Array(times).fill(/ {2}# (\d{3})\b/.exec(line)?.[1] ?? "2xx");
  });
}

describe("flow reports", () => {
  const reports: unknown[] = blocks("json").map((text) => JSON.parse(text));

  test("there are two, with different limits", () => {
    expect(reports).toMatchObject([{ bottleneck: "network" }, { bottleneck: "disk" }]);
  });

  test.each(reports)("the waits of report %# add up, and its numbers agree with each other", (report) => {
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
