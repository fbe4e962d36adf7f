// Messages to systemd: the service is ready, reloads, stops and still works; and sockets cannot be passed to it.

import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Systemd, socketActivation } from "../../src/listen/systemd.ts";
import { sendDatagram } from "../../src/system/sockets/datagram.ts";
import { freePort } from "../support/free-ports.ts";
import { startServer, until } from "../support/server.ts";
import { isMissing, skipped } from "../support/switches.ts";

const MAIN = join(import.meta.dir, "../../src/main.ts");
const RECEIVER = `
import socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
a = sys.argv[1]
s.bind("\\0" + a[1:] if a[0] == "@" else a)
print("bound", flush=True)
while True: print(s.recv(4096).decode().replace("\\n", " | "), flush=True)
`;

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "sluice-systemd-"));
});
afterEach(() => rm(folder, { recursive: true }));

/** A socket like that of systemd, and the datagrams that came, each as a line. */
async function receiver(address: string) {
  const child = Bun.spawn(["python3", "-c", RECEIVER, address], { stdout: "pipe", stderr: "inherit" });
  const lines: string[] = [];
  let bound = false;
  void (async () => {
    let text = "";
    for await (const chunk of child.stdout.pipeThrough(new TextDecoderStream())) {
      text += chunk;
      lines.splice(0, lines.length, ...text.split("\n").slice(1, -1));
      bound ||= text.startsWith("bound\n");
    }
  })();
  await until("the receiver is bound", () => bound);
  return {
    lines,
    async [Symbol.asyncDispose]() {
      child.kill();
      await child.exited;
    },
  };
}

/** Runs the program with variables. */
function run(env: Record<string, string>, ...argv: string[]) {
  return Bun.spawn([process.execPath, MAIN, join(folder, "root"), ...argv], {
    env: { PATH: process.env["PATH"] ?? "", ...env },
    stdout: "pipe",
    stderr: "pipe",
  });
}

const none = isMissing("python3");
describe.skipIf(none)("a service with Type=notify", () => {
  test.each(["a path", "an abstract name"])(
    "tells when it is ready, works and stops: by %s",
    async (kind) => {
      const address = kind === "a path" ? join(folder, "notify") : `@sluice-test-${Bun.randomUUIDv7()}`;
      await using systemd = await receiver(address);
      const env = { NOTIFY_SOCKET: address, WATCHDOG_USEC: "100000" };
      const service = run(env, "--listen", `unix:${join(folder, "a.sock")}`);
      await until("it has given three signs of life", () => systemd.lines.length >= 4, 20);
      expect(systemd.lines[0]).toBe(`READY=1 | STATUS=Listening on unix:${join(folder, "a.sock")}`);
      expect(systemd.lines.slice(1, 4)).toEqual(["WATCHDOG=1", "WATCHDOG=1", "WATCHDOG=1"]);
      service.kill("SIGTERM");
      expect(await service.exited).toBe(0);
      await until("it says that it stops", () => systemd.lines.includes("STOPPING=1 | STATUS=Stopping"));
    },
  );

  test("a receiver that is gone, and an address that is none, are no error", async () => {
    for (const address of [join(folder, "nobody"), "vsock:2:1", `/${"x".repeat(200)}`, "relative"])
      expect(sendDatagram(address, "READY=1")).toBe(false);
  });
});

