// A Python that has tuspy: TEST_PYTHON, else the one of the system.

import { skipped } from "./switches.ts";

export const PYTHON = process.env.TEST_PYTHON ?? "python3";

/** Whether there is none. Said once, because a silent skip looks like a pass. */
export const noTuspy =
  Bun.which(PYTHON) === null || Bun.spawnSync([PYTHON, "-c", "import tusclient"]).exitCode !== 0;
if (noTuspy)
  skipped("tuspy", `${PYTHON} has no tuspy`, "install it into a Python and name that by TEST_PYTHON");
