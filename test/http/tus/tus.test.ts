// tus 1.0.0: versions, methods, POST, PATCH and responses.

import { describe, expect, test } from "bun:test";
import { parseMetadata } from "../../../src/http/tus/metadata.ts";
import {
  checkVersion,
  formatAbilities,
  formatConcat,
  formatState,
  MAX_PARTIALS,
  methodOf,
  OFFSET_TYPE,
  readAppend,
  readCreation,
  speaksTus,
  uploadIn,
} from "../../../src/http/tus/tus.ts";
import { problemOf } from "../../support/thrown.ts";

type Named = Record<string, string>;
const creation = (headers: Named) => readCreation(new Headers(headers));
const append = (headers: Named) => readAppend(new Headers({ "content-type": OFFSET_TYPE, ...headers }));
const refused = (headers: Named, pointer: string) => {
  const problem = problemOf(() => creation(headers));
  expect(problem.code).toBe("invalid_request");
  expect(problem.errors).toMatchObject([{ pointer: `/headers/${pointer}` }]);
};
/** Invalid lengths. A repeated header arrives as `5, 5`. */
const NO_NUMBERS = [
  "",
  "-1",
  "+1",
  "1.0",
  "1e3",
  "0x10",
  "007",
  "NaN",
  "Infinity",
  "5, 5",
  "5,6",
  "1 000",
  "²",
  "5;a",
];

describe("the version", () => {
  test("1.0.0 is supported", () => {
    const headers = new Headers({ "Tus-Resumable": "1.0.0" });
    expect(speaksTus(headers)).toBe(true);
    expect(() => checkVersion(headers)).not.toThrow();
    expect(speaksTus(new Headers())).toBe(false);
  });

  test.each([undefined, "", "0.0.1", "0.2.2", "1.0", "1.0.1", "99.99.99", "1.0.0, 1.0.0"])(
    "%p is not",
    (version) => {
      const problem = problemOf(() =>
        checkVersion(new Headers(version === undefined ? {} : { "tus-resumable": version })),
      );
      expect(problem.status).toBe(412);
      expect(problem.code).toBe("unsupported_version");
      expect(problem.headers).toEqual({ "tus-version": "1.0.0" });
    },
  );
});

describe("the method", () => {
  const method = (name: string, override?: string) =>
    methodOf({
      method: name,
      headers: new Headers(override === undefined ? {} : { "X-HTTP-Method-Override": override }),
    });

  test("is the request's own, or the one in X-HTTP-Method-Override", () => {
    expect(method("PATCH")).toBe("PATCH");
    expect(method("POST", "PATCH")).toBe("PATCH");
    expect(method("POST", "DELETE")).toBe("DELETE");
    expect(method("POST", "POST")).toBe("POST");
  });

  test.each(["", "PUT", "patch", "CONNECT", "PATCH, DELETE", "constructor"])(
    "cannot become %p",
    (override) => {
      expect(problemOf(() => method("POST", override)).errors).toMatchObject([
        { pointer: "/headers/x-http-method-override" },
      ]);
    },
  );
});

describe("a POST", () => {
  test("creates an upload with a length and metadata", () => {
    expect(creation({ "Upload-Length": "100", "Upload-Metadata": "filename YQ==" })).toEqual({
      length: 100,
      metadata: new Map([["filename", new Uint8Array([0x61])]]),
      concat: null,
      hasBytes: false,
      checksum: null,
    });
  });

  test.each([
    ["0", 0],
    ["1125899906842624", 2 ** 50],
    [`${Number.MAX_SAFE_INTEGER}`, Number.MAX_SAFE_INTEGER],
  ])("may be %s bytes long", (text, length) => {
    expect(creation({ "upload-length": text }).length).toBe(length);
  });

  test.each(NO_NUMBERS)("cannot be %p bytes long", (length) =>
    refused({ "upload-length": length }, "upload-length"),
  );

  test.each(["9007199254740992", "9".repeat(400), "9".repeat(8000)])("of %p bytes is too large", (length) => {
    expect(problemOf(() => creation({ "upload-length": length })).status).toBe(413);
  });

  test("may defer its length, but then not state one", () => {
    expect(creation({ "upload-defer-length": "1" }).length).toBeNull();
    refused({}, "upload-length");
    refused({ "upload-defer-length": "1", "upload-length": "100" }, "upload-length");
  });

  test.each(["0", "2", "true", "", "1, 1"])("cannot defer its length with %p", (value) =>
    refused({ "upload-defer-length": value }, "upload-defer-length"),
  );

  test("may contain the first bytes and their checksum", () => {
    const carrying = creation({
      "upload-length": "12",
      "content-length": "5",
      "content-type": `${OFFSET_TYPE}; charset=binary`,
      "upload-checksum": "sha1 Kq5sNclPz7QV2+lfQIuc6R7oRu0=",
    });
    expect(carrying.hasBytes).toBe(true);
    expect(carrying.checksum?.algorithm).toBe("sha1");
    expect(carrying.checksum?.expected.length).toBe(20);
  });

  test("with bytes of another type is refused", () => {
    for (const body of [{ "content-length": "5" }, { "transfer-encoding": "chunked" }])
      for (const type of [{}, { "content-type": "text/plain" }]) {
        const problem = problemOf(() => creation({ "upload-length": "12", ...body, ...type }));
        expect(problem.code).toBe("unsupported_type");
      }
    const empty = { "upload-length": "12", "content-length": "0", "content-type": "application/json" };
    expect(creation(empty).hasBytes).toBe(false);
  });

  test("with invalid metadata or checksum is refused", () => {
    refused({ "upload-length": "1", "upload-metadata": "a b" }, "upload-metadata");
    refused({ "upload-length": "1", "upload-checksum": "sha3 AAAA" }, "upload-checksum");
  });
});

