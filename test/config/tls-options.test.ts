// Options of TLS that contradict each other.

import { expect, test } from "bun:test";
import type { Config } from "../../src/config/config.ts";
import { defaults } from "../../src/config/options.ts";
import { tlsFault } from "../../src/config/tls-options.ts";

const fault = (config: Partial<Config>) => tlsFault({ ...defaults, ...config });

test("certificates need as many keys, or none", () => {
  expect(fault({})).toBeUndefined();
  expect(fault({ tlsCert: ["a"] })).toBeUndefined();
  expect(fault({ tlsCert: ["a", "b"], tlsKey: ["c", "d"] })).toBeUndefined();
  expect(fault({ tlsCert: ["a", "b"], tlsKey: ["c"] })).toStartWith(
    "--tls-cert is given 2 times and --tls-key once: give a key for each certificate",
  );
  expect(fault({ tlsKey: ["c"] })).toStartWith("--tls-cert is given not at all and --tls-key once");
});

test("what needs TLS is refused without it", () => {
  expect(fault({ hsts: 1 })).toStartWith("--hsts needs TLS");
  expect(fault({ http3: true })).toStartWith("--http3 needs TLS");
  expect(fault({ http2: true })).toBeUndefined();
  expect(fault({ tlsCert: ["a"], hsts: 1, http3: true })).toBeUndefined();
});

test("the address of a server with TLS begins with https", () => {
  expect(fault({ tlsCert: ["a"], url: "http://files.example" })).toStartWith(
    "--url: http://files.example is without TLS",
  );
  expect(fault({ tlsCert: ["a"], url: "https://files.example" })).toBeUndefined();
  expect(fault({ url: "http://files.example" })).toBeUndefined();
});
