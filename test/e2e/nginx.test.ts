// The same requests to nginx and to Sluice: status, range and length are the same, except for listed differences.

import { afterAll, beforeAll, expect, test } from "bun:test";
import { cpSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Subprocess } from "bun";
import { connect, type RawAnswer } from "../support/raw.ts";
import { startServer, type TestServer, until } from "../support/server.ts";
import { skipped } from "../support/switches.ts";

const nginx = Bun.which("nginx");
if (!nginx) skipped("downloads through nginx", "no nginx on PATH", "install it");

const CHANGED = new Date("2026-01-02T03:04:05Z");
const DATE = CHANGED.toUTCString();
const EARLIER = "Fri, 02 Jan 2026 03:04:04 GMT";
const LATER = "Fri, 02 Jan 2026 03:04:06 GMT";
const RFC850 = "Friday, 02-Jan-26 03:04:05 GMT";
const ASCTIME = "Fri Jan  2 03:04:05 2026";
/** Placeholder for the ETag that the same server returned. */
const TAG = "{tag}";

const RANGES = [
  ..."0-0 0-9 0- 5- 9- 99-99 50-149 99-200 90- -1 -10 -100 -101 -999999 0-99999999999999999999".split(" "),
  ..."100- 100-200 150-160 -0 5-2 - -- 1 x-y 0x1-2 1.5-2 +1-2 1--2 1-2-3".split(" "),
  ..."0-1,3-4 3-4,0-1 0-0,-1 0-9,20-29,40-49 0-1,100-200 100-200,0-1 100-,200- 5-2,0-1 0-1,x 0-1,".split(" "),
  ..."0-9,5-14 0-,0- 0-99,0-99 -10,-20 0-0,0-0 0-49,50-99 -0,0-1 ,0-1 0-1,,3-4".split(" "),
  spaced(16),
  spaced(17),
];

type Lines = readonly (readonly [string, string])[];

interface Case {
  method: string;
  file: string;
  headers: Lines;
}

/** All requests by name: `METHOD file header: value …`. */
const ALL: readonly Case[] = [
  ...RANGES.map((range) => get(["Range", `bytes=${range}`])),
  ...["bytes", "bytes=", "bytes 0-1", "lines=0-1", "Bytes=0-1", "BYTES=2-3", "bytes= 0-1", "bytes=0 - 1"].map(
    (range) => get(["Range", range]),
  ),
  ...["bytes=0-1 , 3-4", "bytes=0-1,\t3-4", "bytes=0-1;3-4", "none", ""].map((range) =>
    get(["Range", range]),
  ),
  ...["0-0", "0-", "1-", "-1", "-0"].map((range) => ({
    ...get(["Range", `bytes=${range}`]),
    file: "empty",
  })),
  ...[TAG, `W/${TAG}`, '"x"', "x", "*", "", DATE, EARLIER, LATER, RFC850, ASCTIME, "yesterday"].flatMap(
    (version) => [
      get(["Range", "bytes=2-5"], ["If-Range", version]),
      get(["Range", "bytes=200-"], ["If-Range", version]),
    ],
  ),
  ...["GET", "HEAD"].flatMap((method) =>
    [
      ...[TAG, `W/${TAG}`, '"x"', "x", "*", `"x", ${TAG}`, `"x" ,W/${TAG}`, `${TAG},`, ""].flatMap((tags) => [
        [["If-Match", tags]],
        [["If-None-Match", tags]],
      ]),
      ...[DATE, EARLIER, LATER, RFC850, ASCTIME, "yesterday", "2026-01-02", "0", ""].flatMap((date) => [
        [["If-Modified-Since", date]],
        [["If-Unmodified-Since", date]],
      ]),
    ].map((headers) => ({ method, file: "file", headers: headers as unknown as Lines })),
  ),
  // Two conditions: their precedence.
  ...[TAG, '"x"'].flatMap((tag) =>
    [EARLIER, DATE].flatMap((date) => [
      get(["If-Match", tag], ["If-Unmodified-Since", date]),
      get(["If-None-Match", tag], ["If-Modified-Since", date]),
      get(["If-Match", tag], ["If-None-Match", TAG]),
      get(["If-Unmodified-Since", date], ["If-None-Match", tag]),
      get(["If-Match", tag], ["Range", "bytes=200-"]),
      get(["If-None-Match", tag], ["Range", "bytes=2-5"]),
      get(["If-Modified-Since", date], ["Range", "bytes=200-"]),
    ]),
  ),
  { method: "HEAD", file: "file", headers: [["Range", "bytes=0-1"]] },
  { method: "HEAD", file: "file", headers: [["Range", "bytes=200-"]] },
  { method: "HEAD", file: "empty", headers: [] },
  { method: "GET", file: "absent", headers: [["If-None-Match", "*"]] },
  { method: "GET", file: "absent", headers: [["Range", "bytes=0-1"]] },
];

