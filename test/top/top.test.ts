// `sluice top` as a process: on a terminal, in a pipe, and with servers that refuse or stop.

import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect, type RawConnection } from "../support/raw.ts";
import { screenOf } from "../support/screen.ts";
import { until } from "../support/server.ts";
import { type Serving, spawn, spawnServing } from "../support/spawn.ts";

const MAIN = join(import.meta.dir, "../../src/main.ts");

let root: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "sluice-top-"));
});
afterEach(() => rm(root, { recursive: true }));

/** Starts an upload of ten bytes and sends five of them. */
async function begin({ url }: Serving, path: string): Promise<RawConnection> {
  const connection = await connect(url);
  await connection.send(`PUT /files/${path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\n\r\nhello`);
  return connection;
}

/** The program in a pseudo-terminal. Disposing kills it. */
function onTerminal(words: string[], env: Record<string, string> = {}) {
  let written = "";
  const child = Bun.spawn([process.execPath, MAIN, "top", ...words], {
    env: { PATH: process.env["PATH"] ?? "", TERM: "xterm", ...env },
    terminal: {
      cols: 80,
      rows: 24,
      data(_, bytes) {
        written += Buffer.from(bytes).toString();
      },
    },
  });
  const { terminal } = child;
  if (!terminal) throw new Error("There is no terminal.");
  return {
    terminal,
    child,
    all: () => written,
    /** The last frame. */
    frame: () => written.split("\x1b[H").at(-1) ?? "",
    async [Symbol.asyncDispose]() {
      child.kill("SIGKILL");
      await child.exited;
      terminal.close();
    },
  };
}

test("watches a server over a Unix socket", async () => {
  const socket = `unix:${join(root, "a.sock")}`;
  await using server = spawn(join(root, "files"), "--listen", socket);
  await until("it listens", () => server.stdout !== "", 20);
  using _upload = await begin({ ...server, url: socket }, "a.bin");
  await using top = spawn("top", "--listen", socket);
  await until("the upload is shown", () => top.stdout.includes("a.bin"), 20);
  await using wrong = spawn("top", `unix:${join(root, "missing.sock")}`, "--once");
  expect(await wrong.exited).toBe(1);
  expect(wrong.stderr).toContain("missing.sock: ");
});

describe("on a terminal", () => {
  test.each(["q", "\x03", "SIGTERM"])(
    "draws running uploads, and restores the terminal after %j",
    async (end) => {
      await using server = await spawnServing(root, "--keep-free", "0");
      await using top = onTerminal([server.url]);
      await until("connected", () => top.frame().includes("Nothing is arriving."));
      using upload = await begin(server, "photos/a%E2%80%AE2J.jpg");
      await until("it is shown", () => top.frame().includes("5 B received"));
      expect(top.frame()).toContain("photos/a\\u202e2J.jpg");
      expect(top.frame()).toContain("\x1b[32m");
      await upload.send("world");
      await until("its end", () => top.frame().includes("saved 10 B in"));

      top.terminal.resize(30, 4);
      await until("it fits", () => {
        const lines = top.frame().split("\n").map(Bun.stripANSI);
        return lines.length <= 4 && lines.every((line) => Bun.stringWidth(line.trimEnd()) <= 30);
      });
      if (end === "SIGTERM") top.child.kill(end);
      else top.terminal.write(end);
      expect(await top.child.exited).toBe(0);
      expect(top.all()).toStartWith("\x1b[?1049h\x1b[?25l");
      await until("restored", () => top.all().endsWith("\x1b[?25h\x1b[?1049l"));
    },
  );

  test("shows the last column of a line that fills the terminal, and of the last line", async () => {
    await using server = await spawnServing(root, "--keep-free", "0");
    await using top = onTerminal([server.url]);
    await until("connected", () => top.frame().includes("Nothing is arriving."));
    const [heading = ""] = screenOf(top.all(), 80, 24);
    expect(heading).toHaveLength(80);
    expect(heading).toEndWith("0 arriving · 0 B/s");
    top.terminal.resize(19, 3);
    await until("drawn again", () => screenOf(top.frame(), 19, 3)[2] === "Nothing is arrivin…");
  });

  test("has no colours with NO_COLOR", async () => {
    await using server = await spawnServing(root, "--keep-free", "0");
    await using top = onTerminal([server.url], { NO_COLOR: "1" });
    using _ = await begin(server, "a.jpg");
    await until("it is shown", () => top.frame().includes("5 B received"));
    expect(top.all()).not.toMatch(/\x1b\[\d+m/);
  });

  test("reconnects when the server is back", async () => {
    const first = await spawnServing(root, "--keep-free", "0");
    await using top = onTerminal([first.url]);
    await until("connected", () => top.frame().includes("Nothing is arriving."));
    first.signal("SIGKILL");
    await first.exited;
    await until("it says so", () => top.frame().includes("Not connected: "));
    // The last known state stays visible.
    expect(top.frame()).toContain("Nothing is arriving.");
    const { port } = new URL(first.url);
    await using again = spawn(root, "--keep-free", "0", "--port", port);
    await until("connected again", () => !top.frame().includes("Not connected"), 20);
    expect(again.stderr).toBe("");
  });
});

describe("in a pipe", () => {
  test("writes lines without control sequences, and ends with the server", async () => {
    await using server = await spawnServing(root, "--keep-free", "0");
    await using top = spawn("top", server.url);
    using upload = await begin(server, "%E2%80%AEa.jpg");
    await until("a line", () => top.stdout.includes("5 B received"));
    await upload.send("world");
    await until("its end", () => top.stdout.includes("saved 10 B in"));
    server.signal("SIGTERM");
    expect(await top.exited).toBe(0);
    expect(top.stdout).toMatch(/^(\S+Z \\u202ea\.jpg · .+\n)+$/);
    expect(top.stdout).not.toContain("\x1b");
    expect(top.stderr).toMatch(
      /^sluice: http:\S+ has ended: (nothing listens at|the server is stopping).*\.\n$/,
    );
  });

  test("--once prints one snapshot", async () => {
    await using server = await spawnServing(root, "--keep-free", "0");
    using _ = await begin(server, "a.jpg");
    await until("it arrives", async () =>
      (await (await fetch(`${server.url}/api/uploads`)).text()).includes('"received":5'),
    );
    const { port } = new URL(server.url);
    await using top = spawn("top", "--port", port, "--once");
    expect(await top.exited).toBe(0);
    expect(top.stdout).toMatch(
      /^Sluice at http:\S+ +1 arriving · .*\n\na\.jpg +5 B received, \d B saved of 10 B\n/,
    );
    expect(top.stdout).not.toContain("\x1b");
  });

  test("a refusal names the missing grant and the flag", async () => {
    await using server = await spawnServing(root, "--keep-free", "0", "--allow", "write");
    await using top = spawn("top", server.url);
    expect(await top.exited).toBe(1);
    expect(top.stderr).toBe(
      `sluice: ${server.url}: This needs the grant \`list\`: start the server with --allow list,write.\n`,
    );
    expect(top.stdout).toBe("");
  });

  test.each([[], ["--once"]])("exits with 1 if no server is reached (%p)", async (...more) => {
    const closed = Bun.serve({ port: 0, hostname: "127.0.0.1", fetch: () => new Response() });
    const { port } = closed;
    await closed.stop(true);
    await using top = spawn("top", `http://me:secret@127.0.0.1:${port}`, ...more.flat());
    expect(await top.exited).toBe(1);
    expect(top.stderr).toBe(`sluice: http://127.0.0.1:${port}: nothing listens at 127.0.0.1:${port}.\n`);
  });
});