describe("a POST of concatenation", () => {
  test("creates a partial upload", () => {
    expect(creation({ "upload-length": "5", "upload-concat": "partial" }).concat).toEqual({
      kind: "partial",
    });
  });

  test("creates a final upload from absolute and relative URLs, in order, with repeats", () => {
    const header = "final;https://files.example/uploads/b /uploads/a /uploads/b";
    const { concat, length } = creation({ "upload-concat": header });
    expect(length).toBeNull();
    expect(concat).toEqual({
      kind: "final",
      urls: ["https://files.example/uploads/b", "/uploads/a", "/uploads/b"],
    });
    expect(concat && formatConcat(concat)).toBe(header);
  });

  test("cannot create a final upload with a length or a body", () => {
    refused({ "upload-concat": "final;/uploads/a", "upload-length": "6" }, "upload-length");
    refused({ "upload-concat": "final;/uploads/a", "upload-defer-length": "1" }, "upload-length");
    const body = { "content-type": OFFSET_TYPE, "content-length": "3" };
    refused({ "upload-concat": "final;/uploads/a", ...body }, "upload-concat");
  });

  test.each([
    "",
    "Partial",
    "partial;",
    "final",
    "final;",
    "final; ",
    "final /uploads/a",
    "final;/uploads/",
    "final;http://",
  ])("is refused with %p", (concat) => refused({ "upload-concat": concat }, "upload-concat"));

  test("has a bounded number of partial uploads", () => {
    const of = (count: number) => `final;${"/a ".repeat(count)}`;
    expect(creation({ "upload-concat": of(MAX_PARTIALS) }).concat).toMatchObject({ kind: "final" });
    refused({ "upload-concat": of(MAX_PARTIALS + 1) }, "upload-concat");
  });

  test.each([
    ["/uploads/abc", "abc"],
    ["abc", "abc"],
    ["../uploads/abc", "abc"],
    ["https://files.example:8443/behind/a/proxy/uploads/abc?x=1#y", "abc"],
    ["//files.example/uploads/abc", "abc"],
    ["/uploads/", null],
    ["", null],
    ["http://", null],
    ["/uploads/..", null],
  ])("the upload in %p is %p", (url, id) => expect(uploadIn(url)).toBe(id));
});

describe("a PATCH", () => {
  test("states its offset", () => {
    expect(append({ "upload-offset": "70" })).toEqual({ offset: 70, length: null, checksum: null });
  });

  test("may state a deferred length and a checksum", () => {
    const said = append({ "upload-offset": "0", "upload-length": "12", "upload-checksum": "crc32 AAAAAA==" });
    expect(said.length).toBe(12);
    expect(said.checksum?.algorithm).toBe("crc32");
  });

  test("of another type is refused first, whatever else is wrong", () => {
    for (const type of ["", "text/plain", "application/octet-stream", "application/partial-upload"])
      expect(problemOf(() => append({ "content-type": type, "upload-offset": "x" })).status).toBe(415);
    const without = new Headers({ "upload-offset": "0" });
    expect(problemOf(() => readAppend(without)).code).toBe("unsupported_type");
  });

  test.each([undefined, ...NO_NUMBERS, "9007199254740992", "9".repeat(8000)])(
    "cannot begin at %p",
    (offset) => {
      const problem = problemOf(() => append(offset === undefined ? {} : { "upload-offset": offset }));
      expect(problem.code).toBe("invalid_request");
      expect(problem.errors).toMatchObject([{ pointer: "/headers/upload-offset" }]);
    },
  );
});

describe("responses", () => {
  test("state all properties of an upload", () => {
    expect(
      formatState({
        offset: 70,
        length: 100,
        metadata: parseMetadata("filename YQ==,empty"),
        concat: { kind: "partial" },
        expires: new Date("2026-01-01T00:00:00.999Z"),
      }),
    ).toEqual({
      "tus-resumable": "1.0.0",
      "upload-offset": "70",
      "upload-length": "100",
      "upload-metadata": "filename YQ==,empty",
      "upload-concat": "partial",
      "upload-expires": "Thu, 01 Jan 2026 00:00:00 GMT",
    });
  });

  test("state that the length is deferred, and an offset of 0", () => {
    expect(formatState({ offset: 0, length: null, metadata: new Map(), concat: null })).toEqual({
      "tus-resumable": "1.0.0",
      "upload-offset": "0",
      "upload-defer-length": "1",
    });
  });

  test("state neither offset nor length of a final upload that is not yet concatenated", () => {
    const concat = { kind: "final", urls: ["/uploads/a", "/uploads/b"] } as const;
    expect(formatState({ offset: null, length: null, concat })).toEqual({
      "tus-resumable": "1.0.0",
      "upload-concat": "final;/uploads/a /uploads/b",
    });
  });

  test("to OPTIONS state the supported versions and extensions", () => {
    const abilities = formatAbilities(1000);
    expect(abilities).toEqual({
      "tus-resumable": "1.0.0",
      "tus-version": "1.0.0",
      "tus-max-size": "1000",
      "tus-checksum-algorithm": "sha1,sha256,sha512,md5,crc32",
      "tus-extension":
        "creation,creation-with-upload,creation-defer-length,expiration,checksum,termination,concatenation,concatenation-unfinished",
    });
    expect(formatAbilities(Number.POSITIVE_INFINITY)).not.toHaveProperty("tus-max-size");
  });
});
