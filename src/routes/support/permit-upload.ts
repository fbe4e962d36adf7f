// Permits an upload before its bytes are read: by the grants of the asker, then by the hooks that want to be asked.

import type { NameGrants } from "../../core/naming/conflict.ts";
import type { FilePath } from "../../path.ts";
import { proveWrite } from "../../plugins/access.ts";
import { eventOf } from "../../plugins/event-observer.ts";
import { renewAsker } from "../../plugins/revoking/revoking.ts";
import type { Services } from "./services.ts";

/**
 * @param size announced bytes; undefined when unknown
 * @throws Problem login_required, not_allowed, not_found, hook_refused, hook_failed
 */
export async function permitUpload(
  services: Services,
  request: Request,
  path: FilePath,
  size: number | undefined,
): Promise<NameGrants> {
  const permission = proveWrite(request, path);
  await askHooks(services, request, path, size);
  return permission;
}

/**
 * Asks the hooks for an upload that is permitted already, and then proves it again: the asker may have lost the grant while the
 * hooks were asked.
 * @throws Problem as `permitUpload`; revoked
 */
export async function permitAgain(
  services: Services,
  request: Request,
  path: FilePath,
  size: number | undefined,
): Promise<void> {
  await askHooks(services, request, path, size);
  renewAsker(services.access, request);
  proveWrite(request, path);
}

/** Asks the hooks that check uploads. @throws Problem hook_refused, hook_failed */
async function askHooks(
  { hooks }: Services,
  request: Request,
  path: FilePath,
  size: number | undefined,
): Promise<void> {
  if (hooks.asks) await hooks.ask(eventOf("upload.before", request, { path, size: size ?? null }));
}
