// Bounds of the parameters in imported hashes, which a verification obeys whatever they cost.

import { expect, test } from "bun:test";
import { dummyHash, hashFault, isOutdated } from "../../../src/access/passwords/stored-hash.ts";

const TAIL = "$YWFhYWFhYWFhYWFhYWFhYQ$YWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWE";
const SALTED = "N9qo8uLOickgx2ZMRZoMyeIjZAgcfl7p92ldGxad68LJZdL17lhWy";

test.each([
  `$argon2id$v=19$m=19456,t=2,p=1${TAIL}`,
  `$argon2id$v=19$m=65536,t=3,p=4${TAIL}`,
  `$argon2i$v=19$m=4096,t=3,p=1${TAIL}`,
  `$argon2id$v=19$m=131072,t=3,p=1${TAIL}`,
  `$2a$10$${SALTED}`,
  `$2y$12$${SALTED}`,
])("%s can be imported", (hash) => {
  expect(hashFault(hash)).toBeUndefined();
});

test.each([
  [`$argon2id$v=19$m=2097152,t=1,p=1${TAIL}`, "m=2097152"],
  [`$argon2id$v=19$m=131073,t=1,p=1${TAIL}`, "m=131073"],
  [`$argon2id$v=19$m=1,t=1,p=1${TAIL}`, "m=1 "],
  [`$argon2id$v=19$m=65536,t=100,p=1${TAIL}`, "between 1 and 6 for m=65536"],
  [`$argon2id$v=19$m=8,t=999999999,p=1${TAIL}`, "t=999999999"],
  [`$argon2id$v=19$m=65536,t=0,p=1${TAIL}`, "t=0"],
  [`$argon2id$v=19$m=65536,t=1,p=255${TAIL}`, "p=255"],
  [`$argon2id$v=16$m=65536,t=1,p=1${TAIL}`, "neither"],
  [`$argon2id$v=19$m=65536,t=1,p=1$a$b`, "neither"],
  [`$2b$31$${SALTED}`, "cost 31"],
  [`$2b$03$${SALTED}`, "cost 3 "],
  [`$2b$10$${SALTED}x`, "neither"],
  ["{SHA}qUqP5cyxm6YcTAhz05Hph5gvu9M=", "neither"],
  ["5f4dcc3b5aa765d61d8327deb882cf99", "neither"],
  ["", "neither"],
])("%s is refused with its reason", (hash, reason) => {
  expect(hashFault(hash)).toContain(reason);
});

test("the hash for accounts that do not exist has the parameters of new ones, and is another one each time", () => {
  expect(hashFault(dummyHash())).toBeUndefined();
  expect(isOutdated(dummyHash())).toBe(false);
  expect(dummyHash()).not.toBe(dummyHash());
});
