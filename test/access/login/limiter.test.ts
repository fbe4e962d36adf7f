// The limiter of failed logins: per address and per account, counted before a hash, without a way to lock anybody out.

import { describe, expect, test } from "bun:test";
import { type Attempt, LoginLimiter } from "../../../src/access/login/limiter.ts";
import { clientOf } from "../../../src/http/client-address.ts";
import { problemOf } from "../../support/thrown.ts";

/** A limiter with a clock that the test moves. */
function limited() {
  const clock = { now: 1000 };
  return { clock, limiter: new LoginLimiter(() => clock.now) };
}

/** Begins attempts until one is refused, at most 200, and leaves them as failures. */
function failures(begin: () => Attempt): { count: number; retryAfter: number } {
  for (let count = 0; count < 200; count += 1) {
    try {
      begin();
    } catch {
      return { count, retryAfter: Number(problemOf(begin).headers["retry-after"]) };
    }
  }
  return { count: 200, retryAfter: 0 };
}

describe("an address", () => {
  test("may fail ten times at once, then once in 30 seconds, with any name", () => {
    const { clock, limiter } = limited();
    let name = 0;
    const fail = () => limiter.begin("192.0.2.1", `user${name++}`);
    expect(failures(fail)).toEqual({ count: 10, retryAfter: 30 });
    expect(problemOf(fail)).toMatchObject({ code: "too_many_logins", status: 429 });
    clock.now += 29.9;
    expect(failures(fail)).toEqual({ count: 0, retryAfter: 1 });
    clock.now += 0.2;
    expect(failures(fail)).toEqual({ count: 1, retryAfter: 30 });
    clock.now += 3600;
    expect(failures(fail).count).toBe(10);
  });

  test("GHSA-r4v7-6wcg-ghj5: of IPv6 is its /64 network", () => {
    const { limiter } = limited();
    let host = 0;
    const fail = () => limiter.begin(clientOf(`2001:db8:1:2::${(host++).toString(16)}`), `user${host}`);
    expect(failures(fail).count).toBe(10);
    expect(failures(() => limiter.begin(clientOf("2001:db8:1:3::1"), "other")).count).toBe(10);
  });

  test("is not cleared by logging in to an own account between guesses", () => {
    const { limiter } = limited();
    const guess = () => {
      limiter.begin("192.0.2.1", "mallory").succeeded();
      return limiter.begin("192.0.2.1", "alice");
    };
    expect(failures(guess).count).toBe(10);
  });

  test("never waits because of logins that succeed", () => {
    const { limiter } = limited();
    for (let login = 0; login < 1000; login += 1) limiter.begin("192.0.2.1", "alice").succeeded();
    expect(failures(() => limiter.begin("192.0.2.1", "alice")).count).toBe(10);
  });
});

describe("an account", () => {
  const everywhere = (limiter: LoginLimiter, name: string) => {
    let host = 0;
    return () => limiter.begin(`198.51.100.${host++}`, name);
  };

  test("may fail twenty times from all addresses together, then once a minute", () => {
    const { clock, limiter } = limited();
    expect(failures(everywhere(limiter, "alice"))).toEqual({ count: 20, retryAfter: 60 });
    expect(failures(everywhere(limiter, "bob")).count).toBe(20);
    clock.now += 60;
    expect(failures(everywhere(limiter, "alice")).count).toBe(1);
  });

  test("that does not exist is limited like one that does: the limiter knows no accounts", () => {
    const { limiter } = limited();
    expect(failures(everywhere(limiter, "nobody")).count).toBe(20);
  });

  test("cannot be locked out: an address that has logged in before is free of its limit", () => {
    const { limiter } = limited();
    limiter.begin("192.0.2.7", "alice").succeeded();
    failures(everywhere(limiter, "alice"));
    expect(problemOf(() => limiter.begin("192.0.2.8", "alice")).code).toBe("too_many_logins");
    limiter.begin("192.0.2.7", "alice").succeeded();
    // It is not free of its own limit, and not for other accounts.
    expect(failures(() => limiter.begin("192.0.2.7", "alice")).count).toBe(10);
    limiter.begin("192.0.2.9", "alicia").succeeded();
    expect(problemOf(() => limiter.begin("192.0.2.9", "alice")).code).toBe("too_many_logins");
  });

  test("is limited on loopback, where a proxy may hide everybody, and a success there frees nobody", () => {
    const { limiter } = limited();
    limiter.begin(undefined, "alice").succeeded();
    expect(failures(() => limiter.begin(undefined, "alice"))).toEqual({ count: 20, retryAfter: 60 });
    expect(failures(() => limiter.begin(undefined, "bob")).count).toBe(20);
  });

  test("names longer than any account share their beginning, so that no name grows the memory", () => {
    const { limiter } = limited();
    let tail = 0;
    const fail = () => limiter.begin(undefined, `${"n".repeat(4000)}${tail++}`);
    expect(failures(fail).count).toBe(20);
  });
});

test("50 attempts at once: ten begin, because each counts before its hash has ended", () => {
  const { limiter } = limited();
  const begun: Attempt[] = [];
  let refused = 0;
  for (let index = 0; index < 50; index += 1) {
    try {
      begun.push(limiter.begin("192.0.2.1", "alice"));
    } catch {
      refused += 1;
    }
  }
  expect([begun.length, refused]).toEqual([10, 40]);
  // One of them was right: it is given back once, whatever it calls.
  begun[0]?.succeeded();
  begun[0]?.withdrawn();
  begun[0]?.succeeded();
  expect(failures(() => limiter.begin("192.0.2.1", "alice")).count).toBe(1);
});

test("an attempt that was not checked does not count", () => {
  const { limiter } = limited();
  for (let index = 0; index < 100; index += 1) limiter.begin("192.0.2.1", "alice").withdrawn();
  expect(failures(() => limiter.begin("192.0.2.1", "alice")).count).toBe(10);
});

test("10,000 addresses and names are remembered, those that failed last", () => {
  const { limiter } = limited();
  failures(() => limiter.begin("192.0.2.1", "alice"));
  for (let index = 0; index < 9_999; index += 1) limiter.begin(`host ${index}`, `user ${index}`);
  expect(problemOf(() => limiter.begin("192.0.2.1", "alice")).code).toBe("too_many_logins");
  for (let index = 0; index < 10_000; index += 1) limiter.begin(`other ${index}`, `more ${index}`);
  expect(failures(() => limiter.begin("192.0.2.1", "alice")).count).toBe(10);
});

test("the clock of the system does not matter", () => {
  const limiter = new LoginLimiter();
  failures(() => limiter.begin("192.0.2.1", "alice"));
  const { now } = Date;
  try {
    for (const jump of [-1e12, 1e12]) {
      Date.now = () => now() + jump;
      const { retryAfter } = failures(() => limiter.begin("192.0.2.1", "alice"));
      expect(retryAfter).toBeWithin(1, 31);
    }
  } finally {
    Date.now = now;
  }
});
