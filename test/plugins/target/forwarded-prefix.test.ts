// X-Forwarded-Prefix: a trusted proxy that strips a path tells it, and the URLs in answers have it. Nobody else decides about URLs.

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { type AccessServer, basic, startAccessServer } from "../../support/access.ts";
import { startServer, type TestServer } from "../../support/server.ts";

const PREFIX = "/apps/sluice";

let server: AccessServer;
beforeAll(async () => {
  server = await startAccessServer((database) => database.account("anna", {}, { owner: true }), {
    trustedProxy: ["127.0.0.0/8"],
    url: "https://files.example.org",
  });
});
afterAll(() => server.stop());

/** A request as it arrives from a proxy that has removed the prefix. */
function stripped(path: string, init: RequestInit = {}, prefix = PREFIX): Promise<Response> {
  const headers = { ...basic("anna"), ...init.headers, "x-forwarded-prefix": prefix };
  return server.fetch(path, { redirect: "manual", ...init, headers });
}

/** The Location of a new file, for a prefix. */
async function locationWith(prefix: string, to: Pick<TestServer, "fetch"> = server): Promise<string | null> {
  const headers = { ...basic("anna"), "x-forwarded-prefix": prefix };
  const answer = await to.fetch("/files/new.txt", { method: "PUT", body: "x", headers });
  expect(answer.ok).toBe(true);
  return answer.headers.get("location")?.replace(/\/files\/.*$/, "") ?? null;
}

describe("behind a trusted proxy that removes a path", () => {
  test("the URLs of an upload, a listing, a search and a problem are below it", async () => {
    const saved = await stripped("/files/dir/a%20b.txt", { method: "PUT", body: "one" });
    expect(saved.headers.get("location")).toBe(`${PREFIX}/files/dir/a%20b.txt`);
    expect(JSON.parse(await saved.text()).url).toBe(`${PREFIX}/files/dir/a%20b.txt`);
    for (const path of ["/api/entries?folder=dir", "/files/dir/", "/api/search?query=a%20b"]) {
      const text = await (await stripped(path, { headers: { accept: "application/json" } })).text();
      expect([path, /"url":"([^"]*)"/.exec(text)?.[1]]).toEqual([path, `${PREFIX}/files/dir/a%20b.txt`]);
    }
    const problem = await (await stripped("/files/none")).json();
    expect(problem).toMatchObject({ code: "not_found", type: `${PREFIX}/problems#/not_found` });
    const lost: { detail: string } = JSON.parse(await (await stripped("/film.mkv")).text());
    expect(lost.detail).toContain(`try ${PREFIX}/files/film.mkv`);
  });

  test("resumable uploads and jobs are found below it", async () => {
    const tus = {
      "tus-resumable": "1.0.0",
      "upload-length": "3",
      "upload-metadata": `filename ${btoa("t")}`,
    };
    const made = await stripped("/uploads", { method: "POST", headers: tus });
    expect(made.headers.get("location")).toStartWith(`${PREFIX}/uploads/`);
    const copied = await stripped("/api/copy", {
      method: "POST",
      headers: { "content-type": "application/json", prefer: "respond-async" },
      body: JSON.stringify({ from: "dir", to: "copied" }),
    });
    expect(copied.headers.get("location")).toStartWith(`${PREFIX}/api/jobs/`);
  });

  test("every link of every page, and the address of the API document, is below it", async () => {
    await stripped("/files/dir/in.txt", { method: "PUT", body: "one" });
    for (const path of ["/", "/files/dir/", "/swagger", "/problems", "/setup"]) {
      const text = await (await stripped(path, { headers: { accept: "text/html" } })).text();
      const links = [...text.matchAll(/(?:href|src)="(\/[^"]*)"/g)].map(([, link = ""]) => link);
      expect(links.length).toBeGreaterThan(1);
      expect([path, links.filter((link) => !link.startsWith(`${PREFIX}/`))]).toEqual([path, []]);
    }
    expect(await (await stripped("/", { headers: { accept: "text/html" } })).text()).toContain(
      `<meta name="sluice-base" content="${PREFIX}">`,
    );
    expect(await (await stripped("/swagger/start.js")).text()).toContain(`"url":"${PREFIX}/swagger/json"`);
    for (const prefix of [PREFIX, "/other"]) {
      const document = JSON.parse(await (await stripped("/swagger/json", {}, prefix)).text());
      expect(document.servers).toEqual([{ url: prefix, description: "This server" }]);
      expect(Object.keys(document.paths).length).toBeGreaterThan(10);
    }
  });

  test("redirects lead below it", async () => {
    const headers = { accept: "text/html" };
    const folder = await stripped("/files/dir", { headers });
    expect([folder.status, folder.headers.get("location")]).toEqual([301, `${PREFIX}/files/dir/`]);
    const root = await stripped("/files?a=b", { headers });
    const location = new URL(root.headers.get("location") ?? "", `https://files.example.org${PREFIX}/files`);
    expect(location.pathname + location.search).toBe(`${PREFIX}/files/?a=b`);
  });

  test("a link is below it, and so is the path of its cookie", async () => {
    const made = await stripped("/api/links", { method: "POST", body: JSON.stringify({ path: "dir" }) });
    const { url } = JSON.parse(await made.text());
    expect(url).toStartWith(`${PREFIX}/s/`);
    const page = await stripped(url.slice(PREFIX.length));
    expect(page.headers.get("set-cookie")).toContain(`Path=${url};`);
  });
});

