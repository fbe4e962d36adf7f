// The URL of a request before it is routed: the root folder without its slash, --base-path, and any scheme and host.

import { Elysia } from "elysia";
import type { Config } from "../../config/config.ts";
import { startPathEarly } from "../../http/target.ts";
import { basePath } from "./base-path.ts";
import { rootFolder } from "./root-folder.ts";

/** Must be used before plugins that encode answers. */
export function target(config: Pick<Config, "basePath" | "trustedProxy">) {
  return new Elysia({ name: "target" })
    .wrap((answer: (request: Request) => unknown) => (request: Request) => {
      startPathEarly(request);
      return answer(request);
    })
    .use(rootFolder())
    .use(basePath(config));
}
