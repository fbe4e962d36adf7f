// Misleading names: markup, headers, terminal sequences, bidirectional control characters.

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { parse } from "content-disposition";
import { problemIn } from "../support/problem.ts";
import type { RawAnswer } from "../support/raw.ts";
import { BOUNDARY, FORM, FORM_END, filePart, head } from "./requests.ts";
import { startTarget, type Target } from "./target.ts";

let server: Target;
let json: Target;
beforeAll(async () => {
  server = await startTarget();
  json = await startTarget({ flags: ["--log", "json"] });
});
afterAll(async () => {
  await using one = server;
  await using other = json;
  for (const target of [one, other]) await target.expectUnharmed();
});

/** Characters that could mislead a terminal or a reader. */
const UNSAFE = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/;

const names: [why: string, name: string][] = [
  ["markup", "<img src=x onerror=alert(1)>.html"],
  ["markup that closes a tag", "\"'><script>alert(1)<script>.svg"],
  ["a template", "{{7*7}}#{7*7}<%= 7*7 %>"],
  ["a parameter of a header", '"; filename=evil.exe; x="'],
  ["percent signs", "%0d%0aSet-Cookie: evil=1"],
  ["a quote at the end", 'a"'],
  ["an encoded word", "=?utf-8?B?ZXZpbA==?="],
  ["an extended value", "UTF-8''evil.exe"],
  ["letters from right to left", "\u05d0\u05d1\u05d2.txt"],
  ["a mark that turns the direction", "photo_\u202egpj.exe"],
  ["isolates", "a\u2066b\u2069.txt"],
  ["letters of no width", "a\u200b\u200d\ufeffb.txt"],
  ["line separators", "a\u2028b\u2029c"],
  ["a flag and a family", "\ud83c\udde9\ud83c\uddea \ud83d\udc68\u200d\ud83d\udc69\u200d\ud83d\udc67.jpg"],
  ["noncharacters", "a\uffff\ufffeb"],
  ["letters that look like others", "\u0440aypal.txt"],
  ["a formula", "=cmd|' calc'!A0.csv"],
  ["an option", "--help"],
  ["a member of every object", "__proto__"],
  ["a URL", "javascript:alert(1)"],
  ["a query and a fragment", "a?b=c&d#e"],
];

async function save(target: Target, name: string, content = "hello"): Promise<RawAnswer> {
  const length = `Content-Length: ${content.length}`;
  using connection = await target.raw(
    head("POST", `/files/?name=${encodeURIComponent(name)}`, length) + content,
  );
  return await connection.answer();
}

async function ask(target: Target, url: string): Promise<RawAnswer> {
  using connection = await target.raw(head("GET", url));
  return await connection.answer();
}

