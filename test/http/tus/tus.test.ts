// tus 1.0.0: versions, methods, what a POST and a PATCH say, and what answers say.

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
/** No numbers of bytes: a header that was sent twice arrives as `5, 5`. */
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
  test("1.0.0 is spoken", () => {
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

  test("is the request's own, or the one that goes before it", () => {
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
  test("makes an upload of a length, with what is said about the file", () => {
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

  test("may say its length later, and then not now", () => {
    expect(creation({ "upload-defer-length": "1" }).length).toBeNull();
    refused({}, "upload-length");
    refused({ "upload-defer-length": "1", "upload-length": "100" }, "upload-length");
  });

  test.each(["0", "2", "true", "", "1, 1"])("cannot say it later with %p", (value) =>
    refused({ "upload-defer-length": value }, "upload-defer-length"),
  );

  test("may carry the first bytes and their checksum", () => {
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

  test("with broken metadata or checksum is refused", () => {
    refused({ "upload-length": "1", "upload-metadata": "a b" }, "upload-metadata");
    refused({ "upload-length": "1", "upload-checksum": "sha3 AAAA" }, "upload-checksum");
  });
});

describe("a POST of concatenation", () => {
  test("makes a partial upload", () => {
    expect(creation({ "upload-length": "5", "upload-concat": "partial" }).concat).toEqual({
      kind: "partial",
    });
  });

  test("makes a final one of absolute and relative URLs, in their order, repeats included", () => {
    const header = "final;https://files.example/uploads/b /uploads/a /uploads/b";
    const { concat, length } = creation({ "upload-concat": header });
    expect(length).toBeNull();
    expect(concat).toEqual({
      kind: "final",
      urls: ["https://files.example/uploads/b", "/uploads/a", "/uploads/b"],
    });
    expect(concat && formatConcat(concat)).toBe(header);
  });

  test("makes no final one with a length or a body of its own", () => {
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

  test("has a bounded number of partials", () => {
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
  test("says where its bytes begin", () => {
    expect(append({ "upload-offset": "70" })).toEqual({ offset: 70, length: null, checksum: null });
  });

  test("may say a length that was deferred, and a checksum", () => {
    const said = append({ "upload-offset": "0", "upload-length": "12", "upload-checksum": "crc32 AAAAAA==" });
    expect(said.length).toBe(12);
    expect(said.checksum?.algorithm).toBe("crc32");
  });

  test("of another type is refused, also when nothing else is right", () => {
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

describe("answers", () => {
  test("tell everything about an upload", () => {
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

  test("tell that a length is deferred, and of an offset of 0", () => {
    expect(formatState({ offset: 0, length: null, metadata: new Map(), concat: null })).toEqual({
      "tus-resumable": "1.0.0",
      "upload-offset": "0",
      "upload-defer-length": "1",
    });
  });

  test("tell neither offset nor length of a final upload that is not put together", () => {
    const concat = { kind: "final", urls: ["/uploads/a", "/uploads/b"] } as const;
    expect(formatState({ offset: null, length: null, concat })).toEqual({
      "tus-resumable": "1.0.0",
      "upload-concat": "final;/uploads/a /uploads/b",
    });
  });

  test("to OPTIONS tell what is spoken", () => {
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
