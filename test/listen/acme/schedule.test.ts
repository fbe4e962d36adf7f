// When certificates are renewed, and when an order that failed is tried again.

import { expect, test } from "bun:test";
import { permittedFrom, renewalOf, waitAfter } from "../../../src/listen/acme/schedule.ts";

const [MINUTE, HOUR, DAY] = [60_000, 3_600_000, 86_400_000];

test.each([
  [90, 60, 62.25],
  [6, 4, 4.15],
])("a certificate of %d days is renewed between day %d and day %d", (days, first, last) => {
  const validity = { begins: new Date(1000), expires: new Date(1000 + days * DAY) };
  expect((renewalOf(validity, 0) - 1000) / DAY).toBeCloseTo(first);
  expect((renewalOf(validity, 1) - 1000) / DAY).toBeCloseTo(last);
});

test("orders that are refused stay below five an hour, and are tried twice a day at least", () => {
  let now = 0;
  const tries = [now];
  for (let failures = 1; failures <= 12; failures += 1) {
    now += waitAfter({ kind: "refused", failures }, 0);
    tries.push(now);
  }
  expect(tries.slice(0, 5).map((time) => time / MINUTE)).toEqual([0, 2, 8, 26, 80]);
  for (const start of tries)
    expect(tries.filter((time) => time >= start && time < start + HOUR).length).toBeLessThan(5);
  expect(Math.max(...tries.slice(1).map((time, index) => time - (tries[index] ?? 0)))).toBe(12 * HOUR);
});

test("an authority that does not answer is asked again after ten seconds, and every hour at least", () => {
  expect(waitAfter({ kind: "unreachable", failures: 1 }, 0)).toBe(10_000);
  expect(waitAfter({ kind: "unreachable", failures: 1 }, 1)).toBe(11_000);
  expect(waitAfter({ kind: "unreachable", failures: 1000 }, 0)).toBe(HOUR);
});

test("Retry-After is obeyed when it is longer, up to a week", () => {
  const wait = (retryAfter: number) => waitAfter({ kind: "refused", failures: 1, retryAfter }, 0);
  expect([wait(1), wait(7200), wait(1e9)]).toEqual([2 * MINUTE, 2 * HOUR, 7 * DAY]);
});

test("after a restart the next order comes at once, but never a fifth within an hour, nor before the authority permits it", () => {
  const times = [1, 2, 3, 4].map((minutes) => minutes * MINUTE);
  const from = (some: number[], until: number) => permittedFrom({ times: some, until }, 4 * MINUTE);
  expect(from([], 0)).toBe(0);
  expect(from(times.slice(0, 3), 0)).toBeLessThanOrEqual(4 * MINUTE);
  expect(from(times, 0)).toBe(MINUTE + HOUR);
  expect(from(times, 5 * HOUR)).toBe(5 * HOUR);
});

test("what was recorded while the clock was years ahead does not stop orders", () => {
  const refusals = { times: [1, 2, 3, 4].map((days) => 9000 * DAY + days), until: 9001 * DAY };
  expect(permittedFrom(refusals, DAY)).toBe(0);
});
