// All routes of files, also by WebDAV: one plugin, so that the type of the app stays within the compiler's depth.

import { Elysia } from "elysia";
import { dav } from "../dav/dav.ts";
import type { Services } from "../support/services.ts";
import { download } from "./download.ts";
import { post } from "./post.ts";
import { put } from "./put.ts";
import { remove } from "./remove.ts";

export function fileRoutes(services: Services) {
  return new Elysia({ name: "file-routes" })
    .use(put(services))
    .use(post(services))
    .use(download(services))
    .use(remove(services))
    .use(dav(services));
}
