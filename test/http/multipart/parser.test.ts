// The multipart parser: third-party bodies, delimiters, limits and the boundary in Content-Type.

import { describe, expect, test } from "bun:test";
import { boundaryOf, MultipartError, MultipartParser } from "../../../src/http/multipart/parser.ts";
import { CORPUS_MISSING, corpus } from "../../support/multipart-corpus.ts";
import { body, bytes, cut, oneByOne, read } from "../../support/multipart-reader.ts";
import { skipped } from "../../support/switches.ts";

const cases = corpus();
describe("bodies collected by python-multipart", () => {
  if (!cases) {
    skipped("bodies of python-multipart", CORPUS_MISSING, "add it");
    test.skip(CORPUS_MISSING, () => {});
    return;
  }
  test("has 30 cases", () => {
    expect(cases).toHaveLength(30);
  });
  for (const { name, boundary, body, expected, differs } of cases) {
    const check = (chunks: Iterable<Uint8Array<ArrayBuffer>>) => {
      const result = read(boundary, chunks);
      if (expected === "broken") {
        expect(result.reason).toBeString();
        return;
      }
      expect(result.reason).toBeUndefined();
      expect(result.parts.map((part) => [part.headers.name, part.headers.filename, part.problem])).toEqual(
        expected.map((part) => [part.name, part.filename, part.problem]),
      );
      for (const [index, part] of result.parts.entries()) {
        expect(part.complete).toBe(true);
        const { contentType, data, problem } = expected[index] ?? {};
        // RFC 7578 section 4.4: a part without a Content-Type is text/plain. The collection lists it only for some.
        if (contentType !== undefined) expect(part.headers.contentType ?? "text/plain").toBe(contentType);
        if (data && !problem) expect(part.data).toBe(Buffer.from(data).toString("latin1"));
      }
    };
    const title = differs === undefined ? name : `${name} (differs: ${differs})`;
    test(`${title}, whole`, () => check([body]));
    test(`${title}, byte by byte`, () => check(oneByOne(body)));
  }
});

describe("delimiters", () => {
  const part = 'Content-Disposition: form-data; name="a"\r\n\r\n';

  test("a missing last boundary is an error, and the part before it is incomplete", () => {
    for (const end of [
      "",
      "\r\n",
      "\r\n--b",
      "\r\n--b-",
      "\r\n--b\r\n",
      "\r\n--b \t",
      "\r\n--bb--\r\n",
      "\n--b--\n",
    ]) {
      const { parts, reason } = read("b", [bytes(`--b\r\n${part}data${end}`)]);
      expect(reason).toBe("missing_end");
      expect(parts).toHaveLength(1);
      expect(parts[0]?.complete).toBe(/^\r\n--b(\r\n| )/.test(end));
    }
    expect(read("b", []).reason).toBe("missing_end");
    expect(read("b", [bytes("no boundary at all")]).reason).toBe("missing_end");
  });

  test("white space after a boundary is padding", () => {
    const padded = `--b   \t\r\n${part}1\r\n--b\t \r\n${part}2\r\n--b-- \t\r\n`;
    expect(read("b", [bytes(padded)]).parts.map(({ data }) => data)).toEqual(["1", "2"]);
    expect(read("b", oneByOne(bytes(padded))).parts.map(({ data }) => data)).toEqual(["1", "2"]);
  });

  test("anything else after the padding is an error", () => {
    for (const junk of ["x\r\n", "x\n", "--\r\n", "\n", "\rx\r\n"]) {
      const broken = bytes(`--b ${junk}${part}1\r\n--b--`);
      expect(read("b", [broken]).reason).toBe("invalid_delimiter");
      expect(read("b", oneByOne(broken)).reason).toBe("invalid_delimiter");
    }
  });

  test("the last boundary needs no line end, and everything after it is ignored", () => {
    for (const end of ["", "\r", "\r\n", "x", "\r\n--b\r\nbroken\r\n\r\n"]) {
      expect(read("b", [bytes(`--b\r\n${part}1\r\n--b--${end}`)])).toEqual({
        parts: [{ headers: { name: "a" }, data: "1", complete: true }],
      });
    }
  });

  test("an empty part may share the CRLF of its empty line with the boundary (RFC 2046 section 5.1.1)", () => {
    for (const chunks of [
      [bytes(`--b\r\n${part}--b\r\n\r\n--b--`)],
      oneByOne(bytes(`--b\r\n${part}--b\r\n\r\n--b--`)),
    ]) {
      expect(read("b", chunks).parts).toEqual([
        { headers: { name: "a" }, data: "", complete: true },
        { headers: { name: "" }, problem: "missing_disposition", data: "", complete: true },
      ]);
    }
  });

  test("a preamble of a megabyte is ignored, an endless one is an error", () => {
    const preamble = bytes("\r\n--bb\r\n-".repeat(1 << 17));
    expect(read("b", [preamble, bytes("\r\n"), body(part.trimEnd())]).parts).toHaveLength(1);
    let sent = 0;
    const endless = (function* () {
      for (; sent < 1 << 30; sent += 65_536) yield new Uint8Array(65_536);
    })();
    expect(read("b", endless).reason).toBe("too_much_outside");
    expect(sent).toBeLessThanOrEqual(17 << 20);
  });

  test("an endless epilogue and endless padding are errors", () => {
    const spaces = new Uint8Array(1 << 20).fill(32);
    const endless = [...Array(20)].map(() => spaces);
    expect(read("b", [bytes("--b--"), ...endless]).reason).toBe("too_much_outside");
    expect(read("b", [bytes("--b"), ...endless]).reason).toBe("too_much_outside");
  });
});

