// GET and HEAD /api/archive over a socket: headers, queries, slow clients, disconnects, files that cannot be read.

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { readdirSync, readlinkSync } from "node:fs";
import { rm, truncate } from "node:fs/promises";
import { join } from "node:path";
import { problemIn } from "../../support/problem.ts";
import { TRUSTING } from "../../support/protocol.ts";
import { connect } from "../../support/raw.ts";
import { startServer, type TestServer, until } from "../../support/server.ts";

const LARGE = 60_000_000;

let server: TestServer;
beforeAll(async () => {
  server = await startServer();
  await Bun.write(join(server.root, "photos", "ünï 😀", "a,b.txt"), "a");
  await Bun.write(join(server.root, "photos", "[x]"), "x");
  await Bun.write(join(server.root, "large", "file"), new Uint8Array(LARGE));
});
afterAll(() => server.stop());

/** The number of open files in the folder `large`. */
const open = (): number =>
  readdirSync("/proc/self/fd").filter((fd) => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`).startsWith(join(server.root, "large", "file"));
    } catch {
      return false;
    }
  }).length;

/** The names in a zip, from its local file headers. */
async function namesIn(answer: Response): Promise<string[]> {
  expect(answer.status).toBe(200);
  const bytes = Buffer.from(await answer.arrayBuffer());
  const names: string[] = [];
  const end = bytes.lastIndexOf("PK\x05\x06");
  for (let at = bytes.readUInt32LE(end + 16); bytes.readUInt32LE(at) === 0x02014b50; ) {
    const [name, extra] = [bytes.readUInt16LE(at + 28), bytes.readUInt16LE(at + 30)];
    names.push(bytes.toString("utf8", at + 46, at + 46 + name));
    at += 46 + name + extra;
  }
  return names;
}

describe("answers", () => {
  test.each([
    ["zip", "application/zip"],
    ["tar", "application/x-tar"],
    ["tar.gz", "application/gzip"],
    ["tar.zst", "application/zstd"],
  ])("as %s have a file name and a type, and HEAD returns the same headers", async (format, type) => {
    const path = `/api/archive?folder=photos/${encodeURIComponent("ünï 😀")}&format=${format}`;
    const answer = await server.fetch(path);
    const { headers } = answer;
    const size = (await answer.arrayBuffer()).byteLength;
    expect(answer.status).toBe(200);
    expect(headers.get("content-type")).toBe(type);
    expect(headers.get("content-disposition")).toStartWith("attachment; ");
    expect(headers.get("content-disposition")).toEndWith(
      `filename*=UTF-8''${encodeURIComponent("ünï 😀")}.${format}`,
    );
    expect(headers.get("x-content-type-options")).toBe("nosniff");
    expect(headers.get("cache-control")).toBe("no-store");
    expect(headers.get("x-archive-bytes")).toBe(format.startsWith("tar.") ? null : String(size));

    using connection = await connect(server.url);
    await connection.send(`HEAD ${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`);
    const head = await connection.answer({ head: true });
    // Bun adds a length if the body ends immediately.
    const own = ["date", "x-request-id", "server-timing"];
    const untold = [...own, "connection", "content-length", "transfer-encoding"];
    const told = (of: Headers) => [...of].filter(([name]) => !untold.includes(name)).sort();
    expect(told(head.headers)).toEqual(told(headers));
    // No body followed the headers, so the next response can be parsed.
    await connection.send("GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n");
    expect((await connection.answer()).status).toBe(200);
  });

  test("contain the root by default", async () => {
    const names = await namesIn(await server.fetch("/api/archive?paths="));
    expect(names).toEqual(await namesIn(await server.fetch("/api/archive")));
    expect(names).toContain("photos/[x]");
  });

  test("contain the entries named by `paths`, with any characters", async () => {
    const paths = ["photos/[x]", "photos/ünï 😀/a,b.txt"].map((path) => `paths=${encodeURIComponent(path)}`);
    expect(await namesIn(await server.fetch(`/api/archive?${paths.join("&")}`))).toEqual([
      "[x]",
      "ünï 😀/a,b.txt",
    ]);
    expect(await namesIn(await server.fetch("/api/archive?paths=photos/[x]"))).toEqual(["[x]"]);
  });
});

describe("refusals", () => {
  test.each([
    ["folder=nothing", "not_found"],
    ["paths=photos&paths=nothing", "not_found"],
    ["folder=../x", "invalid_path"],
    ["folder=a&paths=b", "invalid_request"],
    ["format=rar", "invalid_request"],
  ] as const)("%s is %s", async (query, code) => {
    await problemIn(await server.fetch(`/api/archive?${query}`), code);
  });

  test("of a path name it and its position", async () => {
    const { errors } = await problemIn(
      await server.fetch("/api/archive?paths=a&paths=b/../c"),
      "invalid_path",
    );
    expect(errors?.map(({ code, pointer }) => [code, pointer])).toEqual([["parent_segment", "/paths/1/1"]]);
  });

  test("of too many archives end when one of the running ones ends", async () => {
    const running: Response[] = [];
    let refused: Response;
    while (true) {
      const answer = await server.fetch("/api/archive?folder=large");
      if (answer.status !== 200) {
        refused = answer;
        break;
      }
      running.push(answer);
    }
    expect(running).toHaveLength(16);
    expect(Number(refused.headers.get("retry-after"))).toBeGreaterThan(0);
    await problemIn(refused, "too_many_archives");
    // HEAD lists folders too.
    expect((await server.fetch("/api/archive", { method: "HEAD" })).status).toBe(503);
    for (const answer of running) await answer.body?.cancel();
    await until(
      "another archive is allowed",
      async () => (await server.fetch("/api/archive", { method: "HEAD" })).ok,
    );
    await until("the files are closed", () => open() === 0);
  });
});

describe("clients", () => {
  const ask = "GET /api/archive?folder=large HTTP/1.1\r\nHost: localhost\r\n\r\n";

  test("that stop reading pause the server, and finally receive the whole archive", async () => {
    const answer = await server.fetch("/api/archive?folder=large");
    const size = Number(answer.headers.get("x-archive-bytes"));
    await until("the file is open", () => open() === 1);
    // Without backpressure the server would have read twice as much as the system's buffers hold.
    for (let turn = 0; turn < 50; turn += 1) await server.fetch("/health");
    expect(open()).toBe(1);
    expect((await answer.arrayBuffer()).byteLength).toBe(size);
    await until("the file is closed", () => open() === 0);
    await until("the log says so", () => server.log.some((line) => line.includes(" sent large.zip · 60")));
  });

  test("that disconnect leave no file open, and other archives are allowed", async () => {
    const before = server.log.length;
    for (let round = 0; round < 40; round += 1) {
      using connection = await connect(server.url);
      await connection.send(ask);
      if (round % 2 === 0) await until("bytes come", () => connection.unread.length > 0);
      connection.reset();
    }
    await until("the files are closed", () => open() === 0);
    await until("the log says so", () =>
      server.log.some((line) => line.includes(" cut large.zip · the client went")),
    );
    await until(
      "another archive is allowed",
      async () => (await server.fetch("/api/archive", { method: "HEAD" })).ok,
    );
    // A disconnect is not an error of the server.
    const said = server.log.slice(before).filter((line) => !line.includes(" cut large.zip"));
    expect(said.filter((line) => !line.includes("too_many_archives"))).toEqual([]);
  });
});

describe("a file that is truncated during the download", () => {
  /** The exit code of curl that downloads the archive slowly while the file is truncated. */
  async function curl(query: string, ...flags: string[]): Promise<number> {
    const file = join(server.root, "shrinks", "file");
    const isOpen = (): boolean =>
      readdirSync("/proc/self/fd").some((fd) => {
        try {
          return readlinkSync(`/proc/self/fd/${fd}`) === file;
        } catch {
          return false;
        }
      });
    // The archive of the previous test may still be closing it.
    await until("nobody has the file open", () => !isOpen());
    await Bun.write(file, crypto.getRandomValues(new Uint8Array(65_536)));
    await truncate(file, LARGE);
    const output = `${server.root}-part`;
    const child = Bun.spawn(
      [
        "curl",
        "-s",
        "-N",
        "--limit-rate",
        "2M",
        ...TRUSTING.curl,
        ...flags,
        "-o",
        output,
        `${server.url}/api/archive?${query}`,
      ],
      { stdout: "ignore" },
    );
    const cut = server.log.length;
    // Before its first bytes arrive, the file may be open and not measured yet.
    await until("bytes of the open file arrive", () => isOpen() && Bun.file(output).size > 10_000);
    await truncate(file, 100_000);
    // curl does not wait for further bytes.
    // A line about the archive of the previous test may come first.
    await until("the log says so", () => server.log.slice(cut).join().includes("storage_failed"));
    const code = await child.exited;
    await rm(output);
    return code;
  }

  test.each([
    ["zip", "--http1.1"],
    ["zip", "--http1.0"],
    ["tar", "--http1.1"],
    ["tar.gz", "--http1.1"],
    ["tar.zst", "--http1.1"],
  ])(
    "cuts the connection of a %s (%s): curl fails",
    async (format, version) => {
      // 18: the body is incomplete. 56: the connection was reset.
      expect([18, 56]).toContain(await curl(`folder=shrinks&format=${format}`, version));
    },
    60_000,
  );
});
