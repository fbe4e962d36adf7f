// A Python that has tuspy: TUSPY_PYTHON, else the one of the system.

export const PYTHON = process.env.TUSPY_PYTHON ?? "python3";

/** Whether there is none. Said once, because a silent skip looks like a pass. */
export const noTuspy =
  Bun.which(PYTHON) === null || Bun.spawnSync([PYTHON, "-c", "import tusclient"]).exitCode !== 0;
if (noTuspy) console.warn(`${PYTHON} has no tuspy (set TUSPY_PYTHON): what needs it is skipped`);
