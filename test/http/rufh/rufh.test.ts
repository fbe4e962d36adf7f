// Resumable Uploads for HTTP: requests and responses of each version, and ignored headers.

import { describe, expect, test } from "bun:test";
import { problemBody } from "../../../src/errors.ts";
import { DRAFTS, type Draft, NEWEST } from "../../../src/http/rufh/drafts.ts";
import {
  checkNoBodyHeaders,
  draftOf,
  formatLimits,
  formatProgress,
  offsetMismatch,
  PARTIAL_TYPE,
  readAppend,
  readStart,
  speaksResumable,
} from "../../../src/http/rufh/rufh.ts";
import { problemOf } from "../../support/thrown.ts";

type Named = Record<string, string>;
const draft = (version: number): Draft =>
  draftOf(new Headers({ "Upload-Draft-Interop-Version": `${version}` }));
const start = (version: number, headers: Named) => readStart(draft(version), new Headers(headers));
const addition = (version: number, headers: Named) =>
  readAppend(draft(version), new Headers({ "content-type": PARTIAL_TYPE, ...headers }));
const VERSIONS = [3, 5, 6, 8, 10];
/** Versions with the header `Upload-Complete`. */
const COMPLETE = [5, 6, 8, 10];

describe("the version", () => {
  test("is one of the supported ones, from the oldest to the newest", () => {
    expect(DRAFTS.map(({ version }) => version)).toEqual([3, 5, 6, 8, 10]);
    expect(NEWEST.version).toBe(10);
  });

  test.each([
    ["3", 3],
    ["5", 5],
    ["6", 6],
    ["8", 8],
    ["10", 10],
    ["6;x=1", 6],
    // Unsupported: the next newer one, at most the newest.
    ["2", 3],
    ["4", 5],
    ["7", 8],
    ["9", 10],
    ["11", 10],
    // Not an Integer: ignored.
    ['"6"', 10],
    ["6.0", 10],
    ["-6", 10],
    ["?1", 10],
    ["6, 6", 10],
    ["", 10],
  ])("%p is spoken as %i", (header, version) => {
    expect(draftOf(new Headers({ "Upload-Draft-Interop-Version": header })).version).toBe(version);
  });

  test("is detected in the request, and not in one of tus", () => {
    for (const name of ["Upload-Draft-Interop-Version", "Upload-Complete", "Upload-Incomplete"])
      expect(speaksResumable(new Headers({ [name]: "?" }))).toBe(true);
    expect(speaksResumable(new Headers({ "Tus-Resumable": "1.0.0", "Upload-Offset": "0" }))).toBe(false);
  });

  test("is the newest by default", () => {
    expect(draftOf(new Headers())).toBe(NEWEST);
  });
});