test("of several values the last counts, and a slash at its end does not", async () => {
  expect(await locationWith("/invented, /apps/sluice/")).toBe("/apps/sluice");
});

test("it counts instead of --base-path, for the requests that have it", async () => {
  await using based = await startServer({ basePath: "/sluice", trustedProxy: ["127.0.0.1/32"] });
  expect(await locationWith("/apps", based)).toBe("/apps");
  expect(await locationWith("", based)).toBe("/sluice");
});

test.each([
  ["//evil.example"],
  ["https://evil.example"],
  ["evil"],
  ["/a//b"],
  ["/a/../b"],
  ["/.."],
  ["/a b"],
  ["/a?b"],
  ["/a#b"],
  ["/a%2f"],
  ["/\\evil.example"],
  ['/"><script>'],
  ["/ä"],
  ["/a, https://evil.example"],
  [`/${"a".repeat(200)}`],
])("%j from a trusted proxy is no clean path, and changes nothing", async (prefix) => {
  const headers = new Headers({ ...basic("anna"), accept: "text/html" });
  try {
    headers.set("x-forwarded-prefix", prefix);
  } catch {
    // A client has to send it in another encoding.
    headers.set("x-forwarded-prefix", Buffer.from(prefix).toString("latin1"));
  }
  const folder = await server.fetch("/files/dir", { headers, redirect: "manual" });
  expect(folder.headers.get("location")).toBe("/files/dir/");
  const page = await (await server.fetch("/", { headers })).text();
  expect(page).toContain('<meta name="sluice-base" content="">');
});

test("of 200 characters it is still a prefix", async () => {
  const prefix = `/${"a".repeat(199)}`;
  expect(await locationWith(prefix)).toBe(prefix);
});

test.each([
  ["without a trusted proxy", {}],
  [
    "from another address than that of the proxy, whatever it says of itself",
    { trustedProxy: ["192.0.2.0/24"] },
  ],
])("%s it changes nothing", async (_, options) => {
  await using plain = await startServer(options);
  expect(await locationWith("/evil", plain)).toBe("");
  const headers = { accept: "text/html", "x-forwarded-prefix": "/evil", "x-forwarded-for": "127.0.0.1" };
  for (const path of ["/", "/files/", "/problems", "/swagger", "/no/such"])
    expect(await (await plain.fetch(path, { headers })).text()).not.toContain("/evil");
});
