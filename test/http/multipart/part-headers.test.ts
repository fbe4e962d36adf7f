// The headers of a part: valid lines, file names, and errors that affect only one part.

import { describe, expect, test } from "bun:test";
import type { PartProblem } from "../../../src/http/multipart/parser.ts";
import { body, bytes, type ReadBody, type ReadPart, read } from "../../support/multipart-reader.ts";

function readOne(headers: string): ReadBody {
  return read("b", [body(headers)]);
}

/** Parses a body with one part that has this Content-Disposition. */
function disposition(value: string): ReadPart | undefined {
  return readOne(`Content-Disposition: ${value}`).parts[0];
}

describe("headers of a part", () => {
  test("names are matched in any case, values are trimmed, folded lines are joined", () => {
    expect(
      readOne("CONTENT-disposition:form-data;\r\n\tname=a \t\r\ncontent-TYPE: \t text/x; charset=y ")
        .parts[0],
    ).toEqual({
      headers: { name: "a", contentType: "text/x; charset=y" },
      data: "data",
      complete: true,
    });
  });

  test("a malformed line makes the body invalid", () => {
    const good = "Content-Disposition: form-data; name=a";
    for (const bad of [
      "nocolon",
      ": value",
      "a b: c",
      "Name : value",
      "é: x",
      "X: a\rb",
      "X: a\nb",
      "\r: x",
      "X\0: y",
      " X: y",
    ]) {
      expect(readOne(`${bad}\r\n${good}`).reason).toBe("invalid_header");
    }
  });

  test("an invalid part does not affect the parts around it", () => {
    const good = "Content-Disposition: form-data; name=good\r\n\r\n1\r\n";
    const problems: [string, PartProblem][] = [
      ["Content-Type: text/plain", "missing_disposition"],
      ["Content-Disposition: attachment; name=a; filename=x", "invalid_disposition"],
      [
        "Content-Disposition: form-data; name=a\r\nContent-Disposition: form-data; name=b",
        "invalid_disposition",
      ],
      ["Content-Disposition: form-data; filename=x", "missing_name"],
      ["Content-Disposition: form-data", "missing_name"],
      ["Content-Disposition: form-data; name=a\r\nContent-Transfer-Encoding: BASE64", "transfer_encoding"],
      [
        "Content-Disposition: form-data; name=a\r\nContent-Transfer-Encoding: quoted-printable",
        "transfer_encoding",
      ],
      ["Content-Disposition: form-data; name=a\r\nContent-Transfer-Encoding: x-y", "transfer_encoding"],
    ];
    for (const [headers, problem] of problems) {
      const { parts, reason } = read("b", [
        bytes(`--b\r\n${good}--b\r\n${headers}\r\n\r\nx\r\n--b\r\n${good}--b--`),
      ]);
      expect(reason).toBeUndefined();
      expect(parts.map((part) => part.problem)).toEqual([undefined, problem, undefined]);
      expect(parts.map((part) => part.data)).toEqual(["1", "x", "1"]);
    }
  });

  test("names that are not UTF-8 are an error of the part, which still names it", () => {
    for (const parameter of ["name=a; filename", "filename=x; name"]) {
      const head = Buffer.from(
        `--b\r\nContent-Disposition: form-data; ${parameter}="\xff.txt"\r\n\r\nx\r\n--b--`,
        "latin1",
      );
      const [part] = read("b", [new Uint8Array(head)]).parts;
      expect(part?.problem).toBe("invalid_utf8");
      expect(Object.values(part?.headers ?? {})).toContain("\ufffd.txt");
    }
  });

  test("other headers may contain any bytes except line ends", () => {
    const head = Buffer.from(
      "--b\r\nX: \xff\0\r\nContent-Disposition: form-data; name=a\r\n\r\n\r\n--b--",
      "latin1",
    );
    expect(read("b", [new Uint8Array(head)]).parts[0]?.problem).toBeUndefined();
  });

  test("the transfer encodings 7bit, 8bit and binary are accepted", () => {
    for (const encoding of ["7bit", "8BIT", "binary"]) {
      expect(
        readOne(`Content-Disposition: form-data; name=a\r\nContent-Transfer-Encoding: ${encoding}`).parts[0]
          ?.problem,
      ).toBeUndefined();
    }
  });
});

