// Whether reports are right: lines, disks and processors that are slow in a known way, and what was said about them.

import { type Case, RUNS } from "../../test/shaped/cases.ts";
import { measure, type Verdict } from "../../test/shaped/measure.ts";
import type { Dialect } from "../../test/shaped/send.ts";
import { openStand, whyNoStand } from "../../test/shaped/stand.ts";
import type { Bench, Group } from "../bench.ts";
import { type Figure, median } from "../table.ts";

/** Part of the reports that are to be right. */
const RIGHT = 0.99;

const right = (verdicts: readonly Verdict[]): number =>
  verdicts.filter(({ wrong }) => wrong.length === 0).length;

/** What came of all the runs of one case in one way. */
interface Row {
  one: Case;
  dialect: Dialect;
  verdicts: Verdict[];
}

function figure({ one, dialect, verdicts }: Row): Figure {
  const said = Map.groupBy(verdicts, ({ flow }) => flow.bottleneck);
  const rates = verdicts.flatMap(({ rate }) => rate ?? []);
  return {
    name: `${one.name}, ${dialect}`,
    sluice: [...said].map(([name, { length }]) => `${name} ${length}×`).join(", "),
    beside: "truth",
    other: one.truth.join(" or ") + (rates.length > 0 ? `; rate × ${median(rates).toFixed(2)}` : ""),
    reach: {
      text: `right ${right(verdicts)} of ${verdicts.length}`,
      met: right(verdicts) === verdicts.length,
    },
  };
}

async function run({ rounds, quick, say }: Bench): Promise<Figure[]> {
  const reason = whyNoStand();
  if (reason) {
    say(`no reports: ${reason}`);
    return [];
  }
  const rows: Row[] = (quick ? RUNS.slice(0, 8) : RUNS).map(([one, dialect]) => ({
    one,
    dialect,
    verdicts: [],
  }));
  await using stand = await openStand();
  for (let round = 0; round < rounds; round++)
    for (const { one, dialect, verdicts } of rows) {
      const verdict = await measure(stand, one, dialect);
      verdicts.push(verdict);
      if (verdict.wrong.length > 0) say(`${one.name}, ${dialect}: ${verdict.wrong.join("; ")}`);
    }
  const all = rows.flatMap(({ verdicts }) => verdicts);
  return [
    ...rows.map(figure),
    {
      name: "all",
      sluice: `${right(all)} of ${all.length} right`,
      reach: { text: `≥ ${RIGHT}`, met: right(all) >= RIGHT * all.length },
    },
  ];
}

/** What reports say of what is known to be slow. */
export const reports: Group = {
  key: "reports",
  title: "What reports say, and what is true",
  method:
    "one upload at a time in each way of uploading, over a line, onto a disk or by a processor that is slow in a known way (`test/shaped/`; root only). A report is right when it names the true limit, its waits add up to its seconds, " +
    "and its rate is within 10 % of that by the client's clock, where the transfer takes long enough for that.",
  run,
};