/** A number of one-byte ranges with gaps between them. */
function spaced(ranges: number): string {
  return Array.from({ length: ranges }, (_, index) => `${index * 3}-${index * 3}`).join();
}

function get(...headers: Lines): Case {
  return { method: "GET", file: "file", headers };
}

const nameOf = ({ method, file, headers }: Case): string =>
  [method, file, ...headers.map((header) => header.join(": "))].join(" · ");

const CASES = new Map(ALL.map((request) => [nameOf(request), request]));

/** Requests that are answered differently, by the reason. Sections are those of RFC 9110. */
const DIFFERENCES: Readonly<Record<string, readonly string[]>> = {
  "14.2: what is no valid ranges-specifier MAY be ignored; nginx rejects it, or sends the valid part": [
    ..."5-2 - -- 1 x-y 0x1-2 1.5-2 +1-2 1--2 1-2-3 5-2,0-1 0-1,x 0-1;3-4".split(" "),
  ].map((range) => `GET · file · Range: bytes=${range}`),
  "14.2: Range MAY be ignored, here that of an empty file, as nginx does with all but this one": [
    "GET · empty · Range: bytes=1-",
  ],
  "14.1.2: a last-pos behind the end is the end, however many digits it has; nginx gives up at 19": [
    "GET · file · Range: bytes=0-99999999999999999999",
  ],
  "5.6.1.2: a recipient MUST accept empty elements of a list, and 5.6.3: a tab is optional whitespace": [
    ...["0-1,", ",0-1", "0-1,,3-4", "0-1,\t3-4"].map((range) => `GET · file · Range: bytes=${range}`),
  ],
  "14.2, 17.15: many ranges, and those that overlap, MAY be ignored; here more than 16 are many": [
    ...["0-9,5-14", "-10,-20", "0-0,0-0", spaced(17)].map((range) => `GET · file · Range: bytes=${range}`),
  ],
  "13.1.5: what is empty is neither a tag nor a date, and Bun shows no header that is empty": [
    "GET · file · Range: bytes=2-5 · If-Range: ",
    "GET · file · Range: bytes=200- · If-Range: ",
  ],
  "13.1.4: a recipient MUST ignore If-Unmodified-Since if its value is not a valid HTTP-date": [
    "GET",
    "HEAD",
  ].flatMap((method) =>
    ["yesterday", "2026-01-02", "0", ""].map((date) => `${method} · file · If-Unmodified-Since: ${date}`),
  ),
  "13.1.4: a recipient MUST ignore If-Unmodified-Since if the request contains an If-Match": [
    `GET · file · If-Match: ${TAG} · If-Unmodified-Since: ${EARLIER}`,
  ],
  "13.1.3: a recipient MUST ignore If-Modified-Since if the request contains an If-None-Match": [
    `GET · file · If-None-Match: ${TAG} · If-Modified-Since: ${EARLIER}`,
  ],
  "14.2: a server MUST ignore Range with a method that defines no range handling, and only GET does": [
    "HEAD · file · Range: bytes=0-1",
    "HEAD · file · Range: bytes=200-",
  ],
};

