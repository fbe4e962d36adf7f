// The caps of a request: that of the whole server, and those of its link and its account.

import type { Cap } from "../../core/admission/cap.ts";
import { requestInfoOf } from "../../plugins/request-info.ts";
import type { Services } from "./services.ts";

const NONE: readonly Cap[] = [];

/** The caps that limit the bytes of this request. */
export function capsOf({ caps: { server } }: Pick<Services, "caps">, request: Request): readonly Cap[] {
  const own = requestInfoOf(request)?.caps ?? NONE;
  return server === undefined ? own : [...own, server];
}
