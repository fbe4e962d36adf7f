// The limit of one stream by kernel statistics: networks with latency, loss or saturation, a relay. Takes a minute; needs SHAPED=1.

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { join } from "node:path";
import type { Finding } from "../../src/doctor/finding.ts";
import { skipped, whyOff } from "../support/switches.ts";
import { openStand, type Stand, whyNoStand } from "./stand.ts";
import { whyNoFar } from "./system.ts";

const asked = whyOff("SHAPED");
const reason = asked ?? whyNoStand() ?? whyNoFar();
if (reason) skipped("test/shaped/doctor", reason);

const MB = 1e6;
const SECONDS = 120;
/** Number of attempts, because other programs on the machine also affect the network. */
const ATTEMPTS = 3;

type Prepare = (stand: Stand, stack: AsyncDisposableStack) => Promise<string>;

const CASES: readonly (readonly [string, RegExp, Prepare])[] = [
  [
    "a far line whose window is small",
    /^latency × window$/,
    async (stand, stack) => {
      stack.use(await stand.line.far({ roundTrip: 50, rate: 24 * MB, window: 65_535 * 8 }));
      return stand.url("memory");
    },
  ],
  [
    "a relay that lets a window through",
    /^latency × window$/,
    async (stand, stack) => {
      stand.line.rate(24 * MB);
      stack.defer(() => stand.line.rate(undefined));
      const relay = stack.use(await stand.relay("memory", "50", String(350 * 1024)));
      return `http://127.0.0.1:${relay.firstLine}`;
    },
  ],
  [
    "a line that loses every 40th packet",
    /^a lossy line: \d+\.\d % of the packets were lost$/,
    async (stand, stack) => {
      stack.use(await stand.line.far({ roundTrip: 20, rate: 24 * MB, loseOneOf: 40 }));
      return stand.url("memory");
    },
  ],
  [
    "a line of 7 MB/s",
    /^the line$/,
    async (stand, stack) => {
      stand.line.rate(7 * MB);
      stack.defer(() => stand.line.rate(undefined));
      return stand.url("memory");
    },
  ],
];

describe.skipIf(reason !== null)("doctor names the limit of", () => {
  let stand: Stand;
  beforeAll(async () => {
    stand = await openStand();
  }, SECONDS * 1000);
  afterAll(() => stand?.[Symbol.asyncDispose]());

  test.each(CASES)(
    "%s",
    async (_name, words, prepare) => {
      const wrong: string[] = [];
      for (let attempt = 1; attempt <= ATTEMPTS; attempt += 1) {
        await using stack = new AsyncDisposableStack();
        const url = await prepare(stand, stack);
        const said = await stand.run(process.execPath, join(import.meta.dir, "examine.ts"), url);
        const { findings }: { findings: Finding[] } = JSON.parse(said);
        const limit = findings.find(({ check }) => check === "upload-limit");
        if (words.test(limit?.value ?? "")) return;
        wrong.push(JSON.stringify(limit ?? findings.filter(({ check }) => check.startsWith("upload"))));
      }
      expect(wrong).toEqual([]);
    },
    SECONDS * 1000,
  );
});