let sluice: TestServer;
let other: Subprocess;
let otherUrl: string;
const folder = mkdtempSync(join(tmpdir(), "sluice-nginx-"));

beforeAll(async () => {
  if (!nginx) return;
  sluice = await startServer();
  const root = join(folder, "root");
  writeFileSync(join(sluice.root, "file"), "0123456789".repeat(10));
  writeFileSync(join(sluice.root, "empty"), "");
  for (const name of ["file", "empty"]) utimesSync(join(sluice.root, name), CHANGED, CHANGED);
  cpSync(sluice.root, join(root, "files"), {
    recursive: true,
    preserveTimestamps: true,
    filter: (path) => !path.includes(".sluice"),
  });
  const listener = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data() {} } });
  const { port } = listener;
  listener.stop(true);
  const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
    .map((kind) => `${kind}_temp_path ${folder}/${kind};`)
    .join(" ");
  writeFileSync(
    join(folder, "nginx.conf"),
    `daemon off; ${process.getuid?.() === 0 ? "user root;" : ""} worker_processes 1; pid ${folder}/pid;
     error_log stderr crit; events { worker_connections 64; }
     http { access_log off; ${temporary} server { listen 127.0.0.1:${port}; root ${root}; if_modified_since before; } }`,
  );
  other = Bun.spawn([nginx, "-p", folder, "-e", "stderr", "-c", join(folder, "nginx.conf")], {
    stdout: "ignore",
    stderr: "inherit",
  });
  otherUrl = `http://127.0.0.1:${port}`;
  await until("nginx answers", () =>
    fetch(otherUrl).then(
      () => true,
      () => false,
    ),
  );
});
afterAll(async () => {
  await sluice?.stop();
  other?.kill();
  await other?.exited;
  rmSync(folder, { recursive: true, force: true });
});

async function ask(url: string, { method, file, headers }: Case, tag: string): Promise<RawAnswer> {
  using connection = await connect(url);
  const lines = headers.map(([name, value]) => `${name}: ${value.replaceAll(TAG, tag)}\r\n`).join("");
  await connection.send(
    `${method} /files/${file} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n${lines}\r\n`,
  );
  return await connection.answer({ head: method === "HEAD" });
}

/** The compared properties, without the text of errors and the boundary of parts. */
function outcome({ status, headers, text }: RawAnswer, head: boolean): string {
  const type = headers.get("content-type") ?? "";
  const boundary = /boundary=(.*)$/.exec(type)?.[1];
  const said = [`${status}`];
  if (headers.has("content-range")) said.push(`${headers.get("content-range")}`);
  if (head && status === 200) said.push(`length ${headers.get("content-length")}`);
  if (status === 200 && !head) said.push(`${text.length} bytes`);
  if (status === 206 && boundary === undefined) said.push(text);
  if (boundary !== undefined)
    said.push(
      text
        .trimStart()
        .replaceAll(boundary, "…")
        .replace(/Content-Type: .*\r\n/gi, "")
        .replaceAll("\r\n", "|"),
    );
  return said.join(" ");
}

test.skipIf(!nginx)(
  `${CASES.size} requests are answered as by nginx, except for listed differences`,
  async () => {
    const tagOf = async (url: string) =>
      (await fetch(`${url}/files/file`, { method: "HEAD" })).headers.get("etag") ?? "";
    const tags = [await tagOf(sluice.url), await tagOf(otherUrl)] as const;
    const found: Record<string, string> = {};
    for (const [name, request] of CASES) {
      const head = request.method === "HEAD";
      const ours = outcome(await ask(sluice.url, request, tags[0]), head);
      const theirs = outcome(await ask(otherUrl, request, tags[1]), head);
      if (ours !== theirs) found[name] = `${ours} · nginx: ${theirs}`;
    }
    const listed = new Set(Object.values(DIFFERENCES).flat());
    expect(Object.entries(found).filter(([name]) => !listed.has(name))).toEqual([]);
    // A listed difference that no longer exists is outdated.
    expect([...listed].filter((name) => !(name in found))).toEqual([]);
  },
);
