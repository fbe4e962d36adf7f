// A Python with tuspy: TEST_PYTHON, else the system's.

import { skipped } from "./switches.ts";

export const PYTHON = process.env.TEST_PYTHON ?? "python3";

/** Whether tuspy is missing. Printed once, because a silent skip looks like a pass. */
export const noTuspy =
  Bun.which(PYTHON) === null || Bun.spawnSync([PYTHON, "-c", "import tusclient"]).exitCode !== 0;
if (noTuspy)
  skipped("tuspy", `${PYTHON} has no tuspy`, "install it for a Python and set TEST_PYTHON to that");
