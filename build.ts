// Builds dist/sluice, one file with the web page inside: `bun run build [--target bun-linux-arm64] [--outfile FILE]`.

import { mkdir } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { parseArgs } from "node:util";

/** Systems a binary can be built for; all but this machine's own make Bun fetch its executable for that system once. */
const TARGETS = [
  "bun-linux-x64",
  "bun-linux-arm64",
  "bun-linux-x64-musl",
  "bun-linux-arm64-musl",
  "bun-darwin-x64",
  "bun-darwin-arm64",
  "bun-windows-x64",
] as const;

/** Folders the binary carries inside; `import.meta.dir` holds them there. */
const ASSETS = ["./public"];

const { values } = parseArgs({ options: { target: { type: "string" }, outfile: { type: "string" } } });
const target = TARGETS.find((name) => name === values.target);
if (values.target !== undefined && target === undefined)
  throw new Error(`--target ${values.target} is unknown; use one of ${TARGETS.join(", ")}`);
// Assets keep their path relative to the current folder.
const caller = process.cwd();
process.chdir(import.meta.dir);
const outfile = values.outfile
  ? resolve(caller, values.outfile)
  : resolve("dist", target === undefined ? "sluice" : target.replace("bun", "sluice"));
await mkdir(dirname(outfile), { recursive: true });

const start = performance.now();
const built = await Bun.build({
  entrypoints: ["src/main.ts"],
  compile: {
    outfile,
    assets: ASSETS,
    // Clients may write into the folder the server is started in: no file there may change it or run in it.
    autoloadDotenv: false,
    autoloadBunfig: false,
    ...(target && { target }),
  },
  // Compiled ahead of time, it starts in half the time. The default format for it knows no top-level await.
  bytecode: true,
  format: "esm",
  // Not minified: Elysia reads the source of handlers to learn what they use, and misreads it when it is.
});
const seconds = (performance.now() - start) / 1000;
const [binary] = built.outputs;
if (!binary) throw new Error("The build wrote nothing");
console.log(`${binary.path}: ${(Bun.file(binary.path).size / 1e6).toFixed(1)} MB in ${seconds.toFixed(1)} s`);
