// Runs a case, and compares what the report said with the truth.

import type { FlowReport } from "../../src/core/report/flow-report.ts";
import type { Case } from "./cases.ts";
import { type Dialect, send } from "./send.ts";
import { type Stand, sourceFile } from "./stand.ts";

/** What came of one transfer. */
export interface Verdict {
  flow: FlowReport;
  /** What is wrong with the report; empty when it is right. */
  wrong: string[];
  /** The rate of the report, as a part of the true one; undefined where the client's start is a part of its time. */
  rate?: number;
}

/** The rate of the report may be this far from the one by the client's clock, and its waits from its seconds. */
const RATE = 0.1;
const SUM = 0.01;

export async function measure(stand: Stand, { truth, shape }: Case, dialect: Dialect): Promise<Verdict> {
  await using stack = new AsyncDisposableStack();
  stack.defer(() => stand.empty());
  const { place, bytes, url = stand.url(place), source, options, steady } = await shape(stand, stack);
  const { flow, seconds } = await send(stand, dialect, {
    url,
    source: source ?? stack.use(sourceFile(bytes)).path,
    bytes,
    ...(options && { options }),
  });
  const wrong: string[] = [];
  if (!truth.includes(flow.bottleneck)) wrong.push(`${flow.bottleneck}, not ${truth.join(" or ")}`);
  const sum = Object.values(flow.waits).reduce((total, wait) => total + wait, 0);
  if (Math.abs(sum - flow.seconds) > SUM * flow.seconds) wrong.push(`waits of ${sum} s in ${flow.seconds} s`);
  if (!steady) return { flow, wrong };
  const part = flow.bytesPerSecond / (bytes / seconds);
  if (Math.abs(part - 1) > RATE) wrong.push(`${Math.round(part * 100)} % of the true rate`);
  return { flow, wrong, rate: part };
}
