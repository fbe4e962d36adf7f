// Zip archives read sequentially from the connection, without the central directory: Java, jar and unzipper.

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdir, mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CLIENT_MODULES, noClients } from "../support/clients.ts";
import { startServer, type TestServer } from "../support/server.ts";
import { skipped } from "../support/switches.ts";

const missing = (who: string, program: string): boolean =>
  Bun.which(program) === null && skipped(who, `no ${program} on PATH`, "install it");

/** Reads a zip from standard input with `ZipInputStream`, which cannot seek, and prints each entry with its SHA-256. */
const JAVA = `
import java.security.*; import java.util.*; import java.util.zip.*;
public class Forward {
  public static void main(String[] none) throws Exception {
    ZipInputStream in = new ZipInputStream(System.in);
    for (ZipEntry entry; (entry = in.getNextEntry()) != null; ) {
      MessageDigest sum = MessageDigest.getInstance("SHA-256");
      byte[] some = new byte[65536];
      for (int length; (length = in.read(some)) > 0; ) sum.update(some, 0, length);
      System.out.println(HexFormat.of().formatHex(sum.digest()) + " " + entry.getName());
    }
  }
}`;
const UNZIPPER = `
const unzipper = require("unzipper"), { createHash } = require("node:crypto");
process.stdin.pipe(unzipper.Parse()).on("entry", (entry) => {
  const sum = createHash("sha256");
  entry.on("data", (some) => sum.update(some)).on("end", () => console.log(sum.digest("hex") + " " + entry.path));
}).on("error", (error) => { console.error(error); process.exitCode = 1; });
`;

const noUnzipper = missing("unzipper", "node") || (await noClients("unzipper"));

/** Sizes around the thresholds for streaming, for blocks and for chunks. */
const SIZES = [0, 1, 65_535, 65_536, 65_537, 131_070, 131_071, 262_140, 262_141, 524_280, 3_000_001];

let server: TestServer;
let folder: string;
const expected: string[] = [];
beforeAll(async () => {
  server = await startServer();
  folder = await mkdtemp(join(tmpdir(), "sluice-zip-readers-"));
  for (const size of SIZES) {
    const bytes = crypto.getRandomValues(Buffer.alloc(65_536)).toString("hex").repeat(23).slice(0, size);
    await Bun.write(join(server.root, "top", `ü ${size}`), bytes);
    expected.push(`${new Bun.CryptoHasher("sha256").update(bytes).digest("hex")} top/ü ${size}`);
  }
  expected.sort();
});
afterAll(async () => {
  await server.stop();
  await rm(folder, { recursive: true });
});

/** Pipes the archive of the root from the connection into a command. @returns the lines that the command prints */
async function piped(cwd: string, ...command: string[]): Promise<string[]> {
  const archive = await fetch(`${server.url}/api/archive?format=zip`);
  const child = Bun.spawn(command, {
    cwd,
    stdin: archive,
    stdout: "pipe",
    stderr: "pipe",
    env: { ...Bun.env, LC_ALL: "C.UTF-8", JAVA_TOOL_OPTIONS: "-Dfile.encoding=UTF-8" },
  });
  const [code, lines, complaint] = await Promise.all([
    child.exited,
    child.stdout.text(),
    child.stderr.text(),
  ]);
  if (code !== 0) throw new Error(`${command[0]} ended with ${code}: ${complaint}`);
  return lines.split("\n").filter((line) => line !== "" && !line.endsWith("/"));
}

describe("a zip that is read sequentially", () => {
  test.skipIf(missing("ZipInputStream", "javac"))("by Java's ZipInputStream has every file", async () => {
    await Bun.write(join(folder, "Forward.java"), JAVA);
    expect((await piped(folder, "java", "Forward.java")).sort()).toEqual(expected);
  });

  test.skipIf(missing("jar", "jar"))("by jar is unpacked with every file", async () => {
    const into = join(folder, "jar");
    await mkdir(into);
    await piped(into, "jar", "x");
    const found = await Promise.all(
      (await readdir(join(into, "top"))).map(async (name) => {
        const bytes = await Bun.file(join(into, "top", name)).bytes();
        return `${new Bun.CryptoHasher("sha256").update(bytes).digest("hex")} top/${name}`;
      }),
    );
    expect(found.sort()).toEqual(expected);
  });

  test.skipIf(noUnzipper)("by unzipper has every file", async () => {
    await Bun.write(
      join(folder, "forward.cjs"),
      UNZIPPER.replace('"unzipper"', JSON.stringify(join(CLIENT_MODULES, "unzipper"))),
    );
    expect((await piped(folder, "node", "forward.cjs")).sort()).toEqual(expected);
  });
});
