// The OpenMetrics parser of Prometheus' Python client, which is strict.

/** A Python in which the client is installed. */
const PYTHON = process.env.TEST_PYTHON ?? "python3";

/** Whether the parser is missing. Printed once, because a silent skip looks like a pass. */
export const noParser =
  Bun.which(PYTHON) === null || Bun.spawnSync([PYTHON, "-c", "import prometheus_client"]).exitCode !== 0;
if (noParser)
  skipped(
    "the OpenMetrics parser",
    `${PYTHON} has no prometheus-client`,
    "install it for a Python and set TEST_PYTHON to that",
  );

/** One parsed sample. */
export interface Sample {
  name: string;
  labels: Record<string, string>;
  value: number;
}

const SCRIPT = `
import json, sys
from prometheus_client.openmetrics.parser import text_string_to_metric_families
families = text_string_to_metric_families(sys.stdin.read())
json.dump([dict(name=s.name, labels=s.labels, value=s.value) for f in families for s in f.samples], sys.stdout)
`;

import { skipped } from "./switches.ts";

/** Parses the text. @throws Error with the parser's message */
export function parsed(text: string): Sample[] {
  const { exitCode, stdout, stderr } = Bun.spawnSync([PYTHON, "-c", SCRIPT], { stdin: Buffer.from(text) });
  if (exitCode !== 0) throw new Error(stderr.toString());
  return JSON.parse(stdout.toString());
}
