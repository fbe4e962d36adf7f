// Locks on a server with accounts: whose token counts, and who learns of a lock.

import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import { basic, bearer, startAccessServer } from "../../support/access.ts";
import { holding, lockAt, propfind, requestLock, unlock } from "../../support/dav.ts";
import { dropOf, putInto, startLinkServer } from "../../support/links.ts";
import { problemIn } from "../../support/problem.ts";

describe("with accounts", () => {
  const accounts = () =>
    startAccessServer((database) => {
      database.account("anna", { team: "list,read,write,replace,delete" });
      database.account("bert", { team: "list,read,write,replace,delete", "team/closed": "" });
      database.account("carl", { team: "write,replace" });
      database.account("olga", {}, { owner: true });
    });

  test("a token of another account does not count, and is not shown", async () => {
    await using closed = await accounts();
    await Bun.write(join(closed.root, "team/a.txt"), "old");
    const token = await lockAt(closed, "team/a.txt", { headers: basic("anna") });
    const as = (name: string, headers = {}) => ({ ...basic(name), ...headers });
    const put = (name: string, headers = {}) =>
      closed.fetch("/dav/team/a.txt", { method: "PUT", body: "new", headers: as(name, headers) });
    await problemIn(await put("bert", holding(token)), "precondition_failed");
    expect((await put("bert", { if: `(Not <DAV:no-lock>) (<${token}>)` })).status).toBe(423);
    await problemIn(await unlock(closed, "team/a.txt", token, basic("bert")), "not_allowed");
    const shown = await propfind(closed, "team/a.txt", "<D:lockdiscovery/>", basic("bert"));
    expect(shown).toContain("<D:activelock>");
    expect(shown).not.toContain(token);
    expect(await propfind(closed, "team/a.txt", "<D:lockdiscovery/>", basic("anna"))).toContain(token);
    const named = await closed.fetch("/files/team/a.txt", {
      method: "PUT",
      body: "new",
      headers: basic("bert"),
    });
    expect((await problemIn(named, "locked")).detail).toContain("by `anna` until ");
    expect(await Bun.file(join(closed.root, "team/a.txt")).text()).toBe("old");
    // An owner of the server may release it, and so learns its token; it is not a token of the owner's own changes.
    expect(await propfind(closed, "team/a.txt", "<D:lockdiscovery/>", basic("olga"))).toContain(token);
    await problemIn(await put("olga", holding(token)), "precondition_failed");
    expect((await unlock(closed, "team/a.txt", token, basic("olga"))).status).toBe(204);
    expect((await put("bert")).status).toBe(204);
  });

  test("who may not list a path learns neither of its locks nor of who made them", async () => {
    await using closed = await accounts();
    await Bun.write(join(closed.root, "team/closed/a.txt"), "old");
    const token = await lockAt(closed, "team/closed/a.txt", { headers: basic("anna") });
    const all = await closed.fetch("/dav/team/", {
      method: "PROPFIND",
      headers: { depth: "1", ...basic("bert") },
    });
    expect(await all.text()).not.toContain("closed");
    const hidden = { method: "PROPFIND", headers: { depth: "0", ...basic("bert") } };
    expect((await closed.fetch("/dav/team/closed/a.txt", hidden)).status).toBe(404);
    const bert = { ...basic("bert"), if: `</dav/team/closed/a.txt> (<${token}>)` };
    const put = await closed.fetch("/dav/team/b.txt", { method: "PUT", body: "x", headers: bert });
    await problemIn(put, "precondition_failed");
    // A lock of the folder that cannot be listed must not be told by its path.
    const moved = await closed.fetch("/dav/team", { method: "DELETE", headers: basic("bert") });
    await problemIn(moved, "not_allowed");
    const blind = await closed.fetch("/files/team/closed/a.txt", {
      method: "PUT",
      body: "x",
      headers: basic("carl"),
    });
    const { detail } = await problemIn(blind, "locked");
    expect(detail).not.toContain("anna");
    const dav = { method: "PUT", body: "x", headers: basic("carl") };
    const answer = await closed.fetch("/dav/team/closed/a.txt", dav);
    expect([answer.status, await answer.text()]).toEqual([423, expect.not.stringContaining("urn:uuid")]);
  });

  test("a folder is locked with everything below only by who may write everything below", async () => {
    await using closed = await accounts();
    await Bun.write(join(closed.root, "team/closed/a.txt"), "old");
    const lock = (name: string) => requestLock(closed, "team", { depth: "infinity", headers: basic(name) });
    await problemIn(await lock("bert"), "not_allowed");
    expect((await lock("anna")).status).toBe(200);
  });

  test("a drop takes no file into a folder that is locked, and does not say by whom", async () => {
    await using links = await startLinkServer();
    const { url, path } = await dropOf(links);
    const token = await lockAt(links, path, { depth: "infinity", headers: bearer(links.anna) });
    const put = () => putInto(() => links)(url, "a.txt");
    expect((await problemIn(await put(), "locked")).detail).not.toContain("anna");
    expect((await unlock(links, path, token, bearer(links.anna))).status).toBe(204);
    expect((await put()).status).toBe(201);
  });

  test("without write nothing is locked", async () => {
    await using closed = await startAccessServer((database) => database.account("anna", { "": "list,read" }));
    await Bun.write(join(closed.root, "a.txt"), "old");
    await problemIn(await requestLock(closed, "a.txt", { headers: basic("anna") }), "not_allowed");
  });
});
