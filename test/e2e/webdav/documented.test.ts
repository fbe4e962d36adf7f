// The commands of docs/webdav.md for other programs, on a server with TLS and an account, as the page says them.

import { describe, expect, test } from "bun:test";
import { blocks } from "../../support/pages.ts";
import { isMissing } from "../../support/switches.ts";
import { openWorkspace, trusting } from "../../support/webdav/run.ts";
import { loginsFor, startDav } from "../../support/webdav/server.ts";

const FILE = import.meta.path.split("/").slice(-4).join("/");
/** The blocks of the page that this file runs, in their order. */
const TEXTS = blocks("docs/webdav.md", "sh").flatMap(({ text, reason }) =>
  reason?.includes(`${FILE} runs`) ? [text] : [],
);
const byProgram = (program: string): string =>
  TEXTS.filter((text) => text.startsWith(program)).join("") ||
  `echo "no block begins with ${program}"; exit 1`;

const COMMANDS: [program: string, more: { around?: string; after?: string }][] = [
  ["gio", { around: "dbus-run-session -- bash -e block.sh <login" }],
  // It sends a file of its mount five seconds after it was closed.
  [
    "rclone",
    {
      after: `cmp photos/sea.jpg mnt/photos/sea.jpg
        until rclone cat files:film.mkv | cmp - film.mkv; do sleep 0.5; done
        umount mnt`,
    },
  ],
  ["curl", {}],
];

test("every block that names this file is run by it", () => {
  expect(TEXTS.filter((text) => !COMMANDS.some(([program]) => text.startsWith(program)))).toEqual([]);
});

describe.skipIf(!loginsFor("the commands of docs/webdav.md").includes("token over TLS"))(
  "docs/webdav.md",
  () => {
    test.each(COMMANDS)("%s", async (program, { around = "bash -e block.sh", after = "" }) => {
      if (isMissing(program)) return;
      await using server = await startDav("token over TLS");
      await using work = await openWorkspace();
      await Bun.write(work.at("film.mkv"), "film");
      await Bun.write(work.at("photos/sea.jpg"), "blue");
      await Bun.write(work.at("mnt/.keep"), "");
      const { name = "", password = "" } = server.login ?? {};
      await Bun.write(work.at("login"), `${name}\n${password}\n`);
      const text = byProgram(program).replaceAll("files.example.org", new URL(server.url).host);
      await Bun.write(work.at("block.sh"), `${text}\n${after}\n`);
      const words = await trusting(work, server.certificate, ["sh", "-ec", around]);
      await work.must(words, { env: { TOKEN: password }, seconds: 60 });
      expect(await server.names()).toEqual(
        program === "curl" ? [] : program === "gio" ? ["film.mkv"] : ["film.mkv", "photos"],
      );
    });
  },
);
