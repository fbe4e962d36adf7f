// The gate: at most N inside, the next one is refused with 503 and Retry-After.

import { expect, test } from "bun:test";
import { Gate } from "../../../src/core/admission/gate.ts";

test("one more than the limit is refused, until one leaves", () => {
  const gate = new Gate(2, { code: "too_many_searches", detail: "2 searches are already running." }, 7);
  const leave = gate.enter();
  gate.enter();
  expect(() => gate.enter()).toThrow(
    expect.objectContaining({
      code: "too_many_searches",
      status: 503,
      detail: "2 searches are already running.",
      headers: { "retry-after": "7" },
    }),
  );
  expect(gate.entered).toBe(2);
  leave();
  expect(gate.entered).toBe(1);
  gate.enter();
});

test("leaving twice counts once", () => {
  const gate = new Gate(2, { code: "too_many_searches", detail: "" }, 1);
  const leave = gate.enter();
  gate.enter();
  leave();
  leave();
  expect(gate.entered).toBe(1);
});
