// nginx in front: it logs people in (auth_request, Basic), and keeps its connections to the server, also after a link was revoked.

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { join } from "node:path";
import { LinkShape } from "../../src/routes/openapi/link-shapes.ts";
import { type AccessServer, bearer, startAccessServer } from "../support/access.ts";
import { bodyIn } from "../support/answer.ts";
import { hasNginx, startNginx } from "../support/nginx.ts";
import { problemIn } from "../support/problem.ts";

const ready = hasNginx();
const PROXIED = { loginHeader: "remote-user", trustedProxy: ["127.0.0.0/8"] };
const LARGE = 3_000_000;
const MEDIUM = 100_000;

describe.skipIf(!ready)("behind nginx", () => {
  let server: AccessServer;
  let token = "";
  beforeAll(async () => {
    server = await startAccessServer((database) => {
      for (const name of ["alice", "bob"]) database.account(name, { [name]: "read,write,share" });
      token = database.token("alice");
    }, PROXIED);
    await Bun.write(join(server.root, "alice/large.bin"), new Uint8Array(LARGE));
    await Bun.write(join(server.root, "alice/medium.bin"), new Uint8Array(MEDIUM));
    await Bun.write(join(server.root, "alice/small.txt"), "small");
  });
  afterAll(() => server?.stop());

  /** A server that decides for `auth_request`: who may pass, by a cookie, is named in `X-User`. */
  const decide = () =>
    Bun.serve({
      port: 0,
      hostname: "127.0.0.1",
      fetch(request) {
        const user = new Bun.CookieMap(request.headers.get("cookie") ?? "").get("sso");
        return user
          ? new Response(null, { headers: { "x-user": user } })
          : new Response(null, { status: 401 });
      },
    });

  test("auth_request names the account, and the client cannot", async () => {
    using decider = decide();
    await using nginx = await startNginx(
      server.url,
      "auth_request /decide; auth_request_set $who $upstream_http_x_user; proxy_set_header Remote-User $who;",
      "/",
      `location = /decide { internal; proxy_pass ${decider.url}; proxy_pass_request_body off; proxy_set_header Content-Length ""; }
       location = /health { proxy_pass ${server.url}; }`,
    );
    const get = (path: string, headers: Record<string, string>) => fetch(nginx.url + path, { headers });
    const forged = { "remote-user": "alice" };
    expect((await get("/files/alice/small.txt", forged)).status).toBe(401);
    const bob = { cookie: "sso=bob", ...forged };
    expect(await (await get("/api/me", bob)).json()).toMatchObject({ name: "bob", via: "proxy" });
    await problemIn(await get("/files/alice/small.txt", bob), "not_found");
    expect(await (await get("/files/alice/small.txt", { cookie: "sso=alice" })).text()).toBe("small");
  });

  test("Basic of the proxy is not taken for a login here", async () => {
    await Bun.write(join(server.root, ".sluice/htpasswd"), "carl:{PLAIN}its own password\n");
    await using nginx = await startNginx(
      server.url,
      `auth_basic proxy; auth_basic_user_file ${join(server.root, ".sluice/htpasswd")}; proxy_set_header Remote-User $remote_user;`,
      "/",
      `location = /health { proxy_pass ${server.url}; }`,
    );
    const basic = (name: string) => ({ authorization: `Basic ${btoa(`${name}:its own password`)}` });
    const me = await fetch(`${nginx.url}/api/me`, { headers: basic("carl") });
    expect(await me.json()).toMatchObject({ name: "carl", owner: false, words: [] });
    expect((await fetch(`${nginx.url}/api/me`, { headers: basic("alice") })).status).toBe(401);
  });

  test("connections to the server are reused after a capped download, and after a revoked one", async () => {
    await using nginx = await startNginx(
      "http://sluice",
      'proxy_http_version 1.1; proxy_set_header Connection ""; proxy_set_header Host $host; proxy_buffering off;',
      "/",
      "",
      `upstream sluice { server ${new URL(server.url).host}; keepalive 4; }`,
    );
    const headers = bearer(token);
    const link = async (rate: number) => {
      const body = JSON.stringify({ path: "alice", rate });
      return await bodyIn(
        LinkShape,
        await fetch(`${nginx.url}/api/links`, { method: "POST", headers, body }),
      );
    };
    const download = async (path: string): Promise<{ bytes: number; seconds: number }> => {
      const started = performance.now();
      const bytes = (await (await fetch(nginx.url + path, { headers })).bytes()).length;
      return { bytes, seconds: (performance.now() - started) / 1000 };
    };
    const slow = await link(100_000);
    const capped = await download(`${slow.url}/files/medium.bin`);
    expect(capped.bytes).toBe(MEDIUM);
    expect(capped.seconds).toBeGreaterThan(0.5);
    // nginx sends the next request over the same connection. At the cap this would take 30 seconds.
    const free = await download("/files/alice/large.bin");
    expect(free.bytes).toBe(LARGE);
    expect(free.seconds).toBeLessThan(20);

    const slower = await link(100_000);
    const answer = await fetch(`${nginx.url}${slower.url}/files/large.bin`);
    const reader = answer.body?.getReader();
    expect((await reader?.read())?.done).toBe(false);
    const revoked = await fetch(`${nginx.url}/api/links/${slower.id}`, { method: "DELETE", headers });
    expect(revoked.status).toBe(204);
    const started = performance.now();
    const rest = async (): Promise<string> => {
      for (;;) if ((await reader?.read())?.done !== false) return "complete";
    };
    // Without the cut it would take 30 seconds.
    await expect(rest()).rejects.toThrow();
    expect(performance.now() - started).toBeLessThan(20_000);
    for (let request = 0; request < 8; request++) {
      const small = await fetch(`${nginx.url}/files/alice/small.txt`, { headers });
      expect(await small.text()).toBe("small");
    }
    await problemIn(await fetch(`${nginx.url}${slower.url}/files/large.bin`), "link_gone");
  });
});
