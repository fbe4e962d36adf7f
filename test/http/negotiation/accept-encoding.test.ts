// The content coding of a response, by Accept-Encoding.

import { expect, test } from "bun:test";
import { chooseEncoding } from "../../../src/http/negotiation/accept-encoding.ts";

test.each([
  [null, null],
  ["", null],
  ["identity", null],
  ["gzip", "gzip"],
  ["GZIP, deflate, br", "gzip"],
  ["gzip, zstd", "zstd"],
  ["gzip;q=1, zstd;q=0.5", "gzip"],
  ["gzip; q=0.5 , zstd;q=0.5", "zstd"],
  ["*", "zstd"],
  ["*, zstd;q=0", "gzip"],
  ["*;q=0", null],
  ["gzip;q=0", null],
  ["gzip;q=x", null],
  ["gzip;q=0.5, identity", null],
  ["identity;q=0, gzip;q=0.1", "gzip"],
  ["br", null],
  [",,;", null],
] as const)("%j: %p", (accepted, coding) => {
  expect(chooseEncoding(accepted, ["zstd", "gzip"])).toBe(coding);
});
