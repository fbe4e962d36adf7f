// The wait that an answer asks for, in its header Retry-After (RFC 9110 section 10.2.3).

/** Seconds, as a number or until a date; undefined without the header, for any other value, and for a date that is over. */
export function retryAfter(headers: Headers, now = Date.now()): number | undefined {
  const value = headers.get("retry-after") ?? "";
  if (/^\d{1,9}$/.test(value)) return Number(value);
  const seconds = (Date.parse(value) - now) / 1000;
  return seconds > 0 ? seconds : undefined;
}
