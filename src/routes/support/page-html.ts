// The HTML of the web page: index.html with the base path and the grants of this server filled in.

import { join } from "node:path";
import type { Config } from "../../config/config.ts";
import { linksUnder } from "../../plugins/base-path.ts";

/** The folder of the page. In the binary, every module has the top of the embedded tree as its folder. */
export const ASSETS = Bun.isStandaloneExecutable
  ? join(import.meta.dir, "public")
  : join(import.meta.dir, "../../../public");

export const SECURITY = {
  "content-security-policy":
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
  "x-content-type-options": "nosniff",
  "referrer-policy": "no-referrer",
};

/** The values that index.html receives: base path, grants, and for how many seconds the trash keeps removed entries. */
const FILLED_IN = /(?<=<meta name="sluice-(base|allow|trash)" content=")[^"]*/g;

/** The page is the same for every folder: its script reads the path from the address. */
export async function pageAnswer(
  { basePath, allow, trash = 0 }: Config,
  status: 200 | 404 = 200,
): Promise<Response> {
  const headers = {
    ...SECURITY,
    "content-type": "text/html; charset=utf-8",
    "cache-control": "no-cache",
    vary: "Accept",
  };
  const text = await Bun.file(join(ASSETS, "index.html")).text();
  const values: Record<string, string> = { base: basePath, allow: [...allow].join(","), trash: `${trash}` };
  const filled = text.replace(FILLED_IN, (_, name) => values[name] ?? "");
  return new Response(linksUnder(basePath, filled), { status, headers });
}
