// Allowed values of options, and how they are parsed.

import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import {
  choice,
  count,
  duration,
  formatSize,
  grants,
  host,
  origins,
  parseDuration,
  parseSize,
  path,
  rate,
  size,
} from "../../src/config/values.ts";

const NO_SIZES =
  "| |B|GB|-1|-1GB|+5|NaN|Infinity|1e3|0x10|1,5GB|1_000|1.GB|.5GB|10iB|10bb|10XB|10GBs|ten|1 0| 1|1 |1\n|99999999999999999999|١٢".split(
    "|",
  );

describe("a size", () => {
  test.each([
    ["0", 0],
    ["1024", 1024],
    ["512B", 512],
    ["10GB", 10_000_000_000],
    ["10GiB", 10_737_418_240],
    ["10G", 10_000_000_000],
    ["10Gi", 10_737_418_240],
    ["10gib", 10_737_418_240],
    ["10 GB", 10_000_000_000],
    ["500k", 500_000],
    ["500kB", 500_000],
    ["3M", 3_000_000],
    ["3MiB", 3_145_728],
    ["2TB", 2_000_000_000_000],
    ["2TiB", 2_199_023_255_552],
    ["1.5GiB", 1_610_612_736],
    ["1.15GB", 1_150_000_000],
    ["0.5kB", 500],
  ])("%s is %d bytes", (text, bytes) => {
    expect(parseSize(text)).toBe(bytes);
  });

  test.each(NO_SIZES)("%j is refused", (text) => {
    expect(parseSize(text)).toBeUndefined();
  });

  test("has a minimum and a maximum", () => {
    expect(size(0).parse("0")).toBe(0);
    expect(size(1).parse("0")).toBeUndefined();
    expect(size(1).parse("0.4")).toBeUndefined();
    expect(size(1).parse("1PiB")).toBe(2 ** 50);
    expect(size(1).parse("1025TiB")).toBeUndefined();
    expect(size(1).allowed).toBe("a size from 1B to 1PiB, such as 500MB or 1.5GiB");
  });
});

describe("a rate", () => {
  test.each([
    ["5MB", 5_000_000],
    ["5MB/s", 5_000_000],
    ["1MiB/s", 1_048_576],
    ["10kB", 10_000],
    ["1TB", 1e12],
  ])("%s is %d bytes per second", (text, bytes) => {
    expect(rate().parse(text)).toBe(bytes);
  });

  test.each(["", "0", "9999", "1001GB", "5MB/m", "/s", "5MB/s/s", "-5MB", "fast"])(
    "%j is refused",
    (text) => {
      expect(rate().parse(text)).toBeUndefined();
    },
  );
});

describe("a formatted size", () => {
  test.each([
    [0, "0B"],
    [1, "1B"],
    [1000, "1kB"],
    [1001, "1001B"],
    [1024, "1KiB"],
    [1_536_000, "1536kB"],
    [10_000_000_000, "10GB"],
    [10_737_418_240, "10GiB"],
    [53_687_091_200, "50GiB"],
    [1_610_612_736, "1.5GiB"],
    [1_234_567_890, "1.23GB"],
    [999_999_999, "1000MB"],
    [2 ** 53 - 1, "9.01PB"],
  ])("%d bytes are %s", (bytes, text) => {
    expect(formatSize(bytes)).toBe(text);
  });

  test("is short, can be parsed again, and is correct to three digits", () => {
    fc.assert(
      fc.property(fc.oneof(fc.nat(), fc.maxSafeNat()), (bytes) => {
        const text = formatSize(bytes);
        expect(text.length).toBeLessThanOrEqual(8);
        expect(Math.abs((parseSize(text) ?? Number.NaN) - bytes)).toBeLessThanOrEqual(bytes * 0.005);
      }),
    );
  });

  test("of a size with a unit is exact", () => {
    const units = fc.constantFrom("B", "kB", "KiB", "MB", "MiB", "GB", "GiB", "TB", "TiB");
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 9999 }), units, (amount, unit) => {
        const bytes = parseSize(`${amount}${unit}`) ?? Number.NaN;
        expect(parseSize(formatSize(bytes))).toBe(bytes);
      }),
    );
  });
});

