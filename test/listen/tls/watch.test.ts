// Certificates whose files change while a server runs.

import { afterAll, beforeAll, expect, setSystemTime, test } from "bun:test";
import { X509Certificate } from "node:crypto";
import { mkdir, mkdtemp, readlink, rename, rm, symlink, truncate, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CertificateWatch } from "../../../src/listen/tls/watch.ts";
import { issue } from "../../support/authority.ts";
import { until } from "../../support/server.ts";

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "sluice-watch-"));
});
afterAll(() => rm(folder, { recursive: true }));

const first = issue("first.example");
const second = issue("second.example");
const expired = issue("expired.example", { days: -1 });

/** Files of `first` in a folder of their own, and a watch that looks at them often, or only when it is asked. */
async function watched(name: string, { interval = 3600 } = {}) {
  const at = join(folder, name);
  await mkdir(at);
  const files = { cert: join(at, "cert.pem"), key: join(at, "key.pem") };
  await save(files.cert, first.cert);
  await save(files.key, first.key);
  const [lines, changes]: [string[], string[][]] = [[], []];
  const watch = await CertificateWatch.open([files], {
    say: (line, level) => lines.push(`${level}: ${line}`),
    changed: (certificates) => changes.push(certificates.flatMap(({ names }) => names)),
    interval,
  });
  const names = () => watch.certificates.flatMap((one) => one.names);
  return { at, files, lines, changes, watch, names, [Symbol.asyncDispose]: () => watch.close() };
}

async function save(path: string, text: string): Promise<void> {
  await writeFile(path, text, { mode: 0o600 });
}

test("files that are written in place are used without being asked for", async () => {
  await using one = await watched("in place", { interval: 0.01 });
  await save(one.files.cert, second.cert);
  await save(one.files.key, second.key);
  await until("the new certificate is used", () => one.names().includes("second.example"));
  expect(one.changes).toEqual([["second.example"]]);
  expect(one.lines.at(-1)).toStartWith(
    `info: --tls-cert ${one.files.cert} is used from now on: second.example, until `,
  );
});

test("links that are swapped as certbot does, and files that are renamed over others", async () => {
  await using one = await watched("links", { interval: 0.01 });
  await mkdir(join(one.at, "archive"));
  for (const [number, pair] of [first, second].entries())
    for (const part of ["cert", "key"] as const) {
      await save(join(one.at, "archive", `${part}${number}.pem`), pair[part]);
      await rm(one.files[part], { force: true });
      await symlink(`archive/${part}${number}.pem`, one.files[part]);
    }
  expect(await readlink(one.files.key)).toBe("archive/key1.pem");
  await until("the new links are followed", () => one.names().includes("second.example"));

  for (const part of ["cert", "key"] as const) {
    await save(`${one.files[part]}.new`, first[part]);
    await rename(`${one.files[part]}.new`, one.files[part]);
  }
  await until("the renamed files are used", () => one.names().includes("first.example"));
});

test("a folder of the path that is replaced by a link, as mounted secrets are", async () => {
  await using one = await watched("secrets", { interval: 0.01 });
  const next = join(folder, "secrets next");
  await mkdir(next);
  await save(join(next, "cert.pem"), second.cert);
  await save(join(next, "key.pem"), second.key);
  await rename(one.at, join(folder, "secrets old"));
  await symlink(next, one.at);
  await until("the new folder is used", () => one.names().includes("second.example"));
});

test("what is half written, or a key that does not fit yet, leaves the old one in use and is tried again", async () => {
  await using one = await watched("half");
  await save(one.files.cert, second.cert.slice(0, 300));
  await one.watch.reread();
  expect(one.names()).toEqual(["first.example"]);
  expect(one.lines.at(-1)).toMatch(
    /^error: --tls-cert .* is not PEM, or not complete.* stays in use, until .* UTC/,
  );

  await save(one.files.cert, second.cert);
  await one.watch.reread();
  expect(one.names()).toEqual(["first.example"]);
  expect(one.lines.at(-1)).toMatch(/^error: --tls-key .* does not fit/);
  // Said once for each state of the files.
  await one.watch.look();
  await one.watch.reread();
  expect(one.lines.filter((line) => line.includes("does not fit"))).toHaveLength(1);
  expect(one.lines.at(-1)).toBe("info: No file of a certificate has changed since it was read.");
  expect(one.changes).toEqual([]);

  await save(one.files.key, second.key);
  await one.watch.reread();
  expect(one.names()).toEqual(["second.example"]);
});

test("files that still change between two looks are not read", async () => {
  await using one = await watched("restless");
  for (const end of [100, 200, 300]) {
    await save(one.files.cert, second.cert.slice(0, end));
    await one.watch.look();
  }
  await save(one.files.cert, second.cert);
  await one.watch.look();
  await save(one.files.key, second.key);
  await one.watch.look();
  expect(one.names()).toEqual(["first.example"]);
  await one.watch.look();
  expect(one.names()).toEqual(["second.example"]);
  expect(one.lines.filter((line) => line.startsWith("error"))).toEqual([]);
});