describe("a request that creates an upload", () => {
  test.each(COMPLETE)("states in version %i whether its body is the whole file", (version) => {
    expect(start(version, { "upload-complete": "?0" })).toEqual({ complete: false, length: null });
    expect(start(version, { "upload-complete": "?1", "content-length": "5" })).toEqual({
      complete: true,
      length: 5,
    });
    expect(start(version, { "upload-complete": "?0", "upload-length": "9", "content-length": "5" })).toEqual({
      complete: false,
      length: 9,
    });
    expect(start(version, { "upload-complete": "?1" })).toEqual({ complete: true, length: null });
    expect(start(version, { "upload-incomplete": "?1" })).toBeNull();
  });

  test("states the opposite in version 3", () => {
    expect(start(3, { "upload-incomplete": "?1" })).toEqual({ complete: false, length: null });
    expect(start(3, { "upload-incomplete": "?0", "content-length": "0" })).toEqual({
      complete: true,
      length: 0,
    });
    expect(start(3, { "upload-complete": "?1" })).toBeNull();
  });

  test.each(["1", "0", "true", "?2", "?", "?1, ?1", '"?1"', ":AA==:", "?1 x", ""])(
    "is an ordinary one with %p, which is no Boolean",
    (header) => expect(start(8, { "upload-complete": header })).toBeNull(),
  );

  test.each(VERSIONS)("cannot be one of a part, which only tus supports, in version %d", (version) => {
    const said = { "upload-concat": "partial", "upload-complete": "?0", "upload-incomplete": "?1" };
    expect(problemOf(() => start(version, said)).code).toBe("invalid_request");
  });

  test("may have parameters, which are ignored", () => {
    expect(start(8, { "upload-complete": "?0;why=no", "upload-length": "7;x" })).toEqual({
      complete: false,
      length: 7,
    });
  });

  test.each(["-1", "1.0", "?1", '"5"', "5, 5", "five", "1000000000000000", "9".repeat(5000), ""])(
    "has no length with %p, which is no Integer from 0 on",
    (header) => expect(start(8, { "upload-complete": "?0", "upload-length": header })?.length).toBeNull(),
  );

  test("may announce the largest Integer as its length", () => {
    expect(start(8, { "upload-complete": "?0", "upload-length": "999999999999999" })?.length).toBe(
      999999999999999,
    );
  });

  test("must not state two lengths", () => {
    const said = { "upload-complete": "?1", "upload-length": "9", "content-length": "5" };
    const problem = problemOf(() => start(8, said));
    expect(problemBody(problem, 10)).toMatchObject({
      type: "https://iana.org/assignments/http-problem-types#inconsistent-upload-length",
      status: 400,
    });
    expect(start(8, { ...said, "content-length": "9" })?.length).toBe(9);
  });
});

describe("a request that appends bytes", () => {
  test.each(COMPLETE)("states in version %i its offset, and whether it is the last one", (version) => {
    expect(
      addition(version, { "upload-offset": "100", "upload-complete": "?0", "content-length": "50" }),
    ).toEqual({
      offset: 100,
      complete: false,
      length: null,
    });
    expect(
      addition(version, { "upload-offset": "100", "upload-complete": "?1", "content-length": "50" }),
    ).toEqual({
      offset: 100,
      complete: true,
      length: 150,
    });
  });

  test("is the last one in version 3 by default", () => {
    expect(addition(3, { "upload-offset": "100", "content-length": "50" })).toMatchObject({
      complete: true,
      length: 150,
    });
    expect(addition(3, { "upload-offset": "100", "upload-incomplete": "?1" }).complete).toBe(false);
    expect(addition(3, { "upload-offset": "100", "upload-incomplete": "?0" }).complete).toBe(true);
  });

  test("is not the last one in versions 5 and 6 by default", () => {
    for (const version of [5, 6]) expect(addition(version, { "upload-offset": "100" }).complete).toBe(false);
  });

  test("must state it from version 8 on", () => {
    for (const version of [8, 10])
      for (const said of [{}, { "upload-complete": "true" }]) {
        const problem = problemOf(() => addition(version, { "upload-offset": "100", ...said }));
        expect(problem.errors).toMatchObject([{ pointer: "/headers/upload-complete" }]);
      }
  });

  test("has its own Content-Type from version 6 on", () => {
    for (const version of VERSIONS) {
      const add = (type: string) => () =>
        addition(version, { "content-type": type, "upload-offset": "0", "upload-complete": "?1" });
      expect(add("Application/Partial-Upload; x=1")).not.toThrow();
      for (const type of ["", "application/offset+octet-stream", "application/octet-stream"]) {
        if (version < 6) {
          expect(add(type)).not.toThrow();
          continue;
        }
        const problem = problemOf(add(type));
        expect(problem.status).toBe(415);
        expect(problem.headers).toEqual({ "accept-patch": PARTIAL_TYPE });
      }
    }
  });

  test.each([undefined, "-1", "1.5", "?0", "x", "1, 1", "1000000000000000"])(
    "cannot begin at %p",
    (offset) => {
      const said = { "upload-complete": "?1", ...(offset !== undefined && { "upload-offset": offset }) };
      expect(problemOf(() => addition(8, said)).errors).toMatchObject([
        { pointer: "/headers/upload-offset" },
      ]);
    },
  );

  test("must not state two lengths", () => {
    const said = { "upload-offset": "100", "upload-complete": "?1", "content-length": "50" };
    expect(problemOf(() => addition(8, { ...said, "upload-length": "50" })).code).toBe("inconsistent_length");
    expect(addition(8, { ...said, "upload-length": "150" }).length).toBe(150);
    expect(addition(8, { ...said, "upload-complete": "?0", "upload-length": "500" }).length).toBe(500);
  });
});

