// Scales the timeouts of tests, so that a slow or busy machine does not make them fail.

/**
 * Every limit of a wait is multiplied by it. Waits end as soon as their condition holds, so a large factor costs time only
 * where a test fails. `TEST_PATIENCE=10` is for a machine that is slower still.
 */
const PATIENCE = Number(process.env.TEST_PATIENCE ?? 4);

/** A limit, in whatever unit it is given, as this machine needs it. */
export function patient(limit: number): number {
  return limit * PATIENCE;
}
