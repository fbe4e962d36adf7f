// The page of a folder without its script: links in the HTML, escaped, a page at a time for browsers and whole for programs.

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { problemIn } from "../../support/problem.ts";
import { startServer, type TestServer } from "../../support/server.ts";

/** Names that would end the attribute, the element or the URL, if they were not encoded. */
const HOSTILE = [
  '"><script>alert(1)</script>',
  "<img src=x onerror=alert(1)>.txt",
  "' onmouseover='alert(1)",
  "</tbody><base href=//evil.example>",
  "javascript:alert(1)",
  "a?b#c&amp;d%2F%.txt",
  "&lt;b&gt;",
  "\u202Egpj.exe",
  "$& $' $`.txt",
];

let server: TestServer;
beforeAll(async () => {
  server = await startServer();
  await Promise.all([
    ...HOSTILE.map((name) => Bun.write(join(server.root, "hostile", name.replaceAll("/", "∕")), "x")),
    Bun.write(join(server.root, "dir/sub folder/deep.txt"), "x"),
    Bun.write(join(server.root, "dir/b.txt"), "x".repeat(1500)),
    Bun.write(join(server.root, "dir/.hidden"), "x"),
    mkdir(join(server.root, "empty"), { recursive: true }),
    ...Array.from({ length: 2450 }, (_, index) => Bun.write(join(server.root, `many/f${index}`), "")),
  ]);
});
afterAll(() => server.stop());

const BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8";
const get = (path: string, accept: string, init: RequestInit = {}) =>
  server.fetch(path, { ...init, headers: { accept } });
const html = async (path: string, accept = BROWSER) => (await get(path, accept)).text();

/** The links of the table of entries, and what the elements of the document are: as a parser reads them. */
async function parsed(text: string) {
  const links: string[] = [];
  const names: string[] = [];
  const elements = new Set<string>();
  const attributes = new Set<string>();
  const rewriter = new HTMLRewriter()
    .on("a.entry-link", { element: (link) => void links.push(link.getAttribute("href") ?? "") })
    .on("a.entry-link bdi", {
      element: () => void names.push(""),
      text: (chunk) => void names.push((names.pop() ?? "") + chunk.text),
    })
    .on("*", {
      element(element) {
        elements.add(element.tagName);
        for (const [name] of element.attributes) attributes.add(name);
      },
    });
  await rewriter.transform(new Response(text)).text();
  return { links, names, elements, attributes };
}

