// LOCK, UNLOCK and the If header over a real socket: who may change what is locked, by every protocol.

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { join } from "node:path";
import { davClient, holding, lockAt, propfind, proppatch, requestLock, unlock } from "../../support/dav.ts";
import { problemIn } from "../../support/problem.ts";
import { startServer, type TestServer } from "../../support/server.ts";

let server: TestServer;
beforeAll(async () => {
  server = await startServer({ trash: 3600 });
});
afterAll(() => server.stop());

const { write, textOf, send, json } = davClient(() => server);

describe("LOCK", () => {
  test("of a path without an entry makes an empty file, which only the token fills", async () => {
    const answer = await requestLock(server, "new.txt", { owner: "<D:href>http://me/</D:href>" });
    expect(answer.status).toBe(201);
    expect(await textOf("new.txt")).toBe("");
    const xml = await answer.text();
    const token = answer.headers.get("lock-token")?.slice(1, -1) ?? "";
    for (const part of [
      "<D:lockscope><D:exclusive/></D:lockscope>",
      "<D:depth>0</D:depth>",
      '<D:owner><href xmlns="DAV:">http://me/</href></D:owner>',
      `<D:locktoken><D:href>${token}</D:href></D:locktoken>`,
      "<D:lockroot><D:href>/dav/new.txt</D:href></D:lockroot>",
    ])
      expect(xml).toContain(part);
    expect(await propfind(server, "new.txt", "<D:lockdiscovery/>")).toContain(token);
    const refused = await send("PUT", "/dav/new.txt", {}, "x");
    expect([refused.status, refused.headers.get("content-type")]).toEqual([
      423,
      "application/xml; charset=utf-8",
    ]);
    expect(await refused.text()).toContain(
      "<D:lock-token-submitted><D:href>/dav/new.txt</D:href></D:lock-token-submitted>",
    );
    expect((await send("PUT", "/dav/new.txt", holding(token), "x")).status).toBe(204);
    // Without angle brackets, as some clients send it.
    expect((await send("UNLOCK", "/dav/new.txt", { "lock-token": token })).status).toBe(204);
    const again = await unlock(server, "new.txt", token);
    expect([again.status, await again.text()]).toEqual([409, expect.stringContaining("lock-token-matches")]);
    expect(await propfind(server, "new.txt", "<D:lockdiscovery/>")).toContain("<D:lockdiscovery/>");
    expect((await send("PUT", "/dav/new.txt", {}, "y")).status).toBe(204);
  });

  test("is renewed by its token, and not without", async () => {
    await write("renewed.txt");
    const token = await lockAt(server, "renewed.txt", { headers: { timeout: "Second-10" } });
    const seconds = async () =>
      Number(/Second-(\d+)/.exec(await propfind(server, "renewed.txt", "<D:lockdiscovery/>"))?.[1]);
    expect(await seconds()).toBeLessThanOrEqual(10);
    const renewed = await send("LOCK", "/dav/renewed.txt", { ...holding(token), timeout: "Infinite" });
    expect([renewed.status, renewed.headers.get("lock-token")]).toEqual([200, null]);
    expect(await seconds()).toBeGreaterThan(3500);
    await problemIn(await send("LOCK", "/dav/renewed.txt"), "precondition_failed");
    await problemIn(await send("LOCK", "/dav/renewed.txt", holding("urn:uuid:x")), "precondition_failed");
  });

  test("conflicts with another lock, and answers where it is", async () => {
    await write("conflict/a/b.txt");
    const token = await lockAt(server, "conflict/a/b.txt", { scope: "shared" });
    await lockAt(server, "conflict/a/b.txt", { scope: "shared" });
    const refused = await requestLock(server, "conflict", { depth: "infinity" });
    expect([refused.status, await refused.text()]).toEqual([
      423,
      expect.stringContaining("<D:no-conflicting-lock><D:href>/dav/conflict/a/b.txt</D:href>"),
    ]);
    expect((await send("PUT", "/dav/conflict/a/b.txt", holding(token), "new")).status).toBe(204);
  });

  test("needs a folder, a body that is a lockinfo, and an owner of 1 KiB at most", async () => {
    await problemIn(await requestLock(server, "none/a.txt"), "no_parent");
    await problemIn(await requestLock(server, "a.txt", { owner: "x".repeat(1025) }), "invalid_request");
    const body = (text: string) => send("LOCK", "/dav/a.txt", {}, text);
    for (const text of ["<D:lockinfo xmlns:D='DAV:'/>", "<a/>", "<a>"])
      await problemIn(await body(text), "invalid_request");
    await problemIn(await requestLock(server, "a.txt", { headers: { depth: "1" } }), "invalid_request");
    await problemIn(await requestLock(server, ""), "not_allowed");
    expect(await Bun.file(join(server.root, "a.txt")).exists()).toBe(false);
    expect(await propfind(server, "", "<D:lockdiscovery/>")).toContain("<D:lockdiscovery/>");
  });

  test("leaves lockroot out for Office, and says which locks there are", async () => {
    await write("office.docx");
    await lockAt(server, "office.docx");
    const xml = await propfind(server, "office.docx", "", { "user-agent": "Microsoft Office Word 2014" });
    expect(xml).toContain("<D:activelock>");
    expect(xml).not.toContain("lockroot");
    expect(xml).toContain("<D:supportedlock><D:lockentry>");
  });
});

