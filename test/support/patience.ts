// Scales the timeouts of tests, so that a slow or busy machine does not make them fail.

/**
 * The factor for every time limit. Waits end as soon as their condition holds, so a large factor costs time only when a
 * test fails. `TEST_PATIENCE=10` suits a very slow machine.
 */
const PATIENCE = Number(process.env.TEST_PATIENCE ?? 4);

/** A time limit in any unit, scaled for this machine. */
export function patient(limit: number): number {
  return limit * PATIENCE;
}
