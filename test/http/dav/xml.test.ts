// The XML of WebDAV: names, what is kept of a value, and what is refused.

import { describe, expect, test } from "bun:test";
import { Problem } from "../../../src/errors.ts";
import { wantedProperties } from "../../../src/http/dav/propfind-body.ts";
import { childOf, dav, elementOf, escapeXml, parseXml } from "../../../src/http/dav/xml.ts";

describe("parseXml", () => {
  test("names elements by namespace, whatever the prefix", () => {
    for (const text of ['<a xmlns="DAV:"><b/></a>', '<x:a xmlns:x="DAV:"><x:b></x:b></x:a>']) {
      const root = parseXml(text);
      expect(root.name).toBe("{DAV:}a");
      expect(childOf(root, dav("b"))?.name).toBe("{DAV:}b");
    }
    expect(parseXml("<a/>").name).toBe("{}a");
  });

  test("says in one sentence why a text is no XML", () => {
    expect(() => parseXml("<a")).toThrow(/read: [^.]+\.$/);
  });

  test("keeps a value as XML that declares its own namespaces", () => {
    const source =
      '<D:owner xmlns:D="DAV:" xmlns:Z="urn:z"> <D:href xml:lang="de">a&amp;b</D:href><Z:x k="&quot;" Z:l="2"><![CDATA[<]]></Z:x></D:owner>';
    const content = parseXml(source).content();
    const again = parseXml(`<r>${content}</r>`);
    expect(again.content()).toBe(content);
    expect(again.children.map(({ name, text }) => [name, text])).toEqual([
      ["{DAV:}href", "a&b"],
      ["{urn:z}x", "<"],
    ]);
    expect(content).toContain('xml:lang="de"');
    expect(content).toContain('k="&quot;"');
  });

  test("gives back what it has written, for any name and text", () => {
    for (const text of ["", "a", "<&>\"'", "ü\u{1f600}", "\r\n\t", "]]>"])
      expect(parseXml(`<r>${elementOf('{urn:<&">}n', escapeXml(text))}</r>`).children[0]?.text).toBe(text);
  });

  test("writes attributes of several namespaces, and line breaks in them, so that they can be read again", () => {
    const source =
      '<p:r xmlns:p="u:1" xmlns:q="u:&#10;2" p:x="1" q:y="&#9;&#10;" p:z="3" w=""><xml:s xml:lang="de" p:t=""/></p:r>';
    const written = parseXml(source).outer();
    expect(parseXml(written).outer()).toBe(written);
    expect(written).toBe(
      '<r xmlns="u:1" xmlns:a="u:1" a:x="1" xmlns:a2="u:&#10;2" a2:y="&#9;&#10;" a:z="3" w=""><xml:s xml:lang="de" xmlns:a="u:1" a:t=""></xml:s></r>',
    );
    expect(elementOf("{http://www.w3.org/XML/1998/namespace}s", "t")).toBe("<xml:s>t</xml:s>");
  });

  test("refuses a long namespace, which would be written with each of its elements: 1.2 GB of 256 KiB", () => {
    const long = `u:${"x".repeat(128 * 1024)}`;
    for (const text of [
      `<p:r xmlns:p="${long}">${"<p:e/>".repeat(9000)}</p:r>`,
      `<r xmlns:p="${long}">${'<e p:x=""/>'.repeat(9000)}</r>`,
      `<${"x".repeat(257)}/>`,
    ])
      expect(() => parseXml(text)).toThrow("more than 256 characters");
    const short = `u:${"x".repeat(254)}`;
    const all = parseXml(`<p:r xmlns:p="${short}">${'<p:e p:x=""/>'.repeat(2400)}</p:r>`).outer();
    expect(all.length).toBeLessThan(2_000_000);
  });

  test.each([
    ["text", "x"],
    ["nothing", ""],
    ["an open element", "<a>"],
    ["a document type", "<!DOCTYPE a><a/>"],
    ["an unknown entity", "<a>&b;</a>"],
    ["an unbound prefix", "<b:a/>"],
    ["an empty prefix", '<a xmlns:b=""><b:c/></a>'],
    ["too many elements inside each other", "<a>".repeat(65)],
    ["too many elements", `<a>${"<b/>".repeat(5000)}</a>`],
    ["too many attributes", `<a ${Array.from({ length: 5000 }, (_, n) => `b${n}=""`).join(" ")}/>`],
    ["too many texts", `<a>${"<![CDATA[x]]>".repeat(5000)}</a>`],
  ])("refuses %s", (_, text) => {
    expect(() => parseXml(text)).toThrow(Problem);
  });
});

test("escapeXml replaces characters that XML cannot contain", () => {
  expect(escapeXml("a\u0000\u001b\uffff\ud800b")).toBe("a\ufffd\ufffd\ufffd\ufffdb");
});

test("names asked for by PROPFIND are bounded, because they are answered for each entry", () => {
  const asking = (length: number) =>
    wantedProperties(
      `<D:propfind xmlns:D="DAV:"><D:prop>${Array.from({ length: 255 }, (_, n) => `<x${n}${"y".repeat(length)}/>`).join("")}</D:prop></D:propfind>`,
    );
  expect(asking(50)).toMatchObject({ kind: "some" });
  expect(() => asking(100)).toThrow("16 KiB");
});