describe("a request without a body", () => {
  test("must not state an offset up to version 6", () => {
    for (const version of VERSIONS)
      for (const name of ["Upload-Offset", "Upload-Complete", "Upload-Incomplete"]) {
        const check = () => checkNoBodyHeaders(draft(version), new Headers({ [name]: "?1" }));
        const spare = version === 3 ? "Upload-Complete" : "Upload-Incomplete";
        if (version > 6 || name === spare) expect(check).not.toThrow();
        else expect(problemOf(check).errors).toMatchObject([{ pointer: `/headers/${name.toLowerCase()}` }]);
      }
    expect(() => checkNoBodyHeaders(draft(6), new Headers())).not.toThrow();
  });
});

describe("a response", () => {
  test("states the progress of the upload, in the format of the version", () => {
    const progress = { offset: 100, complete: false, length: 500 };
    for (const version of COMPLETE)
      expect(formatProgress(draft(version), progress)).toEqual({
        "upload-draft-interop-version": `${version}`,
        "upload-offset": "100",
        "upload-complete": "?0",
        "upload-length": "500",
      });
    expect(formatProgress(draft(3), progress)).toMatchObject({ "upload-incomplete": "?1" });
    expect(formatProgress(draft(3), { offset: 0, complete: true, length: null })).toEqual({
      "upload-draft-interop-version": "3",
      "upload-offset": "0",
      "upload-incomplete": "?0",
    });
  });

  test("states the limits from version 6 on", () => {
    const limits = { maxSize: 5000, maxAge: 86_400.9 };
    expect(formatLimits(draft(3), limits)).toEqual({});
    expect(formatLimits(draft(5), limits)).toEqual({});
    expect(formatLimits(draft(6), limits)).toEqual({ "upload-limit": "max-size=5000, expires=86400" });
    for (const version of [8, 10])
      expect(formatLimits(draft(version), limits)).toEqual({
        "upload-limit": "max-size=5000, max-age=86400",
      });
  });

  test("omits infinite limits and limits that are not Integers", () => {
    for (const maxSize of [Number.POSITIVE_INFINITY, Number.MAX_SAFE_INTEGER])
      expect(formatLimits(NEWEST, { maxSize })).toEqual({ "upload-limit": "min-size=0" });
    expect(formatLimits(NEWEST, {})).toEqual({ "upload-limit": "min-size=0" });
    expect(formatLimits(NEWEST, { maxAge: 0 })).toEqual({ "upload-limit": "max-age=0" });
  });

  test("to a wrong offset states the right one", () => {
    const problem = offsetMismatch(draft(8), 100, 70);
    expect(problem.headers).toMatchObject({ "upload-offset": "100", "upload-complete": "?0" });
    expect(problemBody(problem, 10)).toMatchObject({
      type: "https://iana.org/assignments/http-problem-types#mismatching-upload-offset",
      status: 409,
      "expected-offset": 100,
      "provided-offset": 70,
    });
    expect(offsetMismatch(draft(3), 100, 70).headers).toMatchObject({ "upload-incomplete": "?1" });
  });
});

describe("other differences", () => {
  test("an upload ends by its length up to version 6, and is answered with 201 until it does", () => {
    for (const version of VERSIONS)
      expect(draft(version)).toMatchObject(
        version <= 6 ? { endsByLength: true, appended: 201 } : { endsByLength: false, appended: 204 },
      );
  });

  test("only the newest version supports GET, and no longer has Accept-Patch", () => {
    expect(DRAFTS.filter(({ offsetByGet }) => offsetByGet).map(({ version }) => version)).toEqual([10]);
    expect(DRAFTS.filter(({ acceptPatch }) => acceptPatch).map(({ version }) => version)).toEqual([8]);
  });
});
