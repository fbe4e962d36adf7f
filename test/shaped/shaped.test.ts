// Reports on networks, disks and processors that are slow in a known way. Takes five minutes; needs SHAPED=1.

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { skipped, whyOff } from "../support/switches.ts";
import { RUNS } from "./cases.ts";
import { measure } from "./measure.ts";
import { openStand, type Stand, whyNoStand } from "./stand.ts";

const asked = whyOff("SHAPED");
const reason = asked ?? whyNoStand();
if (reason) skipped("test/shaped", reason);

/** Number of attempts, because other programs on the machine also slow transfers down. */
const ATTEMPTS = 3;
const SECONDS = 90;

describe.skipIf(reason !== null)("the report is correct for", () => {
  let stand: Stand;
  beforeAll(async () => {
    stand = await openStand();
  }, SECONDS * 1000);
  afterAll(() => stand?.[Symbol.asyncDispose]());

  const rows = RUNS.map(([one, dialect]) => [one.name, dialect, one] as const);
  test.each(rows)(
    "%s, %s",
    async (_name, dialect, one) => {
      const wrong: string[] = [];
      for (let attempt = 1; attempt <= ATTEMPTS; attempt += 1) {
        const verdict = await measure(stand, one, dialect);
        if (verdict.wrong.length === 0) return;
        wrong.push(`${verdict.wrong.join("; ")} (${JSON.stringify(verdict.flow.waits)})`);
      }
      expect(wrong).toEqual([]);
    },
    SECONDS * 1000,
  );
});
