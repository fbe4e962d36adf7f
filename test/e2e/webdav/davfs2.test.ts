// davfs2: a mounted folder, written to by programs that know nothing of WebDAV. Needs root.

import { describe, expect, test } from "bun:test";
import { chmod, mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import type { Word } from "../../../src/config/config.ts";
import { until } from "../../support/server.ts";
import { isMissing, skipped } from "../../support/switches.ts";
import { openWorkspace, type Workspace } from "../../support/webdav/run.ts";
import { type DavServer, LOGINS, startDav } from "../../support/webdav/server.ts";

const noRoot = process.geteuid?.() !== 0 && skipped("davfs2", "only root may mount", "run it as root");

/** The mounted root of a server. `await using` unmounts it, which sends what is not sent yet. */
async function mount(work: Workspace, server: DavServer): Promise<AsyncDisposable & { at: string }> {
  const at = work.at("mnt");
  await mkdir(at);
  // Its daemon gives up root.
  await chmod(work.folder, 0o711);
  await mkdir(work.at("cache"));
  await chmod(work.at("cache"), 0o777);
  const { name, password } = server.login ?? { name: "", password: "" };
  await writeFile(work.at("secrets"), `${server.url} ${name} "${password}"\n`, { mode: 0o600 });
  const trusted = server.certificate === null ? {} : { trust_ca_cert: work.at("certificate.pem") };
  await writeFile(work.at("certificate.pem"), server.certificate ?? "");
  const settings = {
    ...trusted,
    secrets: work.at("secrets"),
    cache_dir: work.at("cache"),
    ask_auth: 0,
    use_locks: 1,
    delay_upload: 0,
  };
  const lines = Object.entries(settings).map(([key, value]) => `${key} ${value}\n`);
  await writeFile(work.at("davfs2.conf"), lines.join(""));
  // Another home, because it leaves a daemon behind, as it should.
  await work.must(["mount.davfs", server.url, at, "-o", `conf=${work.at("davfs2.conf")}`], {
    input: "",
    env: { HOME: work.folder },
  });
  return { at, [Symbol.asyncDispose]: async () => void (await work.must(["umount", at])) };
}

/** Waits until the server has a file with this content. */
async function arrived(server: DavServer, path: string, content: string): Promise<void> {
  await until(`${path} has arrived`, async () => (await server.read(path).catch(() => "")) === content);
}

describe.skipIf(isMissing("mount.davfs") || noRoot)("davfs2", () => {
  test.each(LOGINS)("writes, replaces, renames and removes files as %s", async (kind) => {
    await using server = await startDav(kind);
    await using work = await openWorkspace();
    {
      await using mounted = await mount(work, server);
      // By name only: davfs2 1.6.1 lists no folder on some kernels, whatever the server.
      await mkdir(`${mounted.at}/folder`);
      await writeFile(`${mounted.at}/folder/a.txt`, "canary");
      await arrived(server, "folder/a.txt", "canary");
      await writeFile(`${mounted.at}/folder/a.txt`, "changed");
      await arrived(server, "folder/a.txt", "changed");
      await rename(`${mounted.at}/folder/a.txt`, `${mounted.at}/folder/b.txt`);
      expect(await readFile(`${mounted.at}/folder/b.txt`, "utf8")).toBe("changed");
      await arrived(server, "folder/b.txt", "changed");
      await writeFile(`${mounted.at}/folder/large.bin`, Buffer.alloc(5_000_000, 7));
    }
    expect(await Bun.file(`${server.root}/folder/large.bin`).bytes()).toEqual(
      new Uint8Array(5_000_000).fill(7),
    );
    await using again = await mount({ ...work, at: (name) => work.at(`again-${name}`) }, server);
    expect(await readFile(`${again.at}/folder/b.txt`, "utf8")).toBe("changed");
    await rm(`${again.at}/folder/b.txt`);
    await until("the file is gone", () =>
      Bun.file(`${server.root}/folder/b.txt`)
        .exists()
        .then((is) => !is),
    );
  });

  test("writes a new file where nothing may be replaced: an empty one first, then its content", async () => {
    const words: readonly Word[] = ["list", "read", "write"];
    await using server = await startDav("anyone", words);
    await using work = await openWorkspace();
    await using mounted = await mount(work, server);
    await writeFile(`${mounted.at}/a.txt`, "canary");
    await arrived(server, "a.txt", "canary");
    // A file that has content is not replaced: the error shows when davfs2 sends it, after the program has closed it.
    await writeFile(`${mounted.at}/a.txt`, "changed").catch(() => "refused");
    await until("it is refused", () => server.log.some((line) => line.includes("PUT /dav/a.txt")));
    expect(await server.read("a.txt")).toBe("canary");
  });
});
