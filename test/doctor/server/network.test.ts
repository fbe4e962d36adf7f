// Clock, TCP settings and the port, from values of other machines.

import { describe, expect, test } from "bun:test";
import { clock } from "../../../src/doctor/server/clock.ts";
import { holderOf, portFinding, readPort } from "../../../src/doctor/server/port.ts";
import { backlog, congestionControl, windows } from "../../../src/doctor/server/tcp.ts";
import { ONE_ADDRESS } from "../../../src/listen/listen-error.ts";
import { startServer } from "../../support/server.ts";
import { system } from "../fixtures.ts";

const NOW = Date.parse("2026-03-01T12:00:00.500Z");

describe("clock", () => {
  test.each([
    [{ now: NOW, turned: 0 }, "ok", "No time service"],
    [{ now: NOW, turned: -300 }, "warning", "-0.3 s"],
    [{ now: NOW, turned: 0, written: NOW + 60_000 }, "warning", "differs by 60 s"],
    [{ now: NOW, turned: 0, written: NOW + 900 }, "ok", "No time service"],
    [{ now: 0, turned: 0 }, "problem", "implausible"],
    [{ now: Date.parse("2160-01-01"), turned: 0 }, "problem", "implausible"],
  ] as const)("%j: %s, %s", (clocks, verdict, words) => {
    const finding = clock(clocks, system({}));
    expect(finding.verdict).toBe(verdict);
    expect(finding.reason).toContain(words);
  });

  test("shows the time, and how it is synchronised if that is known", () => {
    const finding = clock({ now: NOW, turned: 0 }, system({ "/run/systemd/timesync/synchronized": "" }));
    expect(finding).toMatchObject({ value: "2026-03-01T12:00:00Z", reason: "Set by systemd-timesyncd." });
  });
});

describe("TCP", () => {
  const NET = "/proc/sys/net/ipv4";
  const buffers = (receive: number, send: number, more: Record<string, string> = {}) =>
    windows(
      system({
        [`${NET}/tcp_rmem`]: `4096\t131072\t${receive}\n`,
        [`${NET}/tcp_wmem`]: `4096\t16384\t${send}\n`,
        ...more,
      }),
    );

  test("large buffers are good, and the rate at 100 ms is the window divided by the latency", () => {
    const [upload, download] = buffers(6_291_456, 4_194_304, { [`${NET}/tcp_adv_win_scale`]: "1\n" });
    expect(upload).toMatchObject({
      verdict: "ok",
      figures: { window: 3_145_728, bytesPerSecondAt100ms: 31_457_280 },
    });
    expect(upload?.reason).toBe("At 100 ms one stream gets at most about 31.5 MB/s (window ÷ latency).");
    expect(download?.verdict).toBe("ok");
  });

  test("small buffers are a warning with the setting that helps", () => {
    const [upload, download] = buffers(262_144, 262_144);
    expect(upload).toMatchObject({ verdict: "warning", figures: { window: 131_072 } });
    expect(upload?.advice).toContain("tcp_rmem");
    expect(download?.advice).toContain("tcp_wmem");
  });

  test("tcp_adv_win_scale is applied as in older kernels", () => {
    expect(buffers(8_000_000, 1, { [`${NET}/tcp_adv_win_scale`]: "-2\n" })[0]?.figures?.window).toBe(
      2_000_000,
    );
    expect(buffers(8_000_000, 1, { [`${NET}/tcp_adv_win_scale`]: "2\n" })[0]?.figures?.window).toBe(
      6_000_000,
    );
  });

  test("without window scaling the window is 64 KiB", () => {
    const [upload] = buffers(6_291_456, 4_194_304, { [`${NET}/tcp_window_scaling`]: "0\n" });
    expect(upload).toMatchObject({ verdict: "warning", figures: { window: 65_535 } });
    expect(upload?.advice).toContain("tcp_window_scaling=1");
  });

  test("settings that a container hides are not guessed", () => {
    expect(windows(system({}))).toMatchObject([{ verdict: "ok", value: "not known" }]);
    expect(congestionControl(system({})).value).toBe("not known");
    expect(backlog(system({})).value).toBe("not known");
  });

  test("congestion control and backlog are reported", () => {
    const named = (name: string) =>
      congestionControl(system({ [`${NET}/tcp_congestion_control`]: `${name}\n` }));
    expect([named("cubic").verdict, named("bbr").verdict, named("reno").verdict]).toEqual([
      "ok",
      "ok",
      "warning",
    ]);
    const waiting = (size: number) =>
      backlog(system({ "/proc/sys/net/core/somaxconn": `${size}\n` })).verdict;
    expect([waiting(4096), waiting(128), waiting(5)]).toEqual(["ok", "ok", "warning"]);
  });
});