test("files that are removed or may not be read leave the old one in use", async () => {
  await using one = await watched("removed");
  await rm(one.files.cert);
  await one.watch.reread();
  expect(one.names()).toEqual(["first.example"]);
  expect(one.lines.at(-1)).toContain("does not exist");
});

test.skipIf(process.platform !== "linux")(
  "files that cannot be read for another reason, as without descriptors, are tried again after a minute",
  async () => {
    await using one = await watched("unreadable");
    await rm(one.files.cert);
    await symlink("/proc/self/mem", one.files.cert);
    await one.watch.reread();
    expect(one.lines.at(-1)).toMatch(/cannot be read \(EIO\).* stays in use, .* when they change, and on /);
    try {
      setSystemTime(Date.now() + 61_000);
      await one.watch.look();
      expect(one.lines.filter((line) => line.includes("EIO"))).toHaveLength(2);
    } finally {
      setSystemTime();
    }
  },
);

test("a new certificate that has expired does not replace one that is valid", async () => {
  await using one = await watched("expired");
  await save(one.files.cert, expired.cert);
  await save(one.files.key, expired.key);
  await one.watch.reread();
  expect(one.names()).toEqual(["first.example"]);
  expect(one.lines.at(-1)).toMatch(/^error: .* expired on .* stays in use, until /);
});

test("a new certificate that is not valid yet, because the clock is behind, is used when it is", async () => {
  const beginsOf = ({ cert }: { cert: string }) => new X509Certificate(cert).validFromDate.getTime();
  let late = issue("late.example");
  await until("it begins later than the first one", () => {
    late = issue("late.example");
    return beginsOf(late) > beginsOf(first);
  });
  await using one = await watched("early");
  try {
    setSystemTime(beginsOf(first));
    await save(one.files.cert, late.cert);
    await save(one.files.key, late.key);
    await one.watch.reread();
    expect(one.names()).toEqual(["first.example"]);
    expect(one.lines.at(-1)).toMatch(/not valid before .* stays in use, .* when they change, and on /);
    await one.watch.look();
    expect(one.names()).toEqual(["first.example"]);
    setSystemTime(beginsOf(late));
    await one.watch.look();
    expect(one.names()).toEqual(["late.example"]);
  } finally {
    setSystemTime();
  }
});

test("the same certificate in new files changes nothing", async () => {
  await using one = await watched("same");
  await save(one.files.cert, first.cert);
  await utimes(one.files.key, 1, 1);
  await one.watch.reread();
  expect(one.changes).toEqual([]);
});

test("a certificate that the server refuses leaves the old one in use", async () => {
  await using one = await watched("refused");
  one.watch.options.changed = () => {
    throw new Error("BoringSSL says no");
  };
  await save(one.files.cert, second.cert);
  await save(one.files.key, second.key);
  await one.watch.reread();
  expect(one.names()).toEqual(["first.example"]);
  expect(one.lines.at(-1)).toMatch(/BoringSSL says no.* stays in use/);

  // It may have lacked descriptors: it gets the certificate again on request, and after a minute.
  await one.watch.reread();
  expect(one.lines.filter((line) => line.includes("BoringSSL says no"))).toHaveLength(2);
  await one.watch.look();
  expect(one.lines.filter((line) => line.includes("BoringSSL says no"))).toHaveLength(2);
  one.watch.options.changed = () => {};
  try {
    setSystemTime(Date.now() + 61_000);
    await one.watch.look();
    expect(one.names()).toEqual(["second.example"]);
  } finally {
    setSystemTime();
  }
});

test("one bad pair of several is said and left out; if all are bad, nothing starts", async () => {
  await using good = await watched("several");
  const bad = { cert: join(good.at, "absent.pem"), key: good.files.key };
  const lines: string[] = [];
  const options = { say: (line: string) => lines.push(line), changed: () => {}, interval: 3600 };
  const watch = await CertificateWatch.open([bad, good.files], options);
  expect(watch.certificates.map(({ names }) => names)).toEqual([["first.example"]]);
  expect(lines.join()).toContain("absent.pem does not exist");
  // It is read when it appears.
  await save(bad.cert, first.cert);
  await watch.reread();
  expect(watch.certificates).toHaveLength(2);
  await watch.close();

  await truncate(bad.cert);
  await expect(CertificateWatch.open([bad, { cert: bad.cert, key: bad.cert }], options)).rejects.toThrow(
    /absent\.pem is empty.* --tls-cert .*absent\.pem is empty/,
  );
  const optional = await CertificateWatch.open([bad], { ...options, required: false });
  expect(optional.certificates).toEqual([]);
  await optional.close();
});

test("an expired certificate is used at the start, which says so", async () => {
  const cert = join(folder, "expired.pem");
  await save(cert, expired.cert + expired.key);
  const lines: string[] = [];
  const say = (line: string) => lines.push(line);
  const watch = await CertificateWatch.open([{ cert, key: cert }], { say, changed: () => {} });
  expect(watch.certificates).toHaveLength(1);
  // Once: the daily warning has not to repeat what has just been said.
  await watch.look();
  expect(lines.filter((line) => line.includes(`${cert} expired on `))).toHaveLength(1);
  await watch.close();
});
