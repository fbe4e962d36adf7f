// Checks that ARCHITECTURE.md is correct and its rules hold: the tree, the order of imports, short files, meaningful names.

import { describe, expect, test } from "bun:test";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import manifest from "../package.json";
import clients from "./e2e/clients/package.json";
import { circles, tree } from "./support/source-tree.ts";

const TOP = join(import.meta.dir, "..");
const page = readFileSync(join(TOP, "ARCHITECTURE.md"), "utf8");
const sources = files("src");
const documented = tree(block("src/"));
const graph = new Map(
  sources.map((file) => [file, importsOf(file).filter((target) => sources.includes(target))]),
);

/** Maximum number of lines of a file. */
const MAX_LINES = 300;
/** Maximum number of files in a folder. */
const MAX_FILES = 12;
/** Names that do not say what a file contains. */
const EMPTY_NAMES = ["util", "utils", "helper", "helpers", "common", "misc", "shared", "types", "lib"];
/** Names of types, functions and constants that were replaced by standard terms. */
const OLD_NAMES =
  /\b(?:class|interface|type|function) (?:Body|Room|Share|Engine|Intent|Outcome|Uploads|Waiting|Filling|Addition|Arriving|Resumed|Turns|Journal|Kept|KeptUpload|Rests|Resting|Workshop|Workplace|Anchor|Unnamed|Stage|Head|Pressure|Pulsed|NameList|FolderOrder|OrderCache|Sharing|Usages|Running|Ended|Measured|Way|Arrival|Lateness|Wire|flowOf|heardBy|unhurried|patiently|inOneEntry|nullOn|ahead|gathered|packed|look|place|kept|Happening|Look|Watched|Taken|Asked|take|tell)\b|\bAT_ONCE\b|\b(?:const|let) (?:asked|told|said|looks?)\b/;
/** Words that hide the subject or the action of a sentence. */
const VAGUE_WORDS = /\b(?:whoever|anew|lets? go of)\b/i;
/** This file, which contains the refused words. */
const OWN_PATH = "test/architecture.test.ts";
/** A comment without a subject: it begins with "What", "Whoever" or "Who". */
const NO_SUBJECT =
  /(?:\/\/|\/\*\*|^ +\*) (?:What|Whoever|Who) (?!(?:is|are|does|do|was|were|may|can)\b[^.]*\?)/m;

describe("the tree", () => {
  test("names every folder of src and public, every file at the top of src, and no other", () => {
    const folders = [...sources, ...files("public")].map((file) => `${dirname(file)}/`);
    const parents = folders.map((name) => `${dirname(name)}/`).filter((name) => name !== "./");
    const top = sources.filter((file) => dirname(file) === "src");
    const expected = new Set([...top, ...folders, ...parents]);
    expected.delete("src/");
    expect([...documented.keys()].toSorted()).toEqual([...expected].toSorted());
  });

  test("has a description of each", () => {
    expect([...documented].filter(([, words]) => words === "")).toEqual([]);
  });

  test("the descriptions of requests name existing files", () => {
    const named = [...page.matchAll(/`((?:[\w-]+\/)+[\w-]+\.ts)`/g)].map(([, name = ""]) => name);
    expect(named.length).toBeGreaterThan(30);
    const exists = (name: string): boolean =>
      [name, `src/${name}`].some((file) => existsSync(join(TOP, file)));
    expect(named.filter((name) => !exists(name))).toEqual([]);
  });

  test(`has at most ${MAX_FILES} files in a folder`, () => {
    const folders = Object.groupBy(sources, (file) => dirname(file));
    const large = Object.entries(folders).filter(([, inside = []]) => inside.length > MAX_FILES);
    expect(large.map(([name]) => name)).toEqual([]);
  });
});

