// Builds dist/sluice, one file with the web page inside: `bun run build [--target bun-linux-arm64] [--outfile FILE]`.

import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { parseArgs } from "node:util";

/** Supported targets. For any but this machine's own, Bun downloads its executable once. */
const TARGETS = [
  "bun-linux-x64",
  "bun-linux-arm64",
  "bun-linux-x64-musl",
  "bun-linux-arm64-musl",
  "bun-darwin-x64",
  "bun-darwin-arm64",
  "bun-windows-x64",
] as const;

/** The page, and files of packages; inside the binary both are below `import.meta.dir`, under the same paths. */
const PAGE = "public";
const PACKAGE_FILES = ["node_modules/@scalar/fastify-api-reference/dist/js/standalone.js"];

/** Worker scripts. They are entry points, because only those have a path inside the binary, below their common folder. */
const THREADS = [
  "src/access/database/writer-worker.ts",
  "src/access/passwords/password-worker.ts",
  "src/listen/acme/order-worker.ts",
  "src/storage/disk/bulk/bulk-worker.ts",
  "src/storage/disk/list/lister-worker.ts",
  "src/storage/disk/dav/dav-worker.ts",
];

const { values } = parseArgs({ options: { target: { type: "string" }, outfile: { type: "string" } } });
const target = TARGETS.find((name) => name === values.target);
if (values.target !== undefined && target === undefined)
  throw new Error(`--target ${values.target} is unknown; use one of ${TARGETS.join(", ")}`);
const top = import.meta.dir;
const outfile = values.outfile
  ? resolve(values.outfile)
  : join(top, "dist", target === undefined ? "sluice" : target.replace("bun", "sluice"));
await mkdir(dirname(outfile), { recursive: true });

const start = performance.now();
// An embedded folder keeps its last name only, so the few files of packages get a tree of their own.
const packages = await mkdtemp(join(tmpdir(), "sluice-assets-"));
for (const file of PACKAGE_FILES) await Bun.write(join(packages, file), Bun.file(join(top, file)));
const built = await Bun.build({
  entrypoints: [join(top, "src/main.ts"), ...THREADS.map((file) => join(top, file))],
  compile: {
    outfile,
    assets: [join(top, PAGE), join(packages, "node_modules")],
    // Clients may write into the folder the server is started in: no file there may change it or run in it.
    autoloadDotenv: false,
    autoloadBunfig: false,
    ...(target && { target }),
  },
  // Bytecode halves the startup time. Its default format does not support top-level await, hence ESM.
  bytecode: true,
  format: "esm",
  // Not minified: Elysia reads the source of handlers to learn what they use, and misreads it when it is.
});
await rm(packages, { recursive: true });
const seconds = (performance.now() - start) / 1000;
const [binary] = built.outputs;
if (!binary) throw new Error("The build wrote nothing");
console.log(`${binary.path}: ${(Bun.file(binary.path).size / 1e6).toFixed(1)} MB in ${seconds.toFixed(1)} s`);