describe("a sign of life", () => {
  let sent: string[];
  let send: (address: string, text: string) => boolean;
  const env = { NOTIFY_SOCKET: "/run/x", WATCHDOG_USEC: "20000" };
  beforeEach(() => {
    // The timers of earlier tests go on, with a list of their own.
    const own: string[] = [];
    sent = own;
    send = (_, text) => own.push(text) > 0;
  });

  test("is not given while the disk does not answer, and again when it does, even with an error", async () => {
    let looks = 0;
    let answer: () => void = () => {};
    const disk = () => {
      looks += 1;
      return looks === 2
        ? new Promise<void>((resolve) => (answer = resolve))
        : Promise.reject(new Error("EIO"));
    };
    new Systemd(env, send).watch(disk);
    await until("the second look", () => looks === 2);
    // The clock goes on for three times as long as systemd would wait.
    const began = performance.now();
    await until("time has passed", () => performance.now() - began > 60);
    expect({ looks, sent }).toEqual({ looks: 2, sent: ["WATCHDOG=1"] });
    answer();
    await until("it is alive again", () => sent.length >= 3);
  });

  test.each([
    ["there is no systemd", { WATCHDOG_USEC: "20000" }],
    ["no WatchdogSec= is set", { NOTIFY_SOCKET: "/run/x" }],
    ["it is asked of another process", { ...env, WATCHDOG_PID: "1" }],
    ["the time is no number", { ...env, WATCHDOG_USEC: "soon" }],
  ])("is not given when %s", async (_, wrong) => {
    let looked = false;
    new Systemd(wrong, send).watch(async () => {
      looked = true;
    });
    const began = performance.now();
    await until("time has passed", () => performance.now() - began > 40);
    expect(looked).toBe(false);
    expect(sent).toEqual([]);
  });
});

test("a reload is told only while the service is ready", async () => {
  const sent: string[] = [];
  const systemd = new Systemd({ NOTIFY_SOCKET: "/run/x" }, (_, text) => sent.push(text) > 0);
  const step = async (): Promise<void> => void sent.push("step");
  await systemd.reload(step);
  systemd.ready("Listening on\nhttp://a");
  await systemd.reload(step);
  systemd.stopping("Waiting");
  await systemd.reload(step);
  expect(sent).toEqual([
    "step",
    "READY=1\nSTATUS=Listening on http://a",
    "RELOADING=1\nSTATUS=Reading the certificates again",
    "step",
    "READY=1\nSTATUS=Listening on http://a",
    "STOPPING=1\nSTATUS=Waiting",
    "step",
  ]);
});

const PROXY = ["/usr/lib/systemd/systemd-socket-proxyd", "/lib/systemd/systemd-socket-proxyd"].find(
  existsSync,
);
const noProxy =
  isMissing("systemd-socket-activate") ||
  (PROXY === undefined && skipped("systemd-socket-proxyd", "it is not installed"));
test.skipIf(noProxy)("systemd-socket-proxyd passes connections on, with ranges", async () => {
  const path = join(folder, "a.sock");
  await using server = await startServer({ listen: [{ kind: "unix", path, mode: 0o660 }] });
  await Bun.write(join(server.root, "ten"), "0123456789");
  const port = freePort();
  const words = ["systemd-socket-activate", "-l", `127.0.0.1:${port}`, PROXY ?? "", path];
  const proxy = Bun.spawn(words, { stdout: "ignore", stderr: "ignore" });
  try {
    const url = `http://127.0.0.1:${port}/files/ten`;
    const headers = { range: "bytes=2-4" };
    await until("it listens", () =>
      fetch(url).then(
        () => true,
        () => false,
      ),
    );
    const answer = await fetch(url, { headers });
    expect([answer.status, await answer.text()]).toEqual([206, "234"]);
  } finally {
    proxy.kill();
    await proxy.exited;
  }
});

describe("a socket that systemd passes", () => {
  test("is refused with what to do instead", async () => {
    const service = run({ LISTEN_FDS: "1" });
    expect(await service.exited).toBe(1);
    expect(await new Response(service.stderr).text()).toStartWith(
      "sluice: LISTEN_FDS is set: systemd listens for this service and passes the socket, which this program cannot take. Disable the .socket unit and name the address with --listen, or let systemd-socket-proxyd ",
    );
  });

  test("to another process is none", () => {
    expect(socketActivation({ LISTEN_FDS: "1", LISTEN_PID: `${process.pid}` })).toBeString();
    for (const env of [{}, { LISTEN_FDS: "0" }, { LISTEN_FDS: "" }, { LISTEN_FDS: "1", LISTEN_PID: "1" }])
      expect(socketActivation(env)).toBeUndefined();
  });
});