describe("imports", () => {
  const order = block("system ·")
    .trim()
    .split("→")
    .map((step) => step.split("·").map((name) => name.trim()));
  const position = (file: string): number => order.findIndex((step) => step.includes(unitOf(file)));

  test("every file of src is in the order", () => {
    expect(sources.filter((file) => position(file) === -1)).toEqual([]);
    expect(order.flat().filter((name) => !sources.some((file) => unitOf(file) === name))).toEqual([]);
  });

  test("only go to the left in the order, or stay in the folder", () => {
    const wrong = sources.flatMap((file) =>
      importsOf(file)
        .filter((target) => target.startsWith("src/"))
        .filter((target) => unitOf(target) !== unitOf(file) && position(target) >= position(file))
        .map((target) => `${file} imports ${target}`),
    );
    expect(wrong).toEqual([]);
  });

  test("form no cycle, type imports included", () => {
    expect(circles(graph)).toEqual([]);
  });

  test.each(["core", "storage/disk"])("inside src/%s follow the order of its folders", (folder) => {
    const steps = orderInside(folder);
    const step = (file: string): number => steps.findIndex((names) => names.includes(childOf(folder, file)));
    const inside = sources.filter((file) => file.startsWith(`src/${folder}/`));
    expect(inside.filter((file) => step(file) === -1)).toEqual([]);
    const wrong = inside.flatMap((file) =>
      (graph.get(file) ?? [])
        .filter((target) => inside.includes(target) && childOf(folder, target) !== childOf(folder, file))
        .filter((target) => step(target) >= step(file))
        .map((target) => `${file} imports ${target}`),
    );
    expect(wrong).toEqual([]);
  });

  test("outside of storage/disk, only the files that open or lock a root are imported from it", () => {
    const inside = (file: string): boolean => file.startsWith("src/storage/disk/");
    const known = sources
      .filter((file) => !inside(file))
      .flatMap((file) => importsOf(file).filter(inside))
      .filter((target) => !target.endsWith("/disk.ts") && !target.endsWith("/root-lock.ts"));
    expect(known).toEqual([]);
  });

  const rows = [...page.matchAll(/^\| ([a-z/, ]+) \| (`.*`) \|$/gm)].map(
    ([, who = "", what = ""]) => [who, what] as const,
  );

  test("the table of packages has rows", () => {
    expect(rows.length).toBeGreaterThan(2);
  });

  test.each(rows)("only %s: %s", (who, what) => {
    const allowed = who.split(", ");
    const packages = what.split(", ").map((name) => name.replaceAll("`", ""));
    const used = sources.filter((file) => importsOf(file).some((target) => packages.includes(target)));
    const named = (file: string): boolean =>
      allowed.some((name) => name === unitOf(file) || file.startsWith(`src/${name}/`));
    expect(used.filter((file) => !named(file))).toEqual([]);
    // A rule that no file needs is outdated.
    expect(used.length).toBeGreaterThan(0);
  });
});

describe("every file", () => {
  const written = [
    ...sources,
    ...files("public"),
    ...files("test"),
    ...files("bench"),
    "build.ts",
    "docs/write.ts",
  ];
  const code = written.filter((file) => /\.(?:ts|js|css)$/.test(file));

  test(`has at most ${MAX_LINES} lines`, () => {
    expect(code.filter((file) => read(file).split("\n").length - 1 > MAX_LINES)).toEqual([]);
  });

  test("describes its purpose in its first line", () => {
    expect(code.filter((file) => !/^(?:\/\/|\/\*) \S.{10}/.test(read(file)))).toEqual([]);
  });

  test("declares no name that was replaced", () => {
    expect(sources.filter((file) => OLD_NAMES.test(read(file)))).toEqual([]);
  });

  test("has comments with a subject", () => {
    expect(code.filter((file) => file !== OWN_PATH && NO_SUBJECT.test(read(file)))).toEqual([]);
  });

  test("and every page of the documentation avoids vague words", () => {
    const pages = [...files("docs"), "README.md", "ARCHITECTURE.md", "CONTRIBUTING.md"];
    const texts = [...code, ...pages.filter((file) => file.endsWith(".md"))];
    expect(texts.filter((file) => file !== OWN_PATH && VAGUE_WORDS.test(read(file)))).toEqual([]);
  });

  test("and every folder has a meaningful name", () => {
    const names = written.flatMap((file) => file.split("/")).map((name) => name.split(".", 1)[0] ?? "");
    expect(names.filter((name) => EMPTY_NAMES.includes(name))).toEqual([]);
  });
});

