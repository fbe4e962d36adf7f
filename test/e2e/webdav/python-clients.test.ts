// webdav4 and webdavclient3, two WebDAV packages for Python. TEST_PYTHON is a Python that has them.

import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import { skipped } from "../../support/switches.ts";
import { PYTHON } from "../../support/tuspy.ts";
import { openWorkspace } from "../../support/webdav/run.ts";
import { LOGINS, startDav } from "../../support/webdav/server.ts";

const PROGRAMS = join(import.meta.dir, "programs");

/** Whether Python has no such module. If so, prints that its tests are skipped. */
function isModuleMissing(module: string): boolean {
  if (Bun.which(PYTHON) !== null && Bun.spawnSync([PYTHON, "-c", `import ${module}`]).exitCode === 0)
    return false;
  return skipped(module, `${PYTHON} has no ${module}`, "install it for a Python and set TEST_PYTHON to that");
}

describe.each([
  ["webdav4", "webdav4.client, webdav4.fsspec"],
  ["webdavclient3", "webdav3.client"],
])("%s", (name, module) => {
  test.skipIf(isModuleMissing(module)).each(LOGINS)(
    "lists, copies, moves, replaces and removes as %s",
    async (kind) => {
      await using server = await startDav(kind);
      await using work = await openWorkspace();
      const login = [server.login?.name ?? "", server.login?.password ?? ""];
      const bundle = work.at("certificate.pem");
      if (server.certificate !== null) await Bun.write(bundle, server.certificate);
      const env = server.certificate === null ? {} : { SSL_CERT_FILE: bundle, REQUESTS_CA_BUNDLE: bundle };
      const words = [PYTHON, join(PROGRAMS, `${name}_session.py`), server.url, ...login, work.folder];
      expect(await work.must(words, { env, seconds: 60 })).toEndWith("done\n");
    },
  );
});
