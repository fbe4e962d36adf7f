// GET /problems: the page to which the `type` of every problem leads.

import { afterAll, beforeAll, expect, test } from "bun:test";
import { PROBLEMS } from "../../../src/errors.ts";
import { Problem } from "../../../src/routes/openapi/shapes.ts";
import { bodyIn } from "../../support/answer.ts";
import { startServer, type TestServer } from "../../support/server.ts";

let server: TestServer;
beforeAll(async () => {
  server = await startServer();
});
afterAll(() => server.stop());

/** The sections of the page as text, by the id of their heading. */
async function sections(): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  let current = "";
  const rewriter = new HTMLRewriter()
    .on("section", {
      element(section) {
        current = section.getAttribute("id") ?? "";
        found.set(current, "");
      },
    })
    .on("section *", {
      text(piece) {
        found.set(current, found.get(current) + piece.text);
      },
    });
  await rewriter.transform(await server.fetch("/problems")).text();
  return found;
}

test("every problem has a section with its title, its status and advice", async () => {
  const found = await sections();
  expect([...found.keys()]).toEqual(Object.keys(PROBLEMS).map((code) => `/${code}`));
  for (const [code, { title, status }] of Object.entries(PROBLEMS)) {
    const text = found.get(`/${code}`);
    expect(text).toContain(Bun.escapeHTML(title));
    expect(text).toContain(`${code} · ${status}`);
  }
  expect(found.get("/missing_name")).toContain(
    "add ?name=photo.jpg or a Content-Disposition: attachment; filename=",
  );
});

test("the type of a problem leads to its section", async () => {
  const { type } = await bodyIn(Problem, await server.fetch("/files/none.txt"));
  const { pathname, hash } = new URL(type, server.url);
  expect(pathname).toBe("/problems");
  expect([...(await sections()).keys()]).toContain(decodeURIComponent(hash.slice(1)));
});

test("the page has no script and no inline style", async () => {
  const answer = await server.fetch("/problems");
  expect(answer.headers.get("content-type")).toBe("text/html; charset=utf-8");
  const policy = answer.headers.get("content-security-policy");
  expect(policy).toContain("default-src 'none'; style-src 'self';");
  expect(policy).not.toContain("script-src");
  expect(await answer.text()).not.toMatch(/<script|<style|style=|\son[a-z]+=/);
  expect((await server.fetch("/problems.css")).status).toBe(200);
});
