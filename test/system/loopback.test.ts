// Hosts that only this machine can reach.

import { describe, expect, test } from "bun:test";
import { isLoopback } from "../../src/system/loopback.ts";

describe("loopback", () => {
  test.each(["127.0.0.1", "127.255.1.2", "::1", "0:0:0:0:0:0:0:1", "localhost"])("%s is loopback", (host) => {
    expect(isLoopback(host)).toBe(true);
  });

  test.each([
    "0.0.0.0",
    "::",
    "192.168.0.1",
    "128.0.0.1",
    "::2",
    "example.com",
    "localhost.example.com",
    "127.1",
  ])("%s is not", (host) => {
    expect(isLoopback(host)).toBe(false);
  });
});
