// A real nginx in front of a server, with the directives that a test adds.

import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort } from "./free-ports.ts";
import { until } from "./server.ts";
import { skipped } from "./switches.ts";

/** Whether nginx is installed. If not, prints that tests are skipped. */
export function hasNginx(): boolean {
  if (Bun.which("nginx")) return true;
  return !skipped("doctor's findings about proxies", "no nginx on PATH", "install it");
}

/**
 * Starts nginx. Disposing stops it.
 * @param upstream the value of `proxy_pass`: with a slash at its end, nginx strips `at` from the path
 * @param location directives next to `proxy_pass`
 * @param at the path below which nginx passes requests on
 * @param beside other locations of its server
 * @param around directives beside its server
 */
export async function startNginx(
  upstream: string,
  location = "",
  at = "/",
  beside = "",
  around = "",
): Promise<AsyncDisposable & { url: string }> {
  const folder = await mkdtemp(join(tmpdir(), "sluice-nginx-"));
  await mkdir(join(folder, "logs"));
  const port = freePort();
  const temporaries = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
    .map((name) => `${name}_temp_path ${join(folder, name)};`)
    .join("\n");
  await Bun.write(
    join(folder, "nginx.conf"),
    `daemon off; master_process off; pid ${join(folder, "pid")}; error_log ${join(folder, "logs/error.log")};
    events {}
    http {
      access_log off;
      ${temporaries}
      ${around}
      server {
        listen 127.0.0.1:${port};
        ${beside}
        location ${at} { proxy_pass ${upstream}; ${location} }
      }
    }`,
  );
  const child = Bun.spawn(["nginx", "-p", folder, "-c", join(folder, "nginx.conf")], { stderr: "pipe" });
  const url = `http://127.0.0.1:${port}`;
  const stop = async () => {
    child.kill("SIGKILL");
    await child.exited;
    await rm(folder, { recursive: true, force: true });
  };
  try {
    await until("nginx passes requests on", async () => {
      if (child.exitCode !== null) throw new Error(`nginx ended: ${await child.stderr.text()}`);
      return await fetch(`${url}${at}health`).then(
        ({ ok }) => ok,
        () => false,
      );
    });
  } catch (error) {
    await stop();
    throw error;
  }
  return { url, [Symbol.asyncDispose]: stop };
}
