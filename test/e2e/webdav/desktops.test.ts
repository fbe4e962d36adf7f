// GNOME (gvfs, by gio) and KDE (KIO): what their file managers do to mount a server, copy, rename and delete.

import { describe, expect, test } from "bun:test";
import { readdir } from "node:fs/promises";
import { isMissing } from "../../support/switches.ts";
import { openWorkspace, trusting, type Workspace } from "../../support/webdav/run.ts";
import { type DavServer, loginsFor, startDav } from "../../support/webdav/server.ts";

/** Runs a script of the shell in a desktop's session of its own. */
async function inSession(
  work: Workspace,
  { certificate }: DavServer,
  script: string,
  env: Record<string, string> = {},
): Promise<string> {
  const words = ["dbus-run-session", "--", "bash", "-ec", script];
  return await work.must(await trusting(work, certificate, words), { env, seconds: 60 });
}

const noSession = isMissing("dbus-run-session");

describe.skipIf(noSession || isMissing("gio"))("GNOME", () => {
  test.each(loginsFor("GNOME"))("mounts, copies, renames, overwrites and deletes as %s", async (kind) => {
    await using server = await startDav(kind);
    await using work = await openWorkspace();
    await Bun.write(work.at("a.txt"), "canary");
    const url = server.url.replace("http", "dav");
    // It asks for the user and the password, and a domain is not asked for.
    const { name, password } = server.login ?? { name: "", password: "" };
    await Bun.write(work.at("answers"), server.login === null ? "" : `${name}\n${password}\n`);
    const listed = await inSession(
      work,
      server,
      `gio mount ${url} <answers
      gio mkdir ${url}folder
      gio copy a.txt ${url}folder/a.txt
      gio move ${url}folder/a.txt "${url}folder/zwei%20W%C3%B6rter.txt"
      gio rename "${url}folder/zwei%20W%C3%B6rter.txt" c.txt
      gio copy ${url}folder/c.txt ${url}folder/d.txt
      echo -n changed | gio save ${url}folder/d.txt
      gio copy ${url}folder/d.txt back.txt
      gio remove ${url}folder/c.txt
      gio list -l ${url}folder
      gio mount -u ${url}`,
    );
    expect(listed).toContain("d.txt\t7\t(regular)");
    expect(await Bun.file(work.at("back.txt")).text()).toBe("changed");
    expect(await readdir(`${server.root}/folder`)).toEqual(["d.txt"]);
  });
});

describe.skipIf(noSession || isMissing("kioclient5"))("KDE", () => {
  /** Runs a script whose `kio` is KIO's client, without a window. */
  async function inKde(work: Workspace, server: DavServer, script: string): Promise<string> {
    const kio = 'kio() { timeout 20 kioclient5 --noninteractive "$@"; }';
    return await inSession(work, server, `${kio}\n${script}`, { QT_QPA_PLATFORM: "offscreen" });
  }

  test("copies a folder, renames, overwrites and deletes", async () => {
    await using server = await startDav();
    await using work = await openWorkspace();
    await Bun.write(work.at("folder", "a.txt"), "canary");
    await Bun.write(work.at("b.txt"), "changed");
    const url = server.url.replace("http:", "webdav:");
    const listed = await inKde(
      work,
      server,
      `kio copy folder "${url}folder"
      kio move "${url}folder/a.txt" "${url}folder/c.txt"
      kio copy "${url}folder/c.txt" "${url}folder/d.txt"
      kio --overwrite copy b.txt "${url}folder/d.txt"
      kio copy "${url}folder/d.txt" "file://${work.folder}/back.txt"
      kio remove "${url}folder/c.txt"
      kio ls "${url}folder"`,
    );
    expect(listed.split("\n")).toContain("d.txt");
    expect(await Bun.file(work.at("back.txt")).text()).toBe("changed");
    expect(await readdir(`${server.root}/folder`)).toEqual(["d.txt"]);
  });

  // Not an upload: for that, KIO takes the password from its window alone, not from the URL.
  test.each(loginsFor("KDE").slice(1))("lists, copies from it, renames and deletes as %s", async (kind) => {
    await using server = await startDav(kind);
    await using work = await openWorkspace();
    for (const name of ["a.txt", "b.txt"]) await Bun.write(`${server.root}/folder/${name}`, name);
    const url = new URL(server.url.replace("http", "webdav"));
    url.username = server.login?.name ?? "";
    url.password = server.login?.password ?? "";
    const listed = await inKde(
      work,
      server,
      `kio copy "${url}folder/a.txt" "file://${work.folder}/back.txt"
      kio move "${url}folder/a.txt" "${url}folder/c.txt"
      kio remove "${url}folder/b.txt"
      kio ls "${url}folder"`,
    );
    expect(listed.split("\n")).toContain("c.txt");
    expect(await Bun.file(work.at("back.txt")).text()).toBe("a.txt");
    expect(await readdir(`${server.root}/folder`)).toEqual(["c.txt"]);
  });
});
