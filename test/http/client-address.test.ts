// Client addresses: what a trusted proxy reports is believed, what a client invents is not.

import { describe, expect, test } from "bun:test";
import { ClientAddresses, clientOf } from "../../src/http/client-address.ts";

const addresses = new ClientAddresses(["10.0.0.0/8", "127.0.0.1/32", "2001:db8:f::/48"]);
const forwardedFor = (value: string) => new Headers({ "x-forwarded-for": value });
const forwarded = (value: string) => new Headers({ forwarded: value });

describe("the address of a client", () => {
  test.each([
    ["without headers is that of the connection", "198.51.100.1", new Headers(), "198.51.100.1"],
    ["is not what an unknown peer says", "198.51.100.1", forwardedFor("203.0.113.7"), "198.51.100.1"],
    ["is what a trusted proxy says", "10.1.2.3", forwardedFor("203.0.113.7"), "203.0.113.7"],
    [
      "is the last one that is no trusted proxy",
      "10.1.2.3",
      forwardedFor("6.6.6.6, 203.0.113.7, 10.9.9.9"),
      "203.0.113.7",
    ],
    ["is not invented to the left of nonsense", "10.1.2.3", forwardedFor("6.6.6.6, unknown"), "10.1.2.3"],
    ["is the proxy when all are proxies", "10.1.2.3", forwardedFor("10.4.4.4"), "10.4.4.4"],
    ["is the proxy without headers", "10.1.2.3", new Headers(), "10.1.2.3"],
    ["has no port", "10.1.2.3", forwardedFor("203.0.113.7:4711"), "203.0.113.7"],
    ["has no brackets", "10.1.2.3", forwardedFor("[2001:db8::7]:4711"), "2001:db8::7"],
    [
      "is read from Forwarded, too",
      "10.1.2.3",
      forwarded('for=6.6.6.6, for="[2001:db8::7]:47";proto=https'),
      "2001:db8::7",
    ],
    [
      "is IPv4 when it is mapped into IPv6",
      "::ffff:127.0.0.1",
      forwardedFor("::ffff:203.0.113.7"),
      "203.0.113.7",
    ],
    ["comes from a trusted IPv6 proxy", "2001:db8:f::1", forwardedFor("203.0.113.7"), "203.0.113.7"],
    ["of an IPv6 peer has no zone", "fe80::1%eth0", new Headers(), "fe80::1"],
  ])("%s", (_, peer, headers, client) => {
    expect(addresses.of(peer, headers)).toBe(client);
  });
});

test.each([
  ["203.0.113.7", "203.0.113.7"],
  ["2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"],
  ["2001:db8:1:2::9", "2001:db8:1:2::/64"],
  ["2001:db8::1", "2001:db8:0:0::/64"],
  ["64:ff9b::203.0.113.7", "64:ff9b:0:0::/64"],
  ["127.0.0.1", undefined],
  ["::1", undefined],
])("limits per client are counted for %s as %s", (address, client) => {
  expect(clientOf(address)).toBe(client);
});