describe("the page of a folder", () => {
  test("has its entries as links: folders first, with a slash at the end", async () => {
    const { links, names } = await parsed(await html("/files/dir/"));
    expect(links).toEqual(["/files/dir/sub%20folder/", "/files/dir/.hidden", "/files/dir/b.txt"]);
    expect(names).toEqual(["sub folder", ".hidden", "b.txt"]);
    for (const link of links) expect((await server.fetch(link)).status).toBe(200);
  });

  test("names the folder and links to those above", async () => {
    const text = await html("/files/dir/sub%20folder/");
    expect(text).toContain("<title>sub folder – Sluice</title>");
    expect(text).toMatch(/<h1 [^>]*><bdi>sub folder<\/bdi><\/h1>/);
    const crumbs = [...text.matchAll(/crumb-link" href="([^"]*)"/g)].map(([, link]) => link);
    expect(crumbs).toEqual(["/", "/files/dir/"]);
  });

  test("is the same for the root under / and /files/", async () => {
    expect((await parsed(await html("/"))).links).toEqual([
      "/files/dir/",
      "/files/empty/",
      "/files/hostile/",
      "/files/many/",
    ]);
    expect(await html("/files/")).toBe(await html("/"));
  });

  test("says that an empty folder is empty", async () => {
    const text = await html("/files/empty/");
    expect(text).toMatch(/<div class="empty" id="empty">/);
    expect(text).toMatch(/<table [^>]*hidden>/);
    expect((await parsed(text)).links).toEqual([]);
  });

  test("shows no markup, attribute or URL that a name contains", async () => {
    const plain = await parsed(await html("/files/empty/"));
    for (const accept of [BROWSER, "*/*"]) {
      const text = await html("/files/hostile/", accept);
      const { links, elements, attributes } = await parsed(text);
      expect(links.length).toBe(HOSTILE.length);
      for (const link of links) {
        expect(link).toMatch(/^\/files\/hostile\/[\w.~!*()%-]+$/);
        expect((await server.fetch(link)).status).toBe(200);
      }
      const added = (before: Set<string>, now: Set<string>) => [...now].filter((name) => !before.has(name));
      expect(added(plain.elements, elements)).toEqual(["time"]);
      expect(added(plain.attributes, attributes)).toEqual(["data-bytes", "datetime"]);
      expect(text).not.toMatch(/<script>|<img|<base/);
    }
  });

  test("also in the name of the folder itself", async () => {
    const name = encodeURIComponent('"><script>alert(1)<∕script>');
    await mkdir(join(server.root, decodeURIComponent(name), "in"), { recursive: true });
    const text = await html(`/files/${name}/in/`);
    expect(text).not.toContain("<script>alert");
    expect(await html(`/files/${name}/`)).not.toContain("<script>alert");
  });

  test("has the policy of the page, and no script but the page's own", async () => {
    const answer = await get("/files/dir/", BROWSER);
    const policy = answer.headers.get("content-security-policy") ?? "";
    expect(policy).toContain("script-src 'self'");
    expect(policy).not.toContain("unsafe");
    expect([...(await answer.text()).matchAll(/<script[^>]*>/g)].map(([tag]) => tag)).toEqual([
      '<script type="module" src="/app.js">',
    ]);
  });
});

describe("a folder of 2,450 entries", () => {
  test("is shown to browsers 200 at a time, and the link to more leads through all", async () => {
    const seen: string[] = [];
    let next: string | undefined = "/files/many/";
    let pages = 0;
    while (next !== undefined) {
      const text = await html(next);
      seen.push(...(await parsed(text)).links);
      next = /href="([^"]*)">More entries/.exec(text)?.[1];
      pages += 1;
    }
    expect(pages).toBe(13);
    expect(new Set(seen).size).toBe(2450);
    expect(seen.length).toBe(2450);
  });

  test.each(["*/*", "", "text/plain"])("is whole for a program that accepts %j", async (accept) => {
    const answer = await get("/files/many/", accept);
    expect(answer.headers.get("content-type")).toStartWith("text/html");
    const text = await answer.text();
    expect(text).toEndWith("</html>\n");
    expect(text).not.toContain("More entries");
    const { links } = await parsed(text);
    expect(new Set(links).size).toBe(2450);
    expect(links.length).toBe(2450);
  });

  test("HEAD is answered without listing it", async () => {
    const answer = await get("/files/many/", "*/*", { method: "HEAD" });
    expect([answer.status, await answer.text()]).toEqual([200, ""]);
  });
});

test("entries that cannot be shown are counted", async () => {
  for (const name of ["back\\slash", "CON.txt", "trail "])
    await Bun.write(join(server.root, "skipped", name), "x");
  for (const accept of [BROWSER, "*/*"])
    expect(await html("/files/skipped/", accept)).toContain(
      "3 entries cannot be shown: rename them on the server",
    );
});

test("a wrong cursor is refused, and one for JSON continues the listing", async () => {
  await problemIn(await get("/files/many/?cursor=x", BROWSER), "invalid_request");
  const first: { entries: { name: string }[]; next: string } = JSON.parse(
    await html("/files/many/", "application/json"),
  );
  const second = JSON.parse(await html(`/files/many/?cursor=${first.next}`, "application/json"));
  expect([first.entries.length, second.entries[0].name]).toEqual([1000, "f1000"]);
});

test("without the grant to read the page has no entries", async () => {
  await using closed = await startServer({ allow: new Set(["write"]) });
  await Bun.write(join(closed.root, "secret.txt"), "x");
  for (const accept of [BROWSER, "*/*"])
    expect(await (await closed.fetch("/", { headers: { accept } })).text()).not.toContain("secret");
});

test("when the root is gone, a browser gets the page that explains it, a program the problem", async () => {
  await using gone = await startServer();
  await gone.app.decorator.services.storage.close();
  expect((await gone.fetch("/", { headers: { accept: BROWSER } })).status).toBe(200);
  expect((await gone.fetch("/files/", { headers: { accept: "*/*" } })).status).toBeGreaterThanOrEqual(500);
});

test("a folder without its slash is redirected, but not for JSON", async () => {
  for (const method of ["GET", "HEAD"]) {
    const answer = await get("/files/dir/sub%20folder", "*/*", { redirect: "manual", method });
    expect([answer.status, answer.headers.get("location")]).toEqual([301, "/files/dir/sub%20folder/"]);
  }
  expect((await get("/files/dir", "application/json", { redirect: "manual" })).status).toBe(200);
});
