// The caps of a request: that of the whole server, and those of its link and its account.

import type { Cap } from "../../../core/admission/cap.ts";
import type { CapShare } from "../../../core/admission/cap-share.ts";
import { requestInfoOf } from "../../../plugins/request-info.ts";
import type { Services } from "../services.ts";

const NONE: readonly Cap[] = [];

/** The caps that limit the bytes of this request. */
export function capsOf({ caps }: Pick<Services, "caps">, request: Request): readonly Cap[] {
  const rates = requestInfoOf(request)?.asker?.rates ?? [];
  const { server } = caps;
  // Most requests have no cap.
  if (rates.length === 0 && server === undefined) return NONE;
  const own = rates.map(({ key, rate, label }) => caps.of(key, rate, label));
  return server === undefined ? own : [...own, server];
}

/**
 * The share of a download in the caps of its request; null without caps. The caller must `leave` it; it is left, too, when the
 * client goes: Bun may never read the answer then.
 */
export function shareOf(services: Pick<Services, "caps">, request: Request): CapShare | null {
  const caps = capsOf(services, request);
  if (caps.length === 0) return null;
  const share = services.caps.share(caps);
  request.signal.addEventListener("abort", () => share.leave(), { once: true });
  if (request.signal.aborted) share.leave();
  return share;
}
