// The XML of WebDAV: names, what is kept of a value, and what is refused.

import { describe, expect, test } from "bun:test";
import { Problem } from "../../../src/errors.ts";
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

  test.each([
    ["text", "x"],
    ["nothing", ""],
    ["an open element", "<a>"],
    ["a document type", "<!DOCTYPE a><a/>"],
    ["an unknown entity", "<a>&b;</a>"],
    ["an unbound prefix", "<b:a/>"],
    ["an empty prefix", '<a xmlns:b=""><b:c/></a>'],
    ["too many elements inside each other", "<a>".repeat(65)],
  ])("refuses %s", (_, text) => {
    expect(() => parseXml(text)).toThrow(Problem);
  });
});

test("escapeXml replaces characters that XML cannot contain", () => {
  expect(escapeXml("a\u0000\u001b\uffff\ud800b")).toBe("a\ufffd\ufffd\ufffd\ufffdb");
});
