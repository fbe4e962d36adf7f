// curl: WebDAV by hand, as scripts use it.

import { describe, expect, test } from "bun:test";
import { hrefsIn } from "../../support/dav.ts";
import { isMissing } from "../../support/switches.ts";
import { openWorkspace } from "../../support/webdav/run.ts";
import { LOGINS, startDav } from "../../support/webdav/server.ts";

describe.skipIf(isMissing("curl"))("curl", () => {
  test.each(LOGINS)("uploads, lists, moves and removes as %s", async (kind) => {
    await using server = await startDav(kind);
    await using work = await openWorkspace();
    await Bun.write(work.at("a.txt"), "canary");
    const login = server.login === null ? [] : ["--user", `${server.login.name}:${server.login.password}`];
    if (server.certificate !== null) {
      await Bun.write(work.at("certificate.pem"), server.certificate);
      login.push("--cacert", work.at("certificate.pem"));
    }
    const curl = (...words: string[]): Promise<string> => work.must(["curl", "-sSf", ...login, ...words]);
    await curl("-X", "MKCOL", `${server.url}folder`);
    await curl("-T", "a.txt", `${server.url}folder/`);
    const listed = await curl("-X", "PROPFIND", "-H", "Depth: 1", `${server.url}folder`);
    expect(hrefsIn(listed)).toEqual(["/dav/folder/", "/dav/folder/a.txt"]);
    await curl("-X", "MOVE", "-H", `Destination: ${server.url}folder/b.txt`, `${server.url}folder/a.txt`);
    await curl("-X", "COPY", "-H", "Destination: /dav/copied", `${server.url}folder`);
    expect(await curl(`${server.url}copied/b.txt`)).toBe("canary");
    const version = await curl("-o", "/dev/null", "-w", "%{http_version}", server.url);
    expect(version).toBe(server.certificate === null ? "1.1" : "2");
    expect(await curl("-r", "3-", `${server.url}copied/b.txt`)).toBe("ary");
    await curl("-X", "DELETE", `${server.url}folder`);
    expect(await server.names()).toEqual(["copied"]);
  });
});
