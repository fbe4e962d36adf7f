// The program with --tls-cert and --tls-key: how it starts, what it says, and what SIGHUP does.

import { afterAll, beforeAll, expect, test } from "bun:test";
import { utimesSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { defaults } from "../../../src/config/options.ts";
import { certificateFindings } from "../../../src/doctor/server/certificates.ts";
import { type Certificate, issue } from "../../support/authority.ts";
import { run } from "../../support/binary.ts";
import { blocks } from "../../support/pages.ts";
import { until } from "../../support/server.ts";
import { spawn, spawnServing } from "../../support/spawn.ts";
import { certificateNames } from "../../support/tls-server.ts";

const names = ["DNS:localhost", "IP:127.0.0.1"];
const [first, second, expired] = [
  issue("first.example", { names: ["DNS:first.example", ...names] }),
  issue("second.example", { names: ["DNS:second.example", ...names], days: 30 }),
  issue("expired.example", { days: -1 }),
];

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "sluice-program-"));
});
afterAll(() => rm(folder, { recursive: true }));

/** Files of a certificate, and the flags that name them. */
async function files(
  name: string,
  { cert, key }: Certificate,
): Promise<{ cert: string; key: string; flags: string[] }> {
  const paths = { cert: join(folder, `${name}.pem`), key: join(folder, `${name}.key`) };
  await writeFile(paths.cert, cert, { mode: 0o600 });
  await writeFile(paths.key, key, { mode: 0o600 });
  return { ...paths, flags: ["--tls-cert", paths.cert, "--tls-key", paths.key] };
}

function repeat(milliseconds: number, step: () => void): Disposable {
  const timer = setInterval(step, milliseconds);
  return { [Symbol.dispose]: () => clearInterval(timer) };
}

test("it speaks TLS only, and SIGHUP replaces the certificate, unless the new one is bad", async () => {
  const { flags, cert } = await files("served", first);
  // Files that change all the time are read on SIGHUP only.
  using _ = repeat(100, () => utimesSync(cert, new Date(), new Date()));
  await using program = await spawnServing(join(folder, "root"), ...flags);
  expect(program.url).toStartWith("https://127.0.0.1:");
  const port = Number(new URL(program.url).port);
  const trusting = { tls: { ca: [first.cert, second.cert] }, keepalive: false };
  expect((await fetch(`${program.url}/health`, trusting)).status).toBe(200);
  await expect(fetch(program.url.replace("https", "http"))).rejects.toThrow();

  await files("served", { ...second, key: first.key });
  program.signal("SIGHUP");
  await until("the bad key is said", () =>
    /does not fit.* stays in use, until \S+ \S+ UTC/.test(program.stderr),
  );
  expect(await certificateNames(port)).toContain("first.example");

  await files("served", second);
  program.signal("SIGHUP");
  await until("the new certificate is used", () =>
    program.stderr.includes("is used from now on: second.example"),
  );
  expect(await certificateNames(port)).toContain("second.example");
  expect((await fetch(`${program.url}/health`, trusting)).status).toBe(200);

  // The server of this machine is reached by an address that may not be among the names.
  await using top = spawn("top", "--once", "--port", `${port}`, ...flags);
  expect(await top.exited).toBe(0);

  program.signal("SIGTERM");
  expect(await program.exited).toBe(0);
});

test("several certificates: each name gets its own, also when one of them cannot be read", async () => {
  const [one, other] = [await files("one", first), await files("other", second)];
  const absent = join(folder, "absent.pem");
  const flags = [...one.flags, "--tls-cert", absent, "--tls-key", absent, ...other.flags];
  await using program = await spawnServing(join(folder, "root"), ...flags);
  expect(program.stderr).toContain(`--tls-cert ${absent} does not exist: check its path.`);
  const port = Number(new URL(program.url).port);
  expect(await certificateNames(port, "second.example")).toContain("second.example");
  expect(await certificateNames(port, "first.example")).toContain("first.example");
  expect(await certificateNames(port, "absent.example")).toContain("first.example");
});

