// Files that users copy: the systemd unit is valid, and the workflow calls existing scripts.

import { describe, expect, test } from "bun:test";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import manifest from "../../package.json";

const TOP = join(import.meta.dir, "../..");
const ANALYZE = Bun.which("systemd-analyze");
if (ANALYZE === null) console.warn("no systemd-analyze on PATH: the check of the systemd unit is skipped");

describe("contrib/sluice.service", () => {
  test.skipIf(ANALYZE === null)("is a valid unit", async () => {
    const folder = await mkdtemp(join(tmpdir(), "sluice-unit-"));
    const unit = await Bun.file(join(TOP, "contrib/sluice.service")).text();
    // systemd-analyze reports missing programs, and the binary is not installed here.
    const path = join(folder, "sluice.service");
    await Bun.write(path, unit.replace("/usr/local/bin/sluice", "/bin/sh"));
    const { exitCode, stderr } = Bun.spawnSync([ANALYZE ?? "", "verify", path]);
    await rm(folder, { recursive: true });
    expect({ exitCode, stderr: stderr.toString() }).toEqual({ exitCode: 0, stderr: "" });
  });

  test.skipIf(ANALYZE === null)(
    "and the units of docs/deployment.md for a port of systemd are valid",
    async () => {
      const folder = await mkdtemp(join(tmpdir(), "sluice-unit-"));
      const page = await Bun.file(join(TOP, "docs/deployment.md")).text();
      const unit = (first: string) => page.split(`\`\`\`ini\n# ${first}\n`)[1]?.split("```")[0] ?? "";
      const paths = ["sluice-port.socket", "sluice-port.service", "sluice.service"].map((name) =>
        join(folder, name),
      );
      const [socket = "", service = "", sluice = ""] = paths;
      await Bun.write(socket, unit("systemd opens the port"));
      // The place of the program depends on the distribution.
      await Bun.write(
        service,
        unit("passes its connections on").replace(/ExecStart=\S+/, "ExecStart=/bin/sh"),
      );
      await Bun.write(sluice, "[Service]\nExecStart=/bin/sh\n");
      const { exitCode, stderr } = Bun.spawnSync([ANALYZE ?? "", "verify", socket, service]);
      await rm(folder, { recursive: true });
      expect({ exitCode, stderr: stderr.toString() }).toEqual({ exitCode: 0, stderr: "" });
    },
  );

  test("has a stop timeout longer than --drain", async () => {
    const unit = await Bun.file(join(TOP, "contrib/sluice.service")).text();
    // The default of --drain is 30 s.
    expect(Number(/^TimeoutStopSec=(\d+)s$/m.exec(unit)?.[1])).toBeGreaterThan(30);
    // The service tells that it is ready, and that it is alive.
    expect(unit).toMatch(/^Type=notify$/m);
    expect(unit).toMatch(/^WatchdogSec=60s$/m);
    expect(unit).not.toMatch(/^MemoryDenyWriteExecute=/m);
    // The filter of @resources forbids it, and the threads for passwords and bulk work lower their priority.
    expect(unit).toMatch(/^SystemCallFilter=.*\bsetpriority\b/m);
  });
});

test("the workflow for forks calls only scripts of package.json", async () => {
  const text = await Bun.file(join(TOP, ".github/workflows/check.yml")).text();
  const called = Array.from(text.matchAll(/\bbun run (\S+)/g), ([, name = ""]) => name);
  expect(called).toEqual(expect.arrayContaining(["check", "test", "build"]));
  expect(called.filter((name) => !(name in manifest.scripts))).toEqual([]);
});
