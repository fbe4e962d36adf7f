// Sluice below a path, over a Unix socket and with TLS inside, by the examples of docs/deployment.md: URLs, WebDAV, and what doctor says.

import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { examineUrl } from "../../../src/doctor/url/url.ts";
import { run } from "../../support/binary.ts";
import { holding, hrefsIn, lockAt } from "../../support/dav.ts";
import { patient } from "../../support/patience.ts";
import {
  type DeployedProxy,
  deploy,
  hasProxy,
  linesOf,
  type ProxyName,
  type Replacements,
} from "../../support/proxies/proxy.ts";
import { type ServerOptions, startServer, type TestServer } from "../../support/server.ts";
import { isMissing } from "../../support/switches.ts";

setDefaultTimeout(patient(60_000));

interface Place {
  name: ProxyName;
  /** Of the first line of another example than the usual one. */
  words?: string;
  also?: Replacements;
  options?: ServerOptions;
  below?: string;
}

const folder = await mkdtemp(join(tmpdir(), "sluice-places-"));
const socket = join(folder, "sluice.sock");
const PASS = "    proxy_pass http://127.0.0.1:3000;\n";
const BELOW = "/sluice";
/** Puts the lines of an example, which end with a brace, in place of the location of the whole one. */
const location = (words: string): Replacements => [
  [`  location / {\n${PASS}`, linesOf(words).replace(/\}\n$/, "")],
];
/** A name with characters that proxies decode and encode. */
const NAME = "50%25%20off%20%26%20caf%C3%A9%3B%2B%231%2541.txt";
const NO_PREFIX: Replacements = [['    proxy_set_header X-Forwarded-Prefix "";\n', ""]];
const [use = "", ...tell] = linesOf("In the frontend of HAProxy").split(/(?<=\n)/);

const PLACES: [string, Place][] = [
  [
    "nginx and a Unix socket",
    {
      name: "nginx",
      also: [
        [PASS, `${linesOf("a Unix socket")}# 127.0.0.1:3000\n`],
        ["/run/sluice/sluice.sock", socket],
      ],
      options: { listen: [{ kind: "unix", path: socket, mode: 0o660 }], trustedProxy: ["unix"] },
    },
  ],
  [
    "nginx and TLS inside",
    {
      name: "nginx",
      also: [
        [PASS, linesOf("127.0.0.1:3000: TLS")],
        ["/etc/ssl/inside.pem", "/etc/ssl/files.example.org.pem"],
      ],
      options: { tls: true },
    },
  ],
  [
    "nginx that passes a path on",
    {
      name: "nginx",
      also: location("passes /sluice on"),
      options: { basePath: BELOW },
      below: BELOW,
    },
  ],
  [
    "nginx that strips a path",
    {
      name: "nginx",
      also: [...NO_PREFIX, ...location("Inside a server of nginx: strips")],
      below: BELOW,
    },
  ],
  [
    "HAProxy that strips a path",
    {
      name: "HAProxy",
      also: [
        ["  default_backend sluice\n", use],
        ["  option forwardfor\n", `  option forwardfor\n${tell.join("")}`],
      ],
      below: BELOW,
    },
  ],
  ["Caddy that strips a path", { name: "Caddy", words: "# Caddyfile: strips", below: BELOW }],
];

afterAll(() => rm(folder, { recursive: true, force: true }));

