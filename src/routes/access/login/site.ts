// The website that a request was sent to, for passkeys and identity providers.

import { type RelyingParty, relyingPartyOf } from "../../../access/login/passkeys.ts";
import { Problem } from "../../../errors.ts";
import { originSent } from "../../../http/target.ts";
import type { Services } from "../../support/services.ts";

/** The origin of the server in the browser: `--url`, else that of the request, which a proxy may have changed. @throws Problem invalid_request */
export function originOf({ config }: Services, request: Request): string {
  const origin = config.url ?? originSent(request);
  if (origin === undefined)
    throw new Problem("invalid_request", "Send `Host`, or start the server with --url.");
  return origin;
}

/** The website that passkeys belong to. @throws Problem invalid_request where browsers have no passkeys */
export function relyingParty(services: Services, request: Request): RelyingParty {
  const party = relyingPartyOf(originOf(services, request));
  if (party) return party;
  throw new Problem(
    "invalid_request",
    "Browsers have passkeys only over HTTPS under a host name, and on localhost. Start the server with --url https://….",
  );
}
