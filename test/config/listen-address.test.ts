// Addresses to listen on: texts that are allowed, and those that a configuration names.

import { describe, expect, test } from "bun:test";
import { addressesOf, listenAddresses, ownOrigin } from "../../src/config/listen-address.ts";

const { parse } = listenAddresses();

describe("--listen", () => {
  test.each([
    ["127.0.0.1:3000", { kind: "tcp", host: "127.0.0.1", port: 3000 }],
    ["[::1]:0", { kind: "tcp", host: "::1", port: 0 }],
    ["NAS.example:65535", { kind: "tcp", host: "nas.example", port: 65_535 }],
    ["unix:/run/sluice.sock", { kind: "unix", path: "/run/sluice.sock", mode: 0o660 }],
    ["unix:/run/a b.sock?mode=600", { kind: "unix", path: "/run/a b.sock", mode: 0o600 }],
    [`unix:/${"x".repeat(106)}`, { kind: "unix", path: `/${"x".repeat(106)}`, mode: 0o660 }],
  ] as const)("%s is an address", (text, address) => {
    expect(parse(text)).toEqual([address]);
  });

  test.each([
    "3000",
    ":3000",
    "127.0.0.1",
    "127.0.0.1:65536",
    "127.0.0.1:-1",
    "::1:3000",
    "[::1]",
    "a b:80",
    "http://127.0.0.1:80",
    "unix:",
    "unix:/",
    "unix:run/sluice.sock",
    "unix:/run/",
    "unix:/run/a\0b",
    "unix:/run/a?mode=0660",
    "unix:/run/a?mode=888",
    "unix:/run/a?other=1",
    `unix:/${"x".repeat(107)}`,
    `unix:/${"ü".repeat(60)}`,
    "127.0.0.1:80,",
  ])("%j is none", (text) => {
    expect(parse(text)).toBeUndefined();
  });

  test("several are separated by commas", () => {
    expect(parse("127.0.0.1:80, unix:/run/a")).toHaveLength(2);
  });
});

test("a configuration without --listen names one address, and with it all of them", () => {
  const named = { listen: [], host: "::", port: 80 };
  expect(addressesOf(named)).toEqual([{ kind: "tcp", host: "::", port: 80 }]);
  expect(ownOrigin(named)).toBe("http://[::1]:80");
  const listen = parse("unix:/run/a,0.0.0.0:3000,127.0.0.1:81") ?? [];
  expect(addressesOf({ ...named, listen })).toBe(listen);
  expect(ownOrigin({ ...named, listen })).toBe("http://127.0.0.1:3000");
  expect(ownOrigin({ ...named, listen: listen.slice(0, 1) })).toBeUndefined();
});