describe("file names", () => {
  const cases: [sent: string, filename: string | undefined][] = [
    ["", undefined],
    ['; filename=""', ""],
    ["; filename=", ""],
    ["; filename=plain.txt", "plain.txt"],
    ["; filename=two words.txt ", "two words.txt"],
    ['; FileName = "a.txt" ;', "a.txt"],
    ['; filename="a;b=c.txt"', "a;b=c.txt"],
    ['; filename="%22%0d%0A%0D.txt"', '"\r\n\r.txt'],
    ['; filename="100%25 %2F%41%.txt"', "100%25 %2F%41%.txt"],
    ['; filename="a\\"b\\".txt"', 'a"b".txt'],
    ['; filename="a\\"; name=\\"b.txt"', 'a"; name="b.txt'],
    ['; filename="C:\\\\x\\y.txt"', "C:\\\\x\\y.txt"],
    ['; filename="folder\\"', "folder\\"],
    ['; filename="folder\\"; x="y"', "folder\\"],
    ['; filename="photos/2024/a.jpg"', "photos/2024/a.jpg"],
    ['; filename="../../canary"', "../../canary"],
    ['; filename="%2e%2e/x"', "%2e%2e/x"],
    ['; filename="nul\0.txt"', "nul\0.txt"],
    ['; filename="\u202egpj.exe"', "\u202egpj.exe"],
    ['; filename="\ufeff日本語 🎉.txt"', "\ufeff日本語 🎉.txt"],
    ["; filename=naïve à", "naïve à"],
    ["; filename*=UTF-8''star.txt", "star.txt"],
    ["; filename*=utf-8''%C3%BC%20100%25.txt", "ü 100%.txt"],
    ["; filename*=iso-8859-1'en'%FC.txt", "ü.txt"],
    ["; filename=\"\"; filename*=utf-8''star.txt", "star.txt"],
    ["; filename=\"=?utf-8?B?w7wudHh0?=\"; filename*=utf-8''%C3%BC.txt", "ü.txt"],
    ['; filename="=?utf-8?B?w7wudHh0?="', "ü.txt"],
    ["; filename==?utf-8?Q?=C3=BC.txt?=", "ü.txt"],
    ["; filename=\"%C3%BC.txt\"; filename*=utf-8''%C3%BC.txt", "ü.txt"],
    ['; filename="=?utf-8?B?Li4vY2FuYXJ5?="', "../canary"],
    ["; filename*=utf-8''..%2Fcanary", "../canary"],
    ['; filename="=?utf-8?B?w7wudHh0?=.txt"', "=?utf-8?B?w7wudHh0?=.txt"],
    ["; filename*=UTF-8''star.txt; filename=plain.txt", "plain.txt"],
    ["; filename=plain.txt; filename*=UTF-8''star.txt", "plain.txt"],
  ];
  for (const [sent, filename] of cases) {
    test(`form-data; name="a"${sent} is ${filename === undefined ? "a field" : JSON.stringify(filename)}`, () => {
      const part = disposition(`form-data; name="a"${sent}`);
      expect(part?.problem).toBeUndefined();
      expect(part?.headers).toEqual(filename === undefined ? { name: "a" } : { name: "a", filename });
    });
  }

  test("an encoded name that cannot be decoded is an error, not a guess", () => {
    for (const bad of [
      "; filename*=utf-8''%FF",
      "; filename*=koi8-r''%C1",
      "; filename*=star.txt",
      "; filename==?utf-8?B?*?=",
      "; filename==?utf-8?B?w7wudHh0?=; filename*=utf-8''%FF",
    ]) {
      expect(disposition(`form-data; name="a"${bad}`)).toMatchObject({
        problem: "invalid_utf8",
        headers: { filename: expect.any(String) },
      });
    }
  });

  test("a field name that ends with a backslash does not hide the file name", () => {
    expect(disposition('form-data; name="a\\"; filename="b"')?.headers).toEqual({
      name: "a\\",
      filename: "b",
    });
  });

  test("malformed or ambiguous parameters are an error, not a guess", () => {
    for (const bad of [
      '; filename="open',
      '; filename="a"b',
      '; filename="a" "b"',
      "; filename",
      '; filename=a"b',
      "; =x",
      "; a b=c",
      "; filename=a; filename=b",
      "; name=again",
      ";; filename=a",
    ]) {
      expect(disposition(`form-data; name="a"${bad}`)?.problem).toBe("invalid_disposition");
    }
  });

  test("thousands of parameters, quotes, backslashes or spaces do not make the body invalid", () => {
    for (const filler of [";a", "\\", '\\"', " ", "=", "%", '"', "; a=", '; a="\\"', "\t;"]) {
      const part = disposition(`form-data; name="a${filler.repeat(15_000 / filler.length)}`);
      expect(part?.complete).toBe(true);
    }
  });
});
