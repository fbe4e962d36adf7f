// Which coding an answer may have (RFC 9110 section 12.5.3).

/**
 * The coding to use, the first of those the client likes best; null for none.
 * @param accepted the value of `Accept-Encoding`
 * @param offered what can be made, the better ones first
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
  // Unless it is said, nothing is as good as no coding at all.
  return best !== null && weigh(best) >= (weights.get("identity") ?? 0) ? best : null;
}
