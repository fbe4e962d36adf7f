// Group "reports": whether flow reports name the real bottleneck of networks, disks and processors that are slow in a known way.

import { type Case, RUNS } from "../../test/shaped/cases.ts";
import { measure, type Verdict } from "../../test/shaped/measure.ts";
import type { Dialect } from "../../test/shaped/send.ts";
import { openStand, whyNoStand } from "../../test/shaped/stand.ts";
import type { Bench, Group } from "../bench.ts";
import { type Figure, median } from "../table.ts";

/** Required share of correct reports. */
const RIGHT = 0.99;

const right = (verdicts: readonly Verdict[]): number =>
  verdicts.filter(({ wrong }) => wrong.length === 0).length;

/** All runs of one case with one upload protocol. */
interface Row {
  one: Case;
  dialect: Dialect;
  verdicts: Verdict[];
}

function figure({ one, dialect, verdicts }: Row): Figure {
  const reported = Map.groupBy(verdicts, ({ flow }) => flow.bottleneck);
  const rates = verdicts.flatMap(({ rate }) => rate ?? []);
  return {
    name: `${one.name}, ${dialect}`,
    sluice: [...reported].map(([name, { length }]) => `${name} ${length}×`).join(", "),
    versus: "expected",
    other: one.truth.join(" or ") + (rates.length > 0 ? `; rate × ${median(rates).toFixed(2)}` : ""),
    target: {
      text: `${right(verdicts)} of ${verdicts.length} correct`,
      met: right(verdicts) === verdicts.length,
    },
  };
}

async function run({ rounds, quick, say }: Bench): Promise<Figure[]> {
  const reason = whyNoStand();
  if (reason) {
    say(`reports are skipped: ${reason}`);
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
      sluice: `${right(all)} of ${all.length} correct`,
      target: { text: `≥ ${RIGHT}`, met: right(all) >= RIGHT * all.length },
    },
  ];
}

/** Correctness of flow reports. */
export const reports: Group = {
  key: "reports",
  title: "Correctness of flow reports",
  method:
    "one upload at a time with each upload protocol, over a network, onto a disk or on a processor that is slow in a known way (`test/shaped/`; root only). A report is correct if it names the real bottleneck, its waits add up to its seconds, " +
    "and its rate is within 10 % of the rate that the client measured, where the transfer takes long enough to compare them.",
  run,
};
