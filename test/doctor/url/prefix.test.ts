// doctor URL through a proxy that strips a path of which the server does not know.

import { expect, test } from "bun:test";
import { examineUrl } from "../../../src/doctor/url/url.ts";
import { hasNginx, startNginx } from "../../support/nginx.ts";
import { startServer } from "../../support/server.ts";

const LINES =
  "client_max_body_size 0; proxy_request_buffering off; proxy_http_version 1.1; proxy_set_header Host $http_host;";

test.skipIf(!hasNginx())("both ways to tell it are named, and the second one is right", async () => {
  await using server = await startServer({ tls: false, trustedProxy: ["127.0.0.1/32"] });
  const faults = async (lines: string) => {
    await using nginx = await startNginx(`${server.url}/`, lines, "/team/sluice/");
    const url = new URL(`${nginx.url}/team/sluice`);
    const pace = { speed: 0.1, silence: 1 };
    const groups = await examineUrl(url, AbortSignal.any([]), () => {}, { pace });
    return groups
      .flatMap(({ findings }) => findings)
      .filter(({ verdict, check }) => verdict !== "ok" && check !== "upload-limit");
  };
  const [fault, ...others] = await faults(LINES);
  expect(others).toEqual([]);
  expect(fault).toMatchObject({ check: "answer-headers", value: "location lacks /team/sluice" });
  expect(fault?.advice).toContain("--base-path /team/sluice");
  expect(fault?.advice).toContain("X-Forwarded-Prefix: /team/sluice");
  expect(await faults(`${LINES} proxy_set_header X-Forwarded-Prefix /team/sluice;`)).toEqual([]);
});