describe("limits", () => {
  test("a header line of a gigabyte is refused after about 16 KiB", () => {
    for (const size of [7, 4096, 65_536]) {
      let sent = 0;
      const endless = (function* () {
        yield bytes("--b\r\nX-Endless: ");
        for (; sent < 1 << 30; sent += size) yield new Uint8Array(size).fill(97);
      })();
      expect(read("b", endless).reason).toBe("headers_too_large");
      expect(sent).toBeLessThanOrEqual(16 * 1024);
    }
  });

  test("header bytes are counted independently of chunks", () => {
    const headers = 'Content-Disposition: form-data; name="a"\r\nX: 12345';
    for (const chunks of [() => [body(headers)], () => oneByOne(body(headers))]) {
      expect(read("b", chunks(), { maxHeaderBytes: headers.length }).parts).toHaveLength(1);
      expect(read("b", chunks(), { maxHeaderBytes: headers.length - 1 }).reason).toBe("headers_too_large");
    }
  });

  test("a part has at most 32 headers", () => {
    const lines = (count: number) => Array(count).fill("X: 1").join("\r\n");
    expect(read("b", [body(`Content-Disposition: form-data; name=a\r\n${lines(31)}`)]).parts).toHaveLength(1);
    expect(read("b", [body(`Content-Disposition: form-data; name=a\r\n${lines(32)}`)]).reason).toBe(
      "too_many_headers",
    );
  });

  test("10,000 parts are accepted, more than the limit are not", () => {
    const part = '--b\r\nContent-Disposition: form-data; name="f"; filename="a"\r\n\r\n123\r\n';
    const many = bytes(`${part.repeat(10_000)}--b--`);
    expect(read("b", cut(many, [65_536])).parts.filter(({ data }) => data === "123")).toHaveLength(10_000);
    const { parts, reason } = read("b", [many], { maxParts: 9_999 });
    expect(reason).toBe("too_many_parts");
    expect(parts.filter(({ complete }) => complete)).toHaveLength(9_999);
    expect(read("b", [bytes(`${part.repeat(20_001)}--b--`)]).reason).toBe("too_many_parts");
  });
});

describe("boundaries", () => {
  const reasonOf = (run: () => unknown): string | undefined => {
    try {
      run();
    } catch (error) {
      return error instanceof MultipartError ? error.reason : String(error);
    }
    return undefined;
  };

  test("1 to 70 characters are valid, 71 are not", () => {
    for (const boundary of ["x", "0123456789".repeat(7)]) {
      const all = bytes(
        `--${boundary}\r\nContent-Disposition: form-data; name=a\r\n\r\n1\r\n--${boundary}--`,
      );
      expect(read(boundary, oneByOne(all)).parts.map(({ data }) => data)).toEqual(["1"]);
    }
    expect(read("x".repeat(71), []).reason).toBe("invalid_boundary");
    expect(read("", []).reason).toBe("invalid_boundary");
  });

  test("only the characters of RFC 2046 are allowed, with no space at the end", () => {
    expect(reasonOf(() => new MultipartParser("AZaz09'()+_,-./:=? x"))).toBeUndefined();
    for (const bad of ["a ", " ", 'a"b', "a\r\nb", "a\n", "a;b", "a@b", "é", "a\0", "a*b"]) {
      expect(reasonOf(() => new MultipartParser(bad))).toBe("invalid_boundary");
    }
  });

  test("are parsed from Content-Type, quoted or not", () => {
    expect(boundaryOf("multipart/form-data; boundary=----WebKitFormBoundaryA1")).toBe(
      "----WebKitFormBoundaryA1",
    );
    expect(boundaryOf('Multipart/Form-Data ; charset=utf-8; BOUNDARY="a b:c=d"')).toBe("a b:c=d");
    expect(boundaryOf('multipart/form-data; boundary="a\\+b"; x=y')).toBe("a+b");
  });

  test("another type has no boundary", () => {
    for (const other of [
      null,
      "",
      "text/plain",
      "multipart/mixed; boundary=a",
      "multipart/form-datax; boundary=a",
      "multipart",
    ]) {
      expect(boundaryOf(other)).toBeNull();
    }
  });

  test("a form without a usable boundary is an error", () => {
    expect(reasonOf(() => boundaryOf("multipart/form-data"))).toBe("missing_boundary");
    expect(reasonOf(() => boundaryOf('multipart/form-data; boundary="open'))).toBe("missing_boundary");
    for (const bad of ["", '""', '"a "', "a@b", "x".repeat(71)]) {
      expect(reasonOf(() => boundaryOf(`multipart/form-data; boundary=${bad}`))).toBe("invalid_boundary");
    }
    expect(boundaryOf(`multipart/form-data; boundary=${"x".repeat(70)}`)).toBe("x".repeat(70));
  });
});
