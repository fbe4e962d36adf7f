// The options of ACME: their values, and what contradicts them.

import { expect, test } from "bun:test";
import { ACME_OPTIONS } from "../../src/config/acme-options.ts";
import { toConfig } from "../../src/config/options.ts";
import { tlsFault } from "../../src/config/tls-options.ts";

test.each([
  ["files.example.org,B.example", ["files.example.org", "b.example"]],
  ["192.0.2.1", undefined],
  ["a.example,::1", undefined],
  ["*.example.org", undefined],
  ["https://a.example", undefined],
  ["a.example:443", undefined],
  ["../x", undefined],
  ["", []],
])("--acme %j is %j", (text, hosts) => {
  expect(ACME_OPTIONS.acme.parse(text)).toEqual(hosts);
});

test.each([
  ["you@example.org", true],
  ["you@example.org,other@example.org", false],
  ["you@example.org?subject=x", false],
  ["you", false],
])("--acme-email %j is accepted: %p", (text, accepted) => {
  expect(ACME_OPTIONS.acmeEmail.parse(text) !== undefined).toBe(accepted);
});

test.each([
  ["https://ca.example.org/acme/acme/directory", true],
  ["http://localhost:14000/dir", true],
  ["http://ca.example.org/directory", false],
  ["https://user:secret@ca.example.org/", false],
])("--acme-directory %j is accepted: %p", (text, accepted) => {
  expect(ACME_OPTIONS.acmeDirectory.parse(text) !== undefined).toBe(accepted);
});

const faultOf = (options: Record<string, string>) => tlsFault(toConfig(new Map(Object.entries(options))));

test.each([
  [{ "acme-email": "you@example.org" }, "--acme-email needs --acme HOST"],
  [{ "acme-accept-terms": "on" }, "--acme-accept-terms needs --acme HOST"],
  [{ "redirect-port": "80" }, "--redirect-port sends clients to https, which is not served"],
  [{ acme: "a.example", listen: "unix:/run/sluice.sock" }, "--acme is for ports"],
  [{ acme: "a.example", url: "http://a.example" }, "but --acme makes every port speak it"],
  [{ hsts: "1h" }, "add --tls-cert FILE or --acme HOST"],
])("%j contradict each other", (options, fault) => {
  expect(faultOf(options)).toContain(fault);
});

test("--acme counts as TLS", () => {
  expect(faultOf({ acme: "a.example", hsts: "1h", "redirect-port": "8080" })).toBeUndefined();
  expect(faultOf({ acme: "a.example", listen: "unix:/run/s.sock,0.0.0.0:443" })).toBeUndefined();
});
