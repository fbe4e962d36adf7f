// Runs a case and compares its flow report with the expected bottleneck.

import type { FlowReport } from "../../src/core/report/flow-report.ts";
import type { Case } from "./cases.ts";
import { type Dialect, send } from "./send.ts";
import { type Stand, sourceFile } from "./stand.ts";

/** The result of one transfer. */
export interface Verdict {
  flow: FlowReport;
  /** The errors of the report; empty if it is correct. */
  wrong: string[];
  /** The rate of the report divided by the client's; undefined if the client's time includes its start. */
  rate?: number;
}

/** Tolerance of the rate compared with the client's, and of the sum of waits compared with the seconds. */
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
