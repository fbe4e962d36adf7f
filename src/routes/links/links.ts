// All routes of links and drops: one plugin. No address of a link reaches other websites, search engines or caches.

import { Elysia } from "elysia";
import { targetOf } from "../../http/target.ts";
import type { Services } from "../support/services.ts";
import { downloading } from "./downloading.ts";
import { dropUploads } from "./drop-uploads.ts";
import { dropping } from "./dropping.ts";
import { visiting } from "./visiting.ts";

export function linkRoutes(services: Services) {
  return new Elysia({ name: "link-routes" })
    .onRequest(({ request, set }) => {
      // Here, so that problems have them too.
      // The first look is cheap: all requests come here.
      if (!request.url.includes("/s/") || !targetOf(request).path.startsWith("/s/")) return;
      set.headers["referrer-policy"] = "no-referrer";
      set.headers["x-robots-tag"] = "noindex, nofollow";
    })
    .use(visiting(services))
    .use(downloading(services))
    .use(dropping(services))
    .use(dropUploads(services));
}
