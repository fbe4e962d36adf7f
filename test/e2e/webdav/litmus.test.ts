// litmus, the test suite for WebDAV servers: each of its five groups, and no warning.

import { describe, expect, test } from "bun:test";
import { freePort } from "../../support/free-ports.ts";
import { until } from "../../support/server.ts";
import { isMissing } from "../../support/switches.ts";
import { openWorkspace, type Workspace } from "../../support/webdav/run.ts";
import { LOGINS, startDav } from "../../support/webdav/server.ts";

/** The groups of litmus 0.13 and the number of their tests: 104 in all. */
const GROUPS: Record<string, number> = { basic: 16, copymove: 13, props: 30, locks: 41, http: 4 };

/** Not run by litmus over TLS: `Expect: 100-continue`. */
const NOT_OVER_TLS = "2. expect100............. SKIPPED (skipping for SSL server)";

/** The lines of its output; it overwrites lines on a terminal. */
const linesOf = (text: string): string[] => text.split(/[\r\n]+/).map((line) => line.trim());

/** Runs one group. @returns its status, its summary, and the lines about tests that failed, warned or did not run */
async function runGroup(work: Workspace, group: string, words: readonly string[]) {
  // Not with --keep-going, with which it ends with 0 whatever failed.
  const { code, stdout } = await work.run(["litmus", ...words], { env: { TESTS: group }, seconds: 60 });
  const lines = linesOf(stdout);
  const faults = lines.filter((line) => /FAIL|WARNING|SKIPPED|warnings? (?:was|were) issued/.test(line));
  return { code, faults, summary: lines.find((line) => line.startsWith("<- summary")) };
}
const passed = (group: string, count: number): string =>
  `<- summary for \`${group}': of ${count} tests run: ${count} passed, 0 failed. 100.0%`;

describe.skipIf(isMissing("litmus"))("litmus", () => {
  test.each(LOGINS)("passes as %s", async (kind) => {
    await using server = await startDav(kind);
    await using work = await openWorkspace();
    const { name, password } = server.login ?? { name: "", password: "" };
    const login = server.login === null ? [] : [name, password];
    for (const [group, count] of Object.entries(GROUPS)) {
      const skips = server.certificate !== null && group === "http" ? [NOT_OVER_TLS] : [];
      const ran = await runGroup(work, group, [server.url, ...login]);
      expect(ran).toEqual({ code: 0, faults: skips, summary: passed(group, count - skips.length) });
    }
  });

  test.skipIf(isMissing("nghttpx"))("passes over HTTP/2, which nghttpx speaks for it", async () => {
    await using server = await startDav("token over TLS");
    await using work = await openWorkspace();
    const port = freePort();
    const [front, back] = [
      `-f127.0.0.1,${port};no-tls`,
      `-b127.0.0.1,${new URL(server.url).port};;proto=h2;tls`,
    ];
    const proxy = Bun.spawn(["nghttpx", front, back, "--insecure", "--workers=1", "--conf=/dev/null"], {
      stdio: ["ignore", "ignore", "ignore"],
    });
    try {
      const url = `http://127.0.0.1:${port}/dav/`;
      await until("nghttpx passes requests on", () =>
        fetch(url).then(
          ({ status }) => status === 401,
          () => false,
        ),
      );
      for (const [group, count] of Object.entries(GROUPS)) {
        const ran = await runGroup(work, group, [
          url,
          server.login?.name ?? "",
          server.login?.password ?? "",
        ]);
        // HTTP/2 has no fragments: nghttpx removes it from the URL.
        const faults = ran.faults.filter(
          (line) => !/^9\. delete_fragment|^-> 1 warning was issued/.test(line),
        );
        expect({ ...ran, faults }).toEqual({ code: 0, faults: [], summary: passed(group, count) });
      }
    } finally {
      proxy.kill();
      await proxy.exited;
    }
  });
});
