// Destination: the path that it names, in UTF-8, below the root folder.

import { expect, test } from "bun:test";
import { destinationOf } from "../../../src/http/dav/destination.ts";

const path = (destination: string) => destinationOf(new Headers({ destination }), "/dav/");

test("has any host, and UTF-8 with or without encoding", () => {
  expect(path("http://other.example:99/dav/a%20b")).toBe("a%20b");
  expect(path("/dav/\u00c3\u00a4")).toBe("ä");
});

test("of bytes that are not UTF-8 is refused: all such names would become one, and each file replace the one before", () => {
  for (const sent of ["/dav/\u00e4", "/dav/\u00f6", "http://a/dav/a\u00ff"])
    expect(() => path(sent)).toThrow("in UTF-8");
});

test("is below the root folder, whatever is in front of it", () => {
  for (const sent of ["//evil/dav/x", "http:/dav/x", "/DAV/x", "/files/x", "/dav", "/dav/a?b", "/dav/a#b"])
    expect(() => path(sent)).toThrow("Destination");
});