test("an expired certificate is used, and said to be expired and of another host", async () => {
  const { flags, cert } = await files("expired", expired);
  await using program = await spawnServing(join(folder, "root"), ...flags, "--url", "https://other.example");
  expect(program.stderr).toContain("--url: no certificate is for other.example");
  expect(program.url).toStartWith("https:");
  expect(program.stderr).toContain(`--tls-cert ${cert} expired on `);
});

test.each<[string, (made: Certificate) => Partial<Certificate>, string]>([
  ["a key of another certificate", () => ({ key: second.key }), "does not fit"],
  [
    "a certificate that is half written",
    ({ cert }) => ({ cert: cert.slice(0, 200) }),
    "is not PEM, or not complete",
  ],
])("%s: it does not start, never without TLS, and says why", async (_, change, why) => {
  const { flags } = await files("bad", { ...first, ...change(first) });
  await using program = spawn(join(folder, "root"), "--port", "0", ...flags);
  expect(await program.exited).toBe(1);
  expect(program.stdout).toBe("");
  expect(program.stderr).toMatch(/^sluice: --tls-\w+ \S+bad\.\w+ /);
  expect(program.stderr).toContain(why);
});

test("options that contradict each other are refused at the start", async () => {
  await using program = spawn(join(folder, "root"), "--port", "0", "--hsts", "365d");
  expect(await program.exited).toBe(1);
  expect(program.stderr).toStartWith("sluice: --hsts needs TLS");
});

test("the commands for a certificate that signs itself, in docs/tls.md, make one that curl accepts", async () => {
  const [command] = blocks("docs/tls.md", "sh").filter(({ text }) => text.startsWith("openssl req"));
  expect((await run(["bash", "-e", "-c", command?.text ?? "false"], { cwd: folder })).code).toBe(0);
  const [cert, key] = [join(folder, "cert.pem"), join(folder, "key.pem")];
  await using program = await spawnServing(join(folder, "root"), "--tls-cert", cert, "--tls-key", key);
  // Neither the key nor the chain is complained about.
  expect(program.stderr).toBe("");
  const url = program.url.replace("127.0.0.1", "localhost");
  const { code, stdout } = await run(["curl", "-sS", "--cacert", cert, "-T", cert, `${url}/files/film.mkv`], {
    cwd: folder,
  });
  expect({ code, saved: JSON.parse(stdout).path }).toEqual({ code: 0, saved: "film.mkv" });
});

test("doctor names the certificate, its names and its days, and what is wrong", async () => {
  const find = async (name: string, certificate: Certificate) => {
    const { cert, key } = await files(name, certificate);
    const [finding] = await certificateFindings({ ...defaults, tlsCert: [cert], tlsKey: [key] });
    return finding;
  };
  expect(await find("fine", second)).toMatchObject({
    verdict: "ok",
    value: expect.stringMatching(/^second\.example, localhost, 127\.0\.0\.1, 29 days left, until /),
    figures: { days: 29 },
  });
  expect(await find("old", expired)).toMatchObject({ verdict: "problem", figures: { days: -2 } });
  expect(await find("misfit", { ...first, key: second.key })).toMatchObject({
    verdict: "problem",
    reason: expect.stringContaining("does not fit"),
  });
  const { cert } = await files("fine", second);
  const elsewhere = {
    ...defaults,
    tlsCert: [cert],
    tlsKey: [cert.replace(/pem$/, "key")],
    url: "https://other.example",
  };
  expect((await certificateFindings(elsewhere)).map(({ verdict }) => verdict)).toEqual(["ok", "problem"]);
  expect(await certificateFindings(defaults)).toEqual([]);
  expect(await certificateFindings({ ...defaults, hsts: 1 })).toMatchObject([{ verdict: "problem" }]);
});
