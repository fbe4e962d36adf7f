// sluice link: links and drops from the command line.

import { beforeAll, describe, expect, test } from "bun:test";
import { mkdir, symlink } from "node:fs/promises";
import { join } from "node:path";
import { linkOfToken } from "../../../src/access/links/token.ts";
import { commandsOn } from "../../support/manage.ts";
import { startServer, until } from "../../support/server.ts";

const { done, json, failure, snapshot, root } = commandsOn();
const SITE = "https://files.example.org";

beforeAll(async () => {
  await mkdir(join(root(), "photos/new"), { recursive: true });
  await Bun.write(join(root(), "photos/a.jpg"), "a");
  await symlink("photos", join(root(), "elsewhere"));
  await done("user invite anna --owner");
  await done("user invite ben");
});

/** The link that a printed URL opens. */
function opened(url: string) {
  return linkOfToken(snapshot(), url.trim().replace(`${SITE}/s/`, ""));
}

describe("sluice link", () => {
  test("prints the URL alone, for the only owner, and for a week", async () => {
    const { out, note } = await done(`link photos/a.jpg --url ${SITE}`);
    const link = opened(out);
    expect(link).toMatchObject({ path: "photos/a.jpg", kind: "file", account: "anna", password: null });
    expect(((link?.expires ?? 0) - Date.now()) / 86_400_000).toBeWithin(6.9, 7.1);
    expect(note).toContain("with the permissions of anna");
    expect(note).not.toContain("--url");
  });

  test("shows a QR code on a terminal", async () => {
    const { out } = await done("link photos", { interactive: true });
    expect(out).toMatch(/^http:\/\/127\.0\.0\.1:3000\/s\/\S{30}\n/);
    expect(out).toContain("██ ▄▄▄▄▄ █");
  });

  test("makes drops with every limit, and keeps only the hash of the password", async () => {
    const limits = "--max-bytes 20GB --max-files 50 --largest 5GB --rate 5MB --ask-name --expires never";
    const { out } = await done(
      [
        ..."link /photos/new --drop --password -".split(" "),
        ...limits.split(" "),
        "--note",
        "For Ed",
        "--url",
        SITE,
      ],
      { input: "a long horse" },
    );
    const { password, ...link } = opened(out) ?? {};
    expect(link).toMatchObject({
      ...{ kind: "drop", path: "photos/new", note: "For Ed", expires: null, askName: true },
      ...{ bytesLeft: 20e9, filesLeft: 50, largest: 5e9, rate: 5e6, downloadsLeft: null },
    });
    expect(password).toStartWith("$argon2id$");
    const listed = await json("link list");
    expect(listed).toHaveLength(3);
    expect(JSON.stringify(listed)).not.toContain("$argon2");
  });

  test("is for an account that may do what the link gives", async () => {
    expect(await failure("link photos --for ben", 1)).toStartWith("ben has no permission to read at /photos");
    await done("grant ben photos write");
    await done("link photos --drop --for ben");
    await done("user change ben --owner");
    expect(await failure("link photos", 2)).toBe(
      "a link has the permissions of an account; add --for ACCOUNT (owners: anna, ben)",
    );
  });

  test("refuses what is not there, and flags that do not fit", async () => {
    for (const path of ["nothing", "elsewhere"])
      expect(await failure(`link ${path} --for anna`, 1)).toStartWith("There is no file or folder");
    expect(await failure("link photos/a.jpg --drop --for anna", 2)).toStartWith(
      "--drop: files can be sent into a folder",
    );
    expect(await failure("link photos --drop --downloads 1 --for anna", 2)).toStartWith("--downloads: ");
    expect(await failure("link photos --max-files 1 --for anna", 2)).toBe("--max-files needs --drop");
    expect(await failure("link photos --downloads 0 --for anna", 2)).toStartWith("--downloads: ");
  });

  test("renews and revokes: the old URL is dead", async () => {
    const first = (await done(`link photos --for anna --url ${SITE}`)).out;
    const id = opened(first)?.id ?? "";
    const second = (await done(["link", "renew", id, "--url", SITE])).out;
    expect(opened(first)).toBeNull();
    expect(opened(second)).toMatchObject({ id, revoked: false });
    await done(["link", "revoke", id]);
    expect(opened(second)).toMatchObject({ id, revoked: true });
    expect(await failure(["link", "renew", id], 1)).toStartWith(`There is no open link "${id}"`);
    expect((await done("link list anna")).out).toContain(`${id}\tfolder\t/photos\tanna\trevoked\t\t\n`);
    await done("link photos --downloads 1 --for anna");
    expect((await done("link list anna")).out).toContain("\topen\t1 download left\t");
    expect(await failure("link revoke nothing1", 1)).toContain("There is no link");
  });

  test("is open on a running server, and closed within a second after it was revoked", async () => {
    await using server = await startServer({ root: root(), allow: new Set() });
    const { out } = await done(`link photos/a.jpg --for anna --url ${SITE}`);
    const path = out.trim().slice(SITE.length);
    const { access } = server.app.decorator.services;
    await until("the server sees the link", () => linkOfToken(access.snapshot, path.slice(3)) !== null);
    expect(await (await server.fetch(`${path}/info`)).json()).toMatchObject({ kind: "file", name: "a.jpg" });
    await done(["link", "revoke", opened(out)?.id ?? ""]);
    await until("the server sees that", async () => (await server.fetch(`${path}/info`)).status === 410);
  });
});
