// OPTIONS of WebDAV: the classes and methods that the server supports; also at `/`, where Windows looks for them.

import { depthOf } from "../../http/dav/depth.ts";
import { MULTISTATUS_END, MULTISTATUS_START, responseOf, XML_HEADERS } from "../../http/dav/multistatus.ts";
import type { Services } from "../support/services.ts";
import { DAV, type DavRequest, rootUrl } from "./target.ts";

/**
 * Without `MS-Author-Via`, Office uses another protocol, which this server does not speak.
 * @param allow the methods of WebDAV
 */
export function options(allow: string): Response {
  const headers = { dav: "1, 2", "ms-author-via": "DAV", allow, "content-length": "0" };
  return new Response(null, { status: 200, headers });
}

/** PROPFIND of `/`: a folder that holds nothing but the one at /dav/. */
export function rootListing(_: Services, dav: DavRequest): Response {
  const root = rootUrl(dav);
  const above = root.slice(0, -DAV.length);
  const depth = depthOf(dav.request.headers, ["0", "1", "infinity"], "1");
  const found = [{ status: 200, properties: "<D:resourcetype><D:collection/></D:resourcetype>" }] as const;
  const hrefs = depth === "0" ? [above] : [above, root];
  const text = MULTISTATUS_START + hrefs.map((href) => responseOf(href, found)).join("") + MULTISTATUS_END;
  return new Response(text, { status: 207, headers: XML_HEADERS });
}