describe("a time", () => {
  test.each([
    ["60", 60],
    ["60s", 60],
    ["500ms", 0.5],
    ["1.5h", 5400],
    ["2m", 120],
    ["24h", 86_400],
    ["30d", 2_592_000],
    ["0", 0],
  ])("%s is %d seconds", (text, seconds) => {
    expect(parseDuration(text)).toBe(seconds);
  });

  test.each(["", "s", "-1s", "1M", "1 week", "1y", "1e3s", "NaN", "1h30m", "∞"])("%j is refused", (text) => {
    expect(parseDuration(text)).toBeUndefined();
  });

  test("has a minimum and a maximum", () => {
    const { parse, allowed } = duration("1s", "255s");
    expect(parse("999ms")).toBeUndefined();
    expect(parse("1s")).toBe(1);
    expect(parse("255s")).toBe(255);
    expect(parse("256s")).toBeUndefined();
    expect(allowed).toBe("a time from 1s to 255s, in ms, s, m, h or d");
  });
});

test("a count is an integer in its range", () => {
  const { parse } = count(1, 100);
  expect(["1", "100", "007"].map(parse)).toEqual([1, 100, 7]);
  expect(["0", "101", "-1", "1.5", "1e1", "", "x", " 1"].map(parse)).toEqual(Array(8).fill(undefined));
});

test("a choice is exactly one of its words", () => {
  const { parse, allowed } = choice(["rename", "replace", "fail"]);
  expect(["rename", "fail"].map(parse)).toEqual(["rename", "fail"]);
  expect(["", "Rename", "ren", "rename,fail"].map(parse)).toEqual(Array(4).fill(undefined));
  expect(allowed).toBe("rename, replace or fail");
});

test("grants are one or more words, for the root or for a folder, all or none", () => {
  const { parse } = grants(["read", "write", "delete"]);
  expect(parse("read=pub,write=in/box")).toEqual(new Set(["read=pub", "write=in/box"]));
  expect(parse("all=/pub/")).toEqual(new Set(["read=pub", "write=pub", "delete=pub"]));
  expect(parse("none")).toEqual(new Set());
  expect(["read=", "read=/", "read=../x", "read=a//b", "none,read", "read=.sluice"].map(parse)).toEqual(
    Array(6).fill(undefined),
  );
  expect(parse("read")).toEqual(new Set(["read"]));
  expect(parse("write, read,write")).toEqual(new Set(["read", "write"]));
  expect(parse("all")).toEqual(new Set(["read", "write", "delete"]));
  expect(["", ",", "read,", "READ", "read write"].map(parse)).toEqual(Array(5).fill(undefined));
});

test("a path is any text that a file system accepts", () => {
  const { parse } = path("a file");
  expect(["a b", "/x", "..", "ünï"].map(parse)).toEqual(["a b", "/x", "..", "ünï"]);
  expect(["", "a\0b"].map(parse)).toEqual([undefined, undefined]);
});

describe("a host", () => {
  const { parse } = host();
  test.each([
    ["127.0.0.1", "127.0.0.1"],
    ["0.0.0.0", "0.0.0.0"],
    ["::", "::"],
    ["[::1]", "::1"],
    ["FE80::1%eth0", "fe80::1%eth0"],
    ["localhost", "localhost"],
    ["Nas.Example", "nas.example"],
    ["3com.example", "3com.example"],
  ])("%s is accepted", (text, address) => {
    expect(parse(text)).toBe(address);
  });

  test.each([
    ..."|--port|-a|a b|a_b|a..b|.a|http://a|a:80|1.2.3.4:80|*|[localhost]|0|127.1|1.2.3.4.5|0x7f000001|a.0x1|127.0.0.01|256.1.1.1|a\n|ä.example".split(
      "|",
    ),
    "a".repeat(64),
    `${"a.".repeat(127)}a`,
  ])("%j is refused", (text) => {
    expect(parse(text)).toBeUndefined();
  });
});

describe("origins", () => {
  const { parse, allowed } = origins();
  test("are normalised to the form that browsers send", () => {
    expect(
      parse("https://App.Example.com:443/, http://[::1]:8080,https://ü.example,https://ü.example"),
    ).toEqual(["https://app.example.com", "http://[::1]:8080", "https://xn--tda.example"]);
    expect(parse("")).toEqual([]);
  });

  test.each(
    "*|null|example.com|https://*.example.com|https://a.example/path|https://a.example?q|https://a.example#|https://u:p@a.example|ftp://a.example|file:///x|https://|https://a.example,|https://a b".split(
      "|",
    ),
  )("%j is refused", (text) => {
    expect(parse(text)).toBeUndefined();
  });

  test("the error for * explains why it is not allowed", () => {
    expect(allowed).toContain("* is refused");
  });
});