describe("the port", () => {
  const free = { host: "127.0.0.1", port: 3000, locked: false, flags: ONE_ADDRESS };
  const sluice = { status: "ok", version: "1.2.3" };

  test.each([
    [free, "ok", "127.0.0.1:3000 is free"],
    [{ ...free, port: 0 }, "ok", "127.0.0.1, any free one"],
    [{ ...free, host: "::" }, "ok", "[::]:3000 is free"],
    [{ ...free, refused: "EADDRINUSE" }, "problem", "127.0.0.1:3000 is taken by another process"],
    [
      { ...free, refused: "EADDRINUSE", holder: { pid: 7, name: "ngi\x1b[2Jnx" } },
      "problem",
      "127.0.0.1:3000 is taken by ngi\\u001b[2Jnx (process 7)",
    ],
    [
      { ...free, refused: "EADDRINUSE", sluice, locked: true },
      "ok",
      "127.0.0.1:3000, where Sluice 1.2.3 runs",
    ],
    [
      { ...free, refused: "EADDRINUSE", sluice: { ...sluice, status: "unwritable" } },
      "problem",
      "127.0.0.1:3000, where Sluice runs but accepts no uploads",
    ],
    [{ ...free, locked: true }, "problem", "another Sluice serves this root"],
    [{ ...free, refused: "EADDRNOTAVAIL" }, "problem", "127.0.0.1 is not an address of this machine"],
    [{ ...free, port: 80, refused: "EACCES" }, "problem", "127.0.0.1:80 is not permitted"],
    [{ ...free, refused: "EAFNOSUPPORT" }, "warning", "127.0.0.1:3000: listening failed with EAFNOSUPPORT"],
  ] as const)("%j: %s, %s", (readings, verdict, value) => {
    expect(portFinding(readings)).toMatchObject({ verdict, value });
  });

  test.each([[false], [true]])("Sluice is recognized on its port, with TLS: %p", async (tls) => {
    await using server = await startServer({ tls });
    const { port } = new URL(server.url);
    const place = {
      host: "127.0.0.1",
      port: Number(port),
      flags: ONE_ADDRESS,
      root: server.root,
      locks: true,
    };
    const finding = portFinding(await readPort(place, system({})));
    expect(finding).toMatchObject({ verdict: "ok", value: expect.stringContaining("where Sluice ") });
  });

  test("the process that uses the port is found by the inode of its socket", () => {
    const head =
      "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n";
    const read = system({
      "/proc/net/tcp": `${head}   0: 0100007F:0BB8 00000000:0000 01 0:0 0:0 0 0 0 111 1\n`,
      "/proc/net/tcp6": `${head}   0: 00000000000000000000000000000000:0BB8 0:0 0A 0:0 0:0 0 0 0 222 1\n`,
      "/proc/12/comm": "nginx\n",
    });
    const list = (path: string) => ({ "/proc": ["self", "11", "12"], "/proc/12/fd": ["0", "3"] })[path] ?? [];
    const linkOf = (path: string) => (path === "/proc/12/fd/3" ? "socket:[222]" : "/dev/null");
    expect(holderOf(3000, read, list, linkOf)).toEqual({ pid: 12, name: "nginx" });
    expect(holderOf(3001, read, list, linkOf)).toBeUndefined();
  });
});
