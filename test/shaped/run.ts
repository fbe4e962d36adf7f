// Measures every case many times and prints a table: truth, report, runs right of runs made.
// bun run test/shaped/run.ts [--runs 100] [--only WORDS] [--dialect put,form,tus,parallel] [--out FILE]

import { parseArgs } from "node:util";
import { CASES, type Case } from "./cases.ts";
import { measure, type Verdict } from "./measure.ts";
import { DIALECTS, type Dialect } from "./send.ts";
import { openStand } from "./stand.ts";
import { whyNot } from "./system.ts";
import { whyNoVolume } from "./volume.ts";

const { runs, only, dialect, out } = parseArgs({
  options: {
    runs: { type: "string", default: "100" },
    only: { type: "string", default: "" },
    dialect: { type: "string", default: DIALECTS.join() },
    out: { type: "string" },
  },
}).values;
const reason = whyNot() ?? whyNoVolume();
if (reason) {
  console.error(reason);
  process.exit(1);
}

/** What came of all the runs of one case in one dialect. */
interface Row {
  one: Case;
  dialect: Dialect;
  verdicts: Verdict[];
}

const dialects = DIALECTS.filter((name) => dialect.split(",").includes(name));
const rows: Row[] = CASES.filter(({ name }) => name.includes(only)).flatMap((one) =>
  dialects.map((name) => ({ one, dialect: name, verdicts: [] })),
);
await using stand = await openStand();
for (let round = 1; round <= Number(runs); round += 1) {
  for (const { one, dialect, verdicts } of rows) {
    const verdict = await measure(stand, one, dialect);
    verdicts.push(verdict);
    if (verdict.wrong.length === 0) continue;
    console.error(
      `${one.name}, ${dialect}: ${verdict.wrong.join("; ")} ${JSON.stringify(verdict.flow.waits)}`,
    );
  }
  console.error(`round ${round} of ${runs}`);
}

const median = (numbers: number[]): number =>
  numbers.toSorted((a, b) => a - b)[numbers.length >> 1] ?? Number.NaN;
const rightOf = (verdicts: Verdict[]): number => verdicts.filter(({ wrong }) => wrong.length === 0).length;
const all = rows.flatMap(({ verdicts }) => verdicts);
const table = [
  "| what is slow | way | truth | the report said, times | its rate / the true one | right |",
  "| --- | --- | --- | --- | --- | --- |",
  ...rows.map(({ one, dialect, verdicts }) => {
    const said = Map.groupBy(verdicts, ({ flow }) => flow.bottleneck);
    const words = [...said].map(([name, { length }]) => `${name} ${length}`).join(", ");
    const parts = verdicts.flatMap(({ rate }) => rate ?? []);
    const rate = parts.length > 0 ? median(parts).toFixed(2) : "";
    const right = `${rightOf(verdicts)} of ${verdicts.length}`;
    return `| ${one.name} | ${dialect} | ${one.truth.join(" or ")} | ${words} | ${rate} | ${right} |`;
  }),
  "",
  `${rightOf(all)} of ${all.length} reports were right (${((rightOf(all) / all.length) * 100).toFixed(1)} %).`,
].join("\n");
console.log(table);
if (out) await Bun.write(out, `${table}\n`);
