// cadaver: a session with every command that changes something, properties and locks included.

import { describe, expect, test } from "bun:test";
import { chmod, readdir } from "node:fs/promises";
import { isMissing } from "../../support/switches.ts";
import { openWorkspace, trusting } from "../../support/webdav/run.ts";
import { loginsFor, startDav } from "../../support/webdav/server.ts";

const SCRIPT = `
mkcol folder
cd folder
put here.txt
put here.txt second.txt
ls
copy second.txt third.txt
move third.txt fourth.txt
propset fourth.txt colour blue
propget fourth.txt colour
lock fourth.txt
discover fourth.txt
put here.txt fourth.txt
unlock fourth.txt
get second.txt there.txt
delete second.txt
mkcol empty
rmcol empty
cd ..
copy folder again
quit
`;

describe.skipIf(isMissing("cadaver"))("cadaver", () => {
  test.each(loginsFor("cadaver"))("runs a session as %s", async (kind) => {
    await using server = await startDav(kind);
    await using work = await openWorkspace();
    await Bun.write(work.at("here.txt"), "here");
    if (server.login !== null) {
      const netrc = work.at("home", ".netrc");
      await Bun.write(
        netrc,
        `machine 127.0.0.1 login ${server.login.name} password "${server.login.password}"\n`,
      );
      await chmod(netrc, 0o600);
    }
    const words = await trusting(work, server.certificate, ["cadaver", server.url]);
    const { stdout } = await work.run(words, { input: SCRIPT });
    expect(stdout.split("\n").filter((line) => /failed|Could not|error|denied/i.test(line))).toEqual([]);
    expect(stdout).toMatch(/Value of colour is: blue|Fetching properties .*[\s\S]*blue/);
    expect(await Bun.file(work.at("there.txt")).text()).toBe("here");
    expect((await readdir(`${server.root}/folder`)).toSorted()).toEqual(["fourth.txt", "here.txt"]);
    expect((await readdir(`${server.root}/again`)).toSorted()).toEqual(["fourth.txt", "here.txt"]);
  });
});