test.each(names)("%s: is saved, listed and sent as exactly this name", async (_, name) => {
  const saved = await save(server, name);
  expect(saved.status).toBe(201);
  expect(JSON.parse(saved.text)).toMatchObject({ path: name, name });
  const location = saved.headers.get("location") ?? "";
  expect(location).toMatch(/^\/files\/[A-Za-z0-9%._~!'()*-]+$/);
  expect(decodeURIComponent(location)).toBe(`/files/${name}`);

  for (const query of ["", "?download"]) {
    const got = await ask(server, location + query);
    expect(got.text).toBe("hello");
    const disposition = got.headers.get("content-disposition") ?? "";
    expect(disposition).toMatch(/^[\x20-\x7e]+$/);
    const { type, parameters } = parse(disposition);
    expect(type).toBe(query === "" ? "inline" : "attachment");
    expect(parameters["filename"]).toBe(name);
    expect(Object.keys(parameters).filter((key) => !/^filename\*?$/.test(key))).toEqual([]);
    expect(got.headers.get("set-cookie")).toBeNull();
  }

  const listing = await ask(server, "/api/entries");
  expect(listing.headers.get("content-type")).toMatch(/^application\/json(;|$)/);
  expect(listing.headers.get("x-content-type-options")).toBe("nosniff");
  expect(JSON.parse(listing.text).entries).toContainEqual(expect.objectContaining({ path: name, name }));
});

test("their log lines are single lines that cannot be mistaken for others", async () => {
  for (const target of [server, json]) for (const [, name] of names) await save(target, name);
  const lines = server.log().trimEnd().split("\n");
  for (const line of lines) {
    expect(line).toMatch(/^\d{4}-\d\d-\d\dT[\d:.]+Z (?:saved|sent|slow) /);
    expect(line).not.toMatch(UNSAFE);
  }
  const events = json.log().trimEnd().split("\n");
  expect(events).toHaveLength(names.length);
  for (const [index, line] of events.entries()) {
    expect(line).not.toMatch(UNSAFE);
    expect(JSON.parse(line)).toMatchObject({ event: "saved", path: names[index]?.[1] });
  }
});

describe("a name that would be two lines, or a sequence for a terminal, is refused", () => {
  test.each([
    ["a header", "a\r\nSet-Cookie: evil=1"],
    ["a line feed", "a\nb"],
    ["a sequence that clears the screen", "\u001b[2J\u001b[31mred"],
    ["a sequence in one character", "\u009b31mred"],
    ["a bell", "a\u0007"],
    ["a backspace", "a\u0008b"],
    ["DEL", "a\u007f"],
  ])("%s", async (_, name) => {
    const byteString = Buffer.from(name).toString("latin1");
    const quoted = byteString.replaceAll("\r", "%0D").replaceAll("\n", "%0A");
    const extended = [...Buffer.from(name)].map((byte) => `%${byte.toString(16).padStart(2, "0")}`).join("");
    const one = "Content-Length: 1";
    const form = filePart(quoted, "x") + FORM_END;
    const requests = [
      `${head("PUT", `/files/${extended}`, one)}x`,
      `${head("POST", `/files/?name=${extended}`, one)}x`,
      `${head("POST", "/files/", `Content-Disposition: attachment; filename*=UTF-8''${extended}`, one)}x`,
      head("POST", "/files/", FORM, `Content-Length: ${form.length}`) + form,
    ];
    for (const request of requests) {
      using connection = await server.raw(Buffer.from(request, "latin1"));
      const answer = await connection.answer();
      await problemIn(answer, "invalid_path");
      expect([...answer.headers.values()].join()).not.toContain("evil");
      expect(answer.text).not.toMatch(/[\0-\x1f]/);
    }
  });
});

test("a field name that an error quotes is shortened and escaped", async () => {
  const field = `<script>\u202e${"n".repeat(10_000)}`;
  const disposition = `--${BOUNDARY}\r\nContent-Disposition: form-data; filename="x"; filename="y"; name="${field}"\r\n\r\n\r\n`;
  const unnamed = `--${BOUNDARY}\r\nContent-Disposition: form-data; name="${field}"; filename="../${field}"\r\n\r\n\r\n`;
  const form = Buffer.from(disposition + unnamed + FORM_END);
  using connection = await server.raw(head("POST", "/files/", FORM, `Content-Length: ${form.length}`));
  await connection.send(form);
  const answer = await connection.answer();
  expect(answer.status).toBe(400);
  expect(answer.headers.get("content-type")).toBe("application/problem+json");
  expect(answer.body.length).toBeLessThan(5000);
});

describe("a file that a browser could run", () => {
  test.each(["a.js", "a.mjs"])("%s is text, which no page accepts as a script", async (name) => {
    expect((await save(server, name, "alert(1)")).status).toBe(201);
    const { headers } = await ask(server, `/files/${name}`);
    expect(headers.get("content-type")).toBe("text/plain; charset=utf-8");
    expect(headers.get("x-content-type-options")).toBe("nosniff");
  });

  test.each([
    "a.html",
    "a.htm",
    "a.xhtml",
    "a.svg",
    "a.xml",
    "a.xsl",
    "a.css",
    "a.md",
    "a.swf",
    "a.wasm",
    "a.manifest",
    "a.appcache",
    "a.mht",
    "a.eml",
    "a.json",
    "a.HTML",
  ])("%s: stays in its box", async (name) => {
    expect((await save(server, name, "<script>alert(1)</script>")).status).toBe(201);
    for (const query of ["", "?download"]) {
      const got = await ask(server, `/files/${name}${query}`);
      const policy = got.headers.get("content-security-policy") ?? "";
      expect(policy.split("; ")).toContain("sandbox");
      expect(policy).toContain("default-src 'none'");
      expect(policy).not.toMatch(/allow-|script-src/);
      expect(got.headers.get("x-content-type-options")).toBe("nosniff");
      expect(got.headers.get("content-type")).not.toBeNull();
      expect(got.headers.get("service-worker-allowed")).toBeNull();
    }
  });

  test.each(["a", "a.unknown", "a.txt", "a.pdf", "a.png", "a.mp4", "a.ts"])(
    "%s: is not run, whatever it holds",
    async (name) => {
      expect((await save(server, name, "<script>alert(1)</script>")).status).toBe(201);
      const got = await ask(server, `/files/${name}`);
      expect(got.headers.get("content-type")).toMatch(
        /^(?:text\/plain|application\/pdf|(?:image|video)\/\w+$)/,
      );
      expect(got.headers.get("x-content-type-options")).toBe("nosniff");
      expect(got.headers.get("content-security-policy")).toStartWith("default-src 'none'");
      expect(got.headers.get("content-security-policy")).not.toMatch(/script-src/);
    },
  );

  test("is sandboxed also in 206 and 304 responses", async () => {
    const saved = await save(server, "ranged.html", "<script>alert(1)</script>");
    const { url, etag } = JSON.parse(saved.text);
    for (const header of ["Range: bytes=0-3", "Range: bytes=99-", `If-None-Match: ${etag}`]) {
      using connection = await server.raw(head("GET", url, header));
      const got = await connection.answer();
      if (got.status === 304 || got.status === 416) continue;
      expect(got.headers.get("content-security-policy")).toContain("sandbox");
      expect(got.headers.get("x-content-type-options")).toBe("nosniff");
    }
  });
});
