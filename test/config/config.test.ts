// The table of options: defaults and names.

import { expect, test } from "bun:test";
import { WORDS } from "../../src/config/config.ts";
import { GROUPS } from "../../src/config/option.ts";
import { CONFIG_FILE, defaults, FLAGS, OPTIONS, toConfig } from "../../src/config/options.ts";

test("the defaults are restrictive and finite", () => {
  expect(defaults).toEqual({
    root: "./files",
    host: "127.0.0.1",
    port: 3000,
    listen: [],
    basePath: "",
    tlsCert: [],
    tlsKey: [],
    http2: true,
    http3: false,
    dav: true,
    maxFileSize: 50 * 2 ** 30,
    maxFiles: 10_000,
    maxErrors: 10,
    maxUploads: 256,
    maxUploadsPerClient: 64,
    maxWaiting: 10_000,
    keepFree: 2 ** 30,
    idleTimeout: 60,
    uploadExpiry: 86_400,
    drain: 30,
    trustedProxy: [],
    cors: [],
    hostname: [],
    acme: [],
    acmeAcceptTerms: false,
    log: "text",
    logLevel: "info",
  });
});

test("every name is a key of Config in kebab case", () => {
  const kebab = (key: string) => key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
  for (const [key, option] of Object.entries(OPTIONS)) expect(option.name).toBe(kebab(key));
});

test("no flag is defined twice", () => {
  const flags = FLAGS.flatMap(({ name, short, shorthand }) =>
    [name, short ?? [], shorthand?.flag ?? []].flat(),
  );
  expect(new Set([...flags, "-h", "-V", "help", "version"]).size).toBe(flags.length + 4);
});

test("the help shows every option once, in the order of its groups", () => {
  expect(FLAGS.length).toBe(Object.keys(OPTIONS).length + 1);
  expect(new Set(FLAGS)).toEqual(new Set([...Object.values(OPTIONS), CONFIG_FILE]));
  const order = FLAGS.map(({ group }) => GROUPS.indexOf(group));
  expect(order).toEqual(order.toSorted((one, other) => one - other));
});

test("every help text is one line without a final period", () => {
  for (const { help, allowed } of FLAGS)
    for (const text of [help, allowed]) expect(text).toMatch(/^.*[^.\s]$/);
});

test("a Config is created from texts, with defaults for missing ones", () => {
  const config = toConfig(
    new Map(Object.entries({ allow: "all", conflict: "fail", "max-file-size": "1.5GiB" })),
  );
  expect(config).toEqual({
    ...defaults,
    allow: new Set(WORDS),
    conflict: "fail",
    maxFileSize: 1_610_612_736,
  });
});

test("a text that is not allowed throws", () => {
  expect(() => toConfig(new Map([["port", "65536"]]))).toThrow(RangeError);
});