describe("a locked file", () => {
  const path = "locked/file.txt";
  let token: string;
  beforeAll(async () => {
    await write(path);
    await write("locked/other.txt", "other");
    token = await lockAt(server, path);
  });

  const form = () => {
    const body = new FormData();
    body.append("file", new Blob(["new"]), "file.txt");
    return server.fetch("/files/locked/?conflict=replace", { method: "POST", body });
  };
  const destination = { destination: `/dav/${path}` };
  const ways: Record<string, () => Promise<Response>> = {
    PUT: () => send("PUT", `/files/${path}`, {}, "new"),
    "PUT with a token in If, which is of WebDAV": () => send("PUT", `/files/${path}`, holding(token), "new"),
    POST: () => send("POST", "/files/locked/?name=file.txt&conflict=replace", {}, "new"),
    "a form": form,
    tus: () =>
      send("POST", "/uploads?conflict=replace", {
        "tus-resumable": "1.0.0",
        "upload-length": "3",
        "upload-metadata": `filename ${btoa(path)}`,
      }),
    "Resumable Uploads": () =>
      send(
        "POST",
        `/uploads?path=${path}&conflict=replace`,
        { "upload-draft-interop-version": "8", "upload-complete": "?1" },
        "new",
      ),
    DELETE: () => send("DELETE", `/files/${path}`),
    "DELETE of its folder": () => send("DELETE", "/files/locked?recursive=true"),
    "a move from it": () => json("/api/move", { from: path, to: "elsewhere.txt" }),
    "a move of its folder": () => json("/api/move", { from: "locked", to: "elsewhere" }),
    "a move to it": () => json("/api/move", { from: "locked/other.txt", to: path, conflict: "replace" }),
    "a copy to it": () => json("/api/copy", { from: "locked/other.txt", to: path, conflict: "replace" }),
    "a batch": () => json("/api/batch", { operations: [{ op: "delete", path }] }),
    "PUT of WebDAV": () => send("PUT", `/dav/${path}`, {}, "new"),
    "DELETE of WebDAV": () => send("DELETE", `/dav/${path}`),
    "DELETE of its folder by WebDAV": () => send("DELETE", "/dav/locked"),
    "MOVE from it": () => send("MOVE", `/dav/${path}`, { destination: "/dav/elsewhere.txt" }),
    "MOVE to it": () => send("MOVE", "/dav/locked/other.txt", destination),
    "COPY to it": () => send("COPY", "/dav/locked/other.txt", destination),
    PROPPATCH: () => proppatch(server, path, "<D:set><D:prop><x:p>1</x:p></D:prop></D:set>"),
    LOCK: () => requestLock(server, path),
  };

  test.each(Object.keys(ways))("is not changed by %s", async (way) => {
    const answer = await ways[way]?.();
    expect(answer?.status).toBe(423);
    expect(await textOf(path)).toBe("old");
    expect(await textOf("locked/other.txt")).toBe("other");
  });

  test("is read, listed, and given a new name beside it", async () => {
    expect(await (await send("GET", `/dav/${path}`)).text()).toBe("old");
    const renamed = await send("PUT", `/files/${path}?conflict=rename`, {}, "new");
    expect([renamed.status, renamed.headers.get("location")]).toEqual([201, "/files/locked/file%20(1).txt"]);
    expect((await json("/api/copy", { from: path, to: "locked/copy.txt" })).status).toBe(201);
  });

  test("is changed, moved and removed by its token, which ends the lock", async () => {
    await write("ended/a.txt");
    const ended = await lockAt(server, "ended/a.txt");
    const to = { destination: "/dav/ended/b.txt" };
    expect((await send("MOVE", "/dav/ended/a.txt", { ...holding(ended), ...to })).status).toBe(201);
    expect((await send("PUT", "/files/ended/b.txt", {}, "new")).status).toBe(200);
    expect((await send("PUT", "/files/ended/a.txt", {}, "new")).status).toBe(201);
    const next = await lockAt(server, "ended/a.txt");
    expect((await send("DELETE", "/dav/ended/a.txt", holding(next))).status).toBe(204);
    expect((await send("PUT", "/files/ended/a.txt", {}, "new")).status).toBe(201);
  });

  test("keeps its lock when a move replaces it by its token", async () => {
    await write("kept/a.txt");
    await write("kept/new.txt", "new");
    const kept = await lockAt(server, "kept/a.txt");
    const headers = { destination: "/dav/kept/a.txt", if: `</dav/kept/a.txt> (<${kept}>)` };
    expect((await send("MOVE", "/dav/kept/new.txt", headers)).status).toBe(204);
    expect((await send("PUT", "/files/kept/a.txt", {}, "x")).status).toBe(423);
    expect(await textOf("kept/a.txt")).toBe("new");
  });

  test("is not what the trash restores to", async () => {
    await write("restored.txt", "first");
    await send("DELETE", "/files/restored.txt");
    await write("restored.txt", "second");
    await lockAt(server, "restored.txt");
    const { entries } = (await (await server.fetch("/api/trash")).json()) as {
      entries: { id: string; path: string }[];
    };
    const id = entries.find((entry) => entry.path === "restored.txt")?.id;
    await problemIn(await json("/api/trash/restore", { id, conflict: "replace" }), "locked");
    expect(await textOf("restored.txt")).toBe("second");
    expect((await json("/api/trash/restore", { id, conflict: "rename" })).status).toBe(201);
  });
});

