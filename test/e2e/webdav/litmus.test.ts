// litmus, the test suite for WebDAV servers: each of its five groups, and no warning.

import { describe, expect, test } from "bun:test";
import { isMissing } from "../../support/switches.ts";
import { openWorkspace } from "../../support/webdav/run.ts";
import { LOGINS, startDav } from "../../support/webdav/server.ts";

/** The groups of litmus 0.13 and the number of their tests: 104 in all. */
const GROUPS: Record<string, number> = { basic: 16, copymove: 13, props: 30, locks: 41, http: 4 };

/** The lines of its output; it overwrites lines on a terminal. */
const linesOf = (text: string): string[] => text.split(/[\r\n]+/).map((line) => line.trim());

describe.skipIf(isMissing("litmus"))("litmus", () => {
  test.each(LOGINS)("passes as %s", async (kind) => {
    await using server = await startDav(kind);
    await using work = await openWorkspace();
    const { name, password } = server.login ?? { name: "", password: "" };
    const login = server.login === null ? [] : [name, password];
    for (const [group, count] of Object.entries(GROUPS)) {
      // Not with --keep-going, with which it ends with 0 whatever failed.
      const { code, stdout } = await work.run(["litmus", server.url, ...login], {
        env: { TESTS: group },
        seconds: 60,
      });
      const lines = linesOf(stdout);
      const faults = lines.filter((line) => /FAIL|WARNING|SKIPPED|warnings? (?:was|were) issued/.test(line));
      expect({ group, faults }).toEqual({ group, faults: [] });
      expect(lines).toContainEqual(
        expect.stringContaining(`\`${group}': of ${count} tests run: ${count} passed, 0 failed.`),
      );
      expect(code).toBe(0);
    }
  });
});
