// The default `--allow read,write`: programs copy files and folders in, and nothing that is there changes.

import { describe, expect, test } from "bun:test";
import type { Word } from "../../../src/config/config.ts";
import { isMissing } from "../../support/switches.ts";
import { openWorkspace } from "../../support/webdav/run.ts";
import { startDav } from "../../support/webdav/server.ts";

const WORDS: readonly Word[] = ["read", "write"];
const KIO = "QT_QPA_PLATFORM=offscreen timeout 20 kioclient5 --noninteractive";

/** Scripts of the shell that copy `folder` to the URL, and then try to change `there.txt` and to remove it. */
const SCRIPTS: [program: string, session: boolean, script: (url: string) => string][] = [
  [
    "rclone",
    false,
    (url) => `export RCLONE_WEBDAV_URL=${url} RCLONE_WEBDAV_VENDOR=owncloud RCLONE_CONFIG=
      rclone copy folder :webdav:folder
      ! rclone copyto changed.txt :webdav:there.txt --retries 1
      ! rclone deletefile :webdav:there.txt --retries 1`,
  ],
  [
    "gio",
    true,
    (url) => `u=${url.replace("http:", "dav:")}
      gio mount $u
      gio mkdir \${u}folder
      gio copy folder/a.txt \${u}folder/a.txt
      ! gio save \${u}there.txt <changed.txt
      ! gio remove \${u}there.txt`,
  ],
  [
    "kioclient5",
    true,
    (url) => `u=${url.replace("http:", "webdav:")}
      ${KIO} copy folder \${u}folder
      ! ${KIO} --overwrite copy changed.txt \${u}there.txt
      ! ${KIO} remove \${u}there.txt`,
  ],
  [
    "curl",
    false,
    (url) => `curl -sSf -X MKCOL ${url}folder
      curl -sSf -T folder/a.txt ${url}folder/a.txt
      ! curl -sSf -T changed.txt ${url}there.txt
      ! curl -sSf -X DELETE ${url}there.txt`,
  ],
];

describe.each(SCRIPTS)("%s", (program, session, script) => {
  test.skipIf(isMissing(program) || (session && isMissing("dbus-run-session")))(
    "copies a folder in, and neither replaces nor removes",
    async () => {
      await using server = await startDav("anyone", WORDS);
      await using work = await openWorkspace();
      await Bun.write(`${server.root}/there.txt`, "there");
      await Bun.write(work.at("folder/a.txt"), "new");
      await Bun.write(work.at("changed.txt"), "changed");
      const around = session ? ["dbus-run-session", "--"] : [];
      await work.must([...around, "bash", "-ec", script(server.url)], { seconds: 60 });
      expect(await server.read("folder/a.txt")).toBe("new");
      expect(await server.read("there.txt")).toBe("there");
      expect(await server.names()).toEqual(["folder", "there.txt"]);
    },
  );
});
