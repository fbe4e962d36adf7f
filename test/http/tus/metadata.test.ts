// Upload-Metadata: parsing, refusals, formatting, and the target of the file.

import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import {
  formatMetadata,
  fromBase64,
  MAX_METADATA,
  MAX_PAIRS,
  parseMetadata,
  targetOf,
} from "../../../src/http/tus/metadata.ts";
import { problemOf } from "../../support/thrown.ts";

const base64 = (text: string) => Buffer.from(text).toString("base64");
const textsIn = (header: string | null) =>
  Object.fromEntries([...parseMetadata(header)].map(([key, value]) => [key, Buffer.from(value).toString()]));

describe("metadata", () => {
  test.each<[string, string | null, Record<string, string>]>([
    ["no header", null, {}],
    ["an empty header", "", {}],
    [
      "the example of the protocol",
      "filename d29ybGRfZG9taW5hdGlvbl9wbGFuLnBkZg==,is_confidential",
      { filename: "world_domination_plan.pdf", is_confidential: "" },
    ],
    ["an empty value with its space", "empty ,name YQ==", { empty: "", name: "a" }],
    ["two headers that were joined", "name YQ==, type Yg==", { name: "a", type: "b" }],
    ["a key with every kind of sign", "a.b-c_d/e:f=g YQ==", { "a.b-c_d/e:f=g": "a" }],
    ["keys that differ in case", "Name YQ==,name Yg==", { Name: "a", name: "b" }],
    ["keys objects have", "__proto__ YQ==,constructor Yg==", { ["__proto__"]: "a", constructor: "b" }],
    ["UTF-8", `name ${base64("日本 ß.txt")}`, { name: "日本 ß.txt" }],
  ])("is read from %s", (_, header, texts) => {
    expect(textsIn(header)).toEqual(texts);
  });

  test.each([
    ["a key twice", "filename YQ==,filename Yg=="],
    ["an empty pair", "filename YQ==,"],
    ["nothing but a comma", ","],
    ["a key that is not ASCII", "naïve YQ=="],
    ["a key with a tab", "na\tme YQ=="],
    ["two spaces", "name  YQ=="],
    ["two values", "name YQ== Yg=="],
    ["signs that are not base64", "name not_valid_base64!!!"],
    ["the alphabet of URLs", "name -_-_"],
    ["no padding", "name YQ"],
    ["too much padding", "name YWI==="],
    ["padding in the middle", "name YQ==YQ=="],
    ["stray bits after the end", "name YR=="],
    ["one letter too few", "name YWJjZ"],
    ["white space in base64", "name YWJj\tYWJj"],
    ["more pairs than are kept", Array.from({ length: MAX_PAIRS + 1 }, (_, index) => `k${index}`).join(",")],
    ["more than is kept", `name ${"A".repeat(MAX_METADATA)}`],
  ])("with %s is refused", (_, header) => {
    const problem = problemOf(() => parseMetadata(header));
    expect(problem.code).toBe("invalid_request");
    expect(problem.errors).toEqual([
      { code: "invalid_value", pointer: "/headers/upload-metadata", detail: problem.detail },
    ]);
    expect(problem.detail.length).toBeLessThan(120);
  });

  test("may have the maximum length and number of pairs", () => {
    const value = "A".repeat(Math.floor((MAX_METADATA - 5) / 4) * 4);
    expect(parseMetadata(`name ${value}`).get("name")?.length).toBe((value.length / 4) * 3);
    const many = Array.from({ length: MAX_PAIRS }, (_, index) => `k${index}`).join(",");
    expect(parseMetadata(many).size).toBe(MAX_PAIRS);
  });

  test("is formatted as it was parsed, byte for byte", () => {
    for (const header of ["", "filename d29ybGQ=,is_confidential", "b YQ==,a /+8="])
      expect(formatMetadata(parseMetadata(header))).toBe(header);
    const key = fc.stringMatching(/^[!-+\--~]{1,20}$/);
    fc.assert(
      fc.property(fc.uniqueArray(fc.tuple(key, fc.uint8Array()), { selector: ([name]) => name }), (pairs) => {
        expect([...parseMetadata(formatMetadata(new Map(pairs)))]).toEqual(pairs);
      }),
    );
  });
});

describe("base64", () => {
  test("is accepted only in the form that Buffer writes", () => {
    fc.assert(
      fc.property(fc.uint8Array(), (bytes) => {
        expect(fromBase64(Buffer.from(bytes).toString("base64"))).toEqual(bytes);
      }),
    );
    fc.assert(
      fc.property(fc.string(), (text) => {
        const bytes = fromBase64(text);
        if (bytes !== null) expect(Buffer.from(bytes).toString("base64")).toBe(text);
      }),
    );
  });
});

describe("the target", () => {
  const target = (pairs: Record<string, string>) =>
    targetOf(new Map(Object.entries(pairs).map(([key, value]) => [key, Buffer.from(value)])));

  test.each<[string, Record<string, string>, string, string | null]>([
    ["a file name", { filename: "a.jpg" }, "", "a.jpg"],
    ["a folder and a file name", { folder: "photos/2026/", filename: "a.jpg" }, "photos/2026/", "a.jpg"],
    ["a relative path", { relativePath: "photos/a.jpg", filename: "a.jpg" }, "", "photos/a.jpg"],
    ["a relative path before a folder", { relativePath: "x/a", folder: "y", filename: "a" }, "", "x/a"],
    ["Uppy's file without a folder", { relativePath: "null", filename: "a.jpg", name: "a.jpg" }, "", "a.jpg"],
    ["an empty relative path", { relativePath: "", filename: "a.jpg" }, "", "a.jpg"],
    ["a name that JavaScript did not have", { filename: "undefined", folder: "null" }, "", null],
    ["a path that JavaScript did not have", { relativePath: "undefined", filename: "a" }, "", "a"],
    ["a folder alone", { folder: "photos" }, "photos", null],
    ["an empty file name, which is one that breaks a rule", { filename: "" }, "", ""],
    ["what leads out, as it is", { folder: "..", filename: "/etc/x\0" }, "..", "/etc/x\0"],
    ["nothing", { type: "text/plain" }, "", null],
  ])("of %s", (_, pairs, folder, name) => {
    expect(target(pairs)).toMatchObject({ folder, name });
  });

  test("has errors with a pointer to its source", () => {
    expect(target({ relativePath: "a/b" }).pointer).toBe("/metadata/relativePath");
    expect(target({ filename: "b" }).pointer).toBe("/metadata/filename");
  });

  test.each(["filename", "folder", "relativePath"])("is refused when %s is not UTF-8", (key) => {
    const problem = problemOf(() => targetOf(new Map([[key, new Uint8Array([0x61, 0xff])]])));
    expect(problem.code).toBe("invalid_request");
    expect(problem.detail).toContain(key);
  });
});