describe.each(PLACES)("behind %s", (_, { name, words, also, options, below = "" }) => {
  const present = hasProxy(name);
  let server: TestServer;
  let proxy: DeployedProxy;
  beforeAll(async () => {
    if (!present) return;
    server = await startServer({
      url: "https://localhost",
      trustedProxy: ["127.0.0.1/32"],
      tls: false,
      ...options,
    });
    const more = { below, ...(words !== undefined && { words }), ...(also && { also }) };
    proxy = await deploy(name, new URL(server.url).host, more);
  });
  afterAll(async () => {
    await proxy?.[Symbol.asyncDispose]();
    await server?.stop();
  });

  const site = {
    fetch: (path: string, init?: BunFetchRequestInit) => proxy.fetch(below + path, init),
  };

  test.skipIf(!present)("URLs in answers lead back, also those of the page", async () => {
    const saved = await site.fetch(`/files/a/${NAME}`, { method: "PUT", body: "0123456789" });
    const url = saved.headers.get("location") ?? "";
    expect(url).toBe(`${below}/files/a/${NAME}`);
    const part = await proxy.fetch(url, { headers: { range: "bytes=2-4" } });
    expect([part.status, await part.text()]).toEqual([206, "234"]);
    const page = await (await site.fetch("/", { headers: { accept: "text/html" } })).text();
    const links = [...page.matchAll(/(?:href|src)="(\/[^"]*)"/g)].map(([, link = ""]) => link);
    expect(links).toContain(`${below}/files/a/`);
    for (const link of links.slice(0, 5))
      expect([link, (await proxy.fetch(link)).status]).toEqual([link, 200]);
  });

  test.skipIf(!present)("WebDAV finds, locks and moves by the URLs outside", async () => {
    for (const name of ["one.txt", "two.txt"])
      await site.fetch(`/dav/${name}`, { method: "PUT", body: name });
    const found = await site.fetch("/dav/", { method: "PROPFIND", headers: { depth: "1" } });
    expect(found.status).toBe(207);
    const hrefs = hrefsIn(await found.text());
    expect(hrefs).toContain(`${below}/dav/`);
    expect(hrefs).toContain(`${below}/dav/one.txt`);
    const token = await lockAt(site, "one.txt");
    const move = (headers: Record<string, string>) =>
      site.fetch("/dav/one.txt", {
        method: "MOVE",
        headers: { destination: `${proxy.url}${below}/dav/moved%20it.txt`, ...headers },
      });
    expect((await move({})).status).toBe(423);
    expect((await move(holding(token))).status).toBe(201);
    expect(await Bun.file(join(server.root, "moved it.txt")).text()).toBe("one.txt");
    const copied = await site.fetch("/dav/two.txt", {
      method: "COPY",
      headers: { destination: `${below}/dav/copied.txt` },
    });
    expect(copied.status).toBe(201);
    // As from a client that does not go through the proxy.
    const headers = { destination: `${server.url}/dav/direct.txt` };
    const direct = await server.fetch("/dav/two.txt", { method: "MOVE", headers });
    expect(direct.status).toBe(201);
    expect(await Bun.file(join(server.root, "direct.txt")).text()).toBe("two.txt");
  });

  test.skipIf(!present)("clients have the address that the proxy saw", async () => {
    const curl = ["curl", "-sS", "--cacert", proxy.ca, "--interface", "127.0.0.2", "-T", "-"];
    const { code } = await run([...curl, `${proxy.url}${below}/files/from-elsewhere`], {
      cwd: folder,
      env: { PATH: process.env.PATH ?? "" },
    });
    expect(code).toBe(0);
    expect(server.log.find((line) => line.includes("from-elsewhere"))).toContain("by 127.0.0.2");
  });

  test.skipIf(!present)("doctor finds nothing but a certificate that signs itself", async () => {
    const pace = { speed: 0.1, silence: 1 };
    const url = new URL(`${proxy.url}${below}`);
    const groups = await examineUrl(url, AbortSignal.any([]), () => {}, { pace, insecure: true });
    const faults = groups
      .flatMap(({ findings }) => findings)
      .filter(({ verdict, check }) => verdict !== "ok" && check !== "upload-limit");
    expect(faults.map(({ check, value }) => [check, value])).toEqual([["tls", expect.any(String)]]);
  });

  test.skipIf(!present || name !== "nginx" || isMissing("litmus"))(
    "litmus moves, copies and locks",
    async () => {
      const env = { PATH: process.env.PATH ?? "", SSL_CERT_FILE: proxy.ca, HOME: folder };
      for (const group of ["basic", "copymove", "locks"]) {
        const ran = await run(["litmus", `${proxy.url}${below}/dav/`], {
          cwd: folder,
          env: { ...env, TESTS: group },
        });
        const lines = ran.stdout.split(/[\r\n]+/).filter((line) => /FAIL|WARNING/.test(line));
        // nginx removes the fragment of a URL whose path it strips.
        const faults = lines.filter((line) => !/delete_fragment/.test(line));
        expect([group, ran.code, faults]).toEqual([group, 0, []]);
      }
    },
  );
});
