// Negotiates the media type of an answer from Accept (RFC 9110 section 12.5.1).

import Negotiator from "negotiator";

/**
 * The offered media type with the highest weight, the first one of equals; null when the client accepts none.
 * @param accepted the value of `Accept`; without it every type is accepted
 */
export function preferredType<Type extends string>(
  accepted: string | null,
  offered: readonly Type[],
): Type | null {
  const headers = accepted === null ? {} : { accept: accepted };
  const best = new Negotiator({ headers }).mediaType(offered);
  return offered.find((type) => type === best) ?? null;
}

/** Whether `Accept` names `text/html`, as that of browsers does when they open an address. That of most programs is only a wildcard. */
export function namesHtml(headers: Headers): boolean {
  return headers.get("accept")?.includes("text/html") ?? false;
}