describe("public", () => {
  const scripts = files("public").filter((file) => file.endsWith(".js"));
  const folders = Map.groupBy(files("public"), (file) => dirname(file));
  /** Scripts that each script imports, those of JSDoc types included. */
  const imports = new Map(
    scripts.map((file) => [
      file,
      [...read(file).matchAll(/(?:from |import\()"(\.[^"]+)"/g)].map(([, to = ""]) =>
        join(dirname(file), to),
      ),
    ]),
  );

  test("has at most 12 files in a folder", () => {
    expect([...folders].filter(([, names]) => names.length > 12).map(([folder]) => folder)).toEqual([]);
  });

  test("imports only scripts that exist", () => {
    expect([...imports.values()].flat().filter((file) => !scripts.includes(file))).toEqual([]);
    // Without any import found, the next two tests would pass whatever the scripts do.
    expect(imports.get("public/app.js")?.length).toBeGreaterThan(5);
  });

  test("has no import cycle, JSDoc types included", () => {
    expect(cyclesIn(imports)).toEqual([]);
  });

  test("has no import cycle between folders", () => {
    const between = new Map(
      [...folders.keys()].map((folder) => {
        const targets = scripts
          .filter((file) => dirname(file) === folder)
          .flatMap((file) => imports.get(file) ?? []);
        return [folder, [...new Set(targets.map((file) => dirname(file)))].filter((to) => to !== folder)];
      }),
    );
    expect(cyclesIn(between)).toEqual([]);
  });

  test("has no folder whose files would share a URL with the API", () => {
    // The page is served at the root: public/uploads/queue.js would be GET /uploads/{id}.
    const taken = ["api", "files", "uploads", "problems", "swagger", "metrics", "health"];
    const names = [...folders.keys()].map((folder) => folder.split("/")[1] ?? "");
    expect(names.filter((name) => taken.includes(name))).toEqual([]);
  });

  /** The nodes of a graph that are part of a cycle. */
  function cyclesIn(graph: Map<string, string[]>): string[] {
    return [...graph.keys()].filter((start) => {
      const reached = new Set<string>();
      const open = [...(graph.get(start) ?? [])];
      for (let node = open.pop(); node !== undefined; node = open.pop()) {
        if (reached.has(node)) continue;
        reached.add(node);
        open.push(...(graph.get(node) ?? []));
      }
      return reached.has(start);
    });
  }
});

test("docs/decisions/dependencies.md names every package", () => {
  const { dependencies, devDependencies } = manifest;
  const text = read("docs/decisions/dependencies.md");
  const names = Object.keys({ ...dependencies, ...devDependencies, ...clients.dependencies });
  expect(names.filter((name) => !text.includes(`\`${name}\``))).toEqual([]);
});

test("docs/decisions/README.md names every decision", () => {
  const pages = files("docs/decisions").filter((file) => !file.endsWith("/README.md"));
  const text = read("docs/decisions/README.md");
  expect(pages.filter((file) => !text.includes(`](${file.slice("docs/decisions/".length)})`))).toEqual([]);
});

/** All files below a folder except those of packages, as paths from the repository's top. */
function files(folder: string): string[] {
  return readdirSync(join(TOP, folder), { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile() && !entry.parentPath.includes("node_modules"))
    .map((entry) => join(entry.parentPath, entry.name).slice(TOP.length + 1));
}

function read(file: string): string {
  return readFileSync(join(TOP, file), "utf8");
}

/** The top-level folder of src that contains a file, or a top-level file without its extension. */
function unitOf(file: string): string {
  const [, first = ""] = file.split("/");
  return first.replace(/\.ts$/, "");
}

/** The imports and re-exports of a file, including types: paths from the top, or names of packages. */
function importsOf(file: string): string[] {
  const { imports } = new Bun.Transpiler({ loader: "ts" }).scan(read(file));
  const types = [...read(file).matchAll(/^(?:import|export) [^;]*?from "([^"]+)"/gms)].map(
    ([, from = ""]) => from,
  );
  return [...new Set([...imports.map(({ path }) => path), ...types])].map((path) =>
    path.startsWith(".") ? join(dirname(file), path) : path,
  );
}

/** The code block of the page that begins with this text. */
function block(beginning: string): string {
  const [, text] = page.split(`\`\`\`\n${beginning}`);
  if (text === undefined) throw new Error(`ARCHITECTURE.md has no block that begins with ${beginning}`);
  return beginning + (text.split("\n```", 1)[0] ?? "");
}

/** The order of imports that the page defines for the folders inside a folder. */
function orderInside(folder: string): string[][] {
  const line = page.split("\n").find((text) => text.startsWith(`${folder}: `));
  if (line === undefined) throw new Error(`ARCHITECTURE.md gives no order for ${folder}`);
  return line
    .slice(folder.length + 2)
    .split("→")
    .map((step) => step.split("·").map((name) => name.trim()));
}

/** The folder or file directly in `src/FOLDER` that contains a file. */
function childOf(folder: string, file: string): string {
  return file.slice(`src/${folder}/`.length).split("/", 1)[0] ?? "";
}
