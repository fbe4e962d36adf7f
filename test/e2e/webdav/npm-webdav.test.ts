// The npm package `webdav`, in Node.

import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import { noClients } from "../../support/clients.ts";
import { isMissing } from "../../support/switches.ts";
import { openWorkspace } from "../../support/webdav/run.ts";
import { LOGINS, startDav } from "../../support/webdav/server.ts";

const PROGRAM = join(import.meta.dir, "../clients/npm-webdav.mjs");

describe.skipIf(isMissing("node") || (await noClients("the npm package webdav")))("webdav of npm", () => {
  test.each(LOGINS)("lists, copies, moves, locks, streams and removes as %s", async (kind) => {
    await using server = await startDav(kind);
    await using work = await openWorkspace();
    const login = [server.login?.name ?? "", server.login?.password ?? ""];
    const env = { NODE_EXTRA_CA_CERTS: work.at("certificate.pem") };
    await Bun.write(env.NODE_EXTRA_CA_CERTS, server.certificate ?? "");
    expect(await work.must(["node", PROGRAM, server.url, ...login], { env, seconds: 60 })).toBe("done\n");
  });
});