describe("a locked folder", () => {
  test("takes no members and gives none away, and theirs can be changed", async () => {
    await write("folder/a.txt");
    await write("folder/in/b.txt");
    const token = await lockAt(server, "folder");
    for (const refused of [
      send("PUT", "/files/folder/new.txt", {}, "x"),
      send("PUT", "/files/folder/new/a.txt", {}, "x"),
      json("/api/folders", { path: "folder/new" }),
      send("MKCOL", "/dav/folder/new"),
      send("DELETE", "/files/folder/a.txt"),
      send("DELETE", "/files/folder/in?recursive=true"),
      json("/api/move", { from: "folder/a.txt", to: "away.txt" }),
    ])
      expect((await refused).status).toBe(423);
    expect((await send("PUT", "/files/folder/a.txt", {}, "x")).status).toBe(200);
    expect((await send("PUT", "/files/folder/in/new.txt", {}, "x")).status).toBe(201);
    expect((await send("PUT", "/dav/folder/new.txt", { if: `</dav/folder> (<${token}>)` }, "x")).status).toBe(
      201,
    );
    // A new lock adds a member, too.
    expect((await requestLock(server, "folder/lock.txt")).status).toBe(423);
    const headers = { if: `</dav/folder/> (<${token}>)` };
    expect((await requestLock(server, "folder/lock.txt", { headers })).status).toBe(201);
  });

  test("with everything below refuses all of it, and shows its lock at every entry", async () => {
    await write("deep/in/a.txt");
    const token = await lockAt(server, "deep", { depth: "infinity" });
    for (const refused of [
      send("PUT", "/files/deep/in/a.txt", {}, "x"),
      send("PUT", "/files/deep/in/new/a.txt", {}, "x"),
      send("DELETE", "/files/deep/in/a.txt"),
      requestLock(server, "deep/in/a.txt"),
    ])
      expect((await refused).status).toBe(423);
    const xml = await propfind(server, "deep/in/a.txt", "<D:lockdiscovery/>");
    expect(xml).toContain("<D:lockroot><D:href>/dav/deep/</D:href></D:lockroot>");
    expect((await send("DELETE", "/dav/deep", holding(token))).status).toBe(204);
    expect((await send("PUT", "/files/deep/in/a.txt", {}, "x")).status).toBe(201);
  });
});

describe("If", () => {
  test("412 when no list holds, 423 when it holds without the token", async () => {
    await write("if.txt");
    const put = (text: string) => send("PUT", "/dav/if.txt", { if: text }, "new");
    const etag = (await send("GET", "/dav/if.txt")).headers.get("etag") ?? "";
    await problemIn(await put("(<urn:uuid:none>)"), "precondition_failed");
    await problemIn(await put('(["other"])'), "precondition_failed");
    await problemIn(await put(`(Not [${etag}])`), "precondition_failed");
    await problemIn(await put(`</dav/other.txt> ([${etag}])`), "precondition_failed");
    await problemIn(await put("(urn:x)"), "invalid_request");
    const token = await lockAt(server, "if.txt");
    expect((await put(`([${etag}])`)).status).toBe(423);
    expect((await put("(Not <DAV:no-lock>)")).status).toBe(423);
    await problemIn(await put(`(<${token}> ["other"])`), "precondition_failed");
    await problemIn(await put(`(Not <${token}>)`), "precondition_failed");
    expect((await put(`(<urn:x>) (<${token}> [${etag}])`)).status).toBe(204);
    expect((await put(`<http://elsewhere/dav/if.txt> (<${token}>)`)).status).toBe(204);
    expect((await put(`<${server.url}/dav/if.txt> (<${token}>) (<urn:x>)`)).status).toBe(204);
  });
});
