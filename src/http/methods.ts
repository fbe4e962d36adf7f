// Methods of HTTP and what they may do.

/** Whether a method may change something (RFC 9110 section 9.2.1). */
export function isUnsafe(method: string): boolean {
  return method !== "GET" && method !== "HEAD" && method !== "OPTIONS";
}
