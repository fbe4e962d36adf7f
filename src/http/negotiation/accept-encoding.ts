// Negotiates the content coding of an answer from Accept-Encoding (RFC 9110 section 12.5.3).

/**
 * The offered coding with the highest weight, the first one of equals; null for no coding.
 * @param accepted the value of `Accept-Encoding`
 * @param offered the codings the server supports, in order of preference
 */
export function chooseEncoding<Coding extends string>(
  accepted: string | null,
  offered: readonly Coding[],
): Coding | null {
  const weights = new Map<string, number>();
  for (const part of (accepted ?? "").toLowerCase().split(",")) {
    const [coding = "", ...parameters] = part.split(";").map((text) => text.trim());
    const weight = parameters.find((text) => text.startsWith("q="));
    weights.set(coding, weight === undefined ? 1 : Number(weight.slice(2)) || 0);
  }
  const weigh = (coding: string): number => weights.get(coding) ?? weights.get("*") ?? 0;
  let best: Coding | null = null;
  for (const coding of offered) if (weigh(coding) > (best === null ? 0 : weigh(best))) best = coding;
  // An unlisted `identity` counts as 0 here, so that any accepted coding wins over it.
  return best !== null && weigh(best) >= (weights.get("identity") ?? 0) ? best : null;
}
