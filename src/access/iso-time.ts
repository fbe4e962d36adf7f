// Moments of accounts, tokens, sessions and links, as JSON tells them.

/** `2026-01-01T00:00:00.000Z`; null for never. @param milliseconds since 1970 */
export function isoTime(milliseconds: number): string;
export function isoTime(milliseconds: number | null): string | null;
export function isoTime(milliseconds: number | null): string | null {
  return milliseconds === null ? null : new Date(milliseconds).toISOString();
}
