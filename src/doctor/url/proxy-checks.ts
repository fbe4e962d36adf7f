// What passes between a client and the server, and what is held back or changed on the way.

import type { Static } from "@sinclair/typebox";
import { Value } from "@sinclair/typebox/value";
import { printable } from "../../plugins/log.ts";
import { Probe } from "../../routes/openapi/shapes.ts";
import { about, type Finding } from "../finding.ts";
import { cure, nameOfProxy, type ProxyName } from "./proxies.ts";
import { type Answer, open, RawConnectionError, type Target } from "./raw-http.ts";

/** What /api/probe says of a request. */
type Seen = Static<typeof Probe>;

/** Headers that uploads and downloads send, with values no proxy has a reason to touch. */
const SENT: Readonly<Record<string, string>> = {
  "Content-Disposition": 'attachment; filename="probe.bin"',
  "If-Match": '"probe"',
  "If-None-Match": '"other"',
  "Repr-Digest": "sha-256=:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=:",
  "Want-Repr-Digest": "sha-256=1",
  "Tus-Resumable": "1.0.0",
  "Upload-Length": "12",
  "Upload-Offset": "7",
  "Upload-Metadata": "filename cHJvYmU=",
  "Upload-Complete": "?0",
  "Upload-Draft-Interop-Version": "10",
  "X-Request-Id": "probe-of-doctor",
};

/** Headers answers need, as /api/probe sends them. */
const ANSWERED: Readonly<Record<string, string>> = {
  location: "/api/probe",
  "content-location": "/api/probe",
  "upload-offset": "7",
  "upload-complete": "?0",
  "content-disposition": 'attachment; filename="probe.bin"',
};

const METHODS = ["POST", "PATCH", "DELETE"] as const;

/** One request with an answer, on a connection of its own. @throws WireError */
export async function request(
  target: Target,
  line: string,
  headers: Readonly<Record<string, string>> = {},
): Promise<Answer> {
  const wire = await open(target);
  try {
    await wire.ask(target, line, headers);
    return await wire.answer();
  } finally {
    wire.close();
  }
}

/** What is told of a request; undefined when something else answered. */
export function seenIn({ text }: Answer): Seen | undefined {
  try {
    const said: unknown = JSON.parse(text);
    return Value.Check(Probe, said) ? said : undefined;
  } catch {
    return undefined;
  }
}

/** Whether bytes reach the server while the client is still sending: half is sent, then a pause, then the rest. */
export async function buffering(
  target: Target,
  most: number,
  proxy: ProxyName | undefined,
): Promise<Finding> {
  const { ok, warning } = about("request-buffering", "Uploads pass at once");
  const half = Math.max(1, Math.floor(Math.min(most, 512 * 1024) / 2));
  const pause = 0.8;
  const wire = await open(target);
  try {
    await wire.ask(target, "PUT /api/probe", { "Content-Length": String(2 * half) });
    await wire.send(new Uint8Array(half));
    await Bun.sleep(pause * 1000);
    await wire.send(new Uint8Array(half));
    const seen = seenIn(await wire.answer());
    const ahead = (seen?.lastByte ?? 0) - (seen?.firstByte ?? 0);
    const figures = { ahead, pause };
    if (ahead > pause / 2)
      return ok("yes", { reason: "The server had the first byte before the last was sent.", figures });
    return warning(`no: ${nameOfProxy(proxy)} collects the whole request first`, {
      reason:
        "The first byte came after the last was sent. Every upload takes twice, fills the proxy's disk, and its progress is not the server's; a cut one brings nothing.",
      change: cure("buffering", proxy),
      figures,
    });
  } finally {
    wire.close();
  }
}

/** Headers both ways, and Host. */
export async function headersFinding(target: Target, proxy: ProxyName | undefined): Promise<Finding[]> {
  const answer = await request(target, "PUT /api/probe", { ...SENT, "Content-Length": "0" });
  const seen = seenIn(answer);
  if (!seen)
    return [
      about("request-headers", "Request headers").problem(`answered with ${answer.status}`, {
        reason: `A request with the headers of a resumable upload does not pass.`,
        change: cure("headers", proxy),
      }),
    ];
  return [
    requestHeaders(seen, proxy),
    hostHeader(target, seen, proxy),
    answerHeaders(answer, proxy),
    entityTag(answer, proxy),
  ];
}

function requestHeaders({ headers }: Seen, proxy: ProxyName | undefined): Finding {
  const { ok, problem } = about("request-headers", "Request headers");
  const lost = Object.entries(SENT).filter(([name, value]) => headers[name.toLowerCase()] !== value);
  if (lost.length === 0) return ok(`all ${Object.keys(SENT).length} arrive as sent`);
  return problem(`lost or changed: ${lost.map(([name]) => name).join(", ")}`, {
    reason: "Conditions, digests and resumable uploads need them.",
    change: cure("headers", proxy),
  });
}

function hostHeader({ headers }: Target, seen: Seen, proxy: ProxyName | undefined): Finding {
  const { ok, warning } = about("host", "Host");
  if (seen.headers["host"] === headers["Host"]) return ok("arrives as sent");
  return warning(`arrives as ${printable(seen.headers["host"] ?? "nothing", 60)}`, {
    reason: "Over plain http the page is then taken for one of another website: 403 cross_origin.",
    change: cure("host", proxy),
  });
}

function answerHeaders({ headers }: Answer, proxy: ProxyName | undefined): Finding {
  const { ok, problem } = about("answer-headers", "Answer headers");
  const wrong = Object.entries(ANSWERED).filter(([name, value]) => headers.get(name) !== value);
  if (wrong.length === 0) return ok("arrive as sent");
  const names = wrong.map(([name]) => {
    const value = headers.get(name);
    return value === null ? `${name} is lost` : `${name} is ${printable(value, 60)}`;
  });
  return problem(names.join(", "), {
    reason: "Clients find their upload by Location, and where to go on by Upload-Offset.",
    change: cure("headers", proxy),
  });
}

function entityTag({ headers }: Answer, proxy: ProxyName | undefined): Finding {
  const { ok, warning } = about("etag", "ETag");
  const tag = headers.get("etag");
  if (tag === '"probe"') return ok("arrives as sent");
  return warning(tag === null ? "lost" : `changed to ${printable(tag, 40)}`, {
    reason: "Without the strong tag, If-Match never holds, and broken downloads begin anew (If-Range).",
    change: cure("etag", proxy),
  });
}

/** Whether a download can go on in the middle. */
export async function ranges(target: Target, proxy: ProxyName | undefined): Promise<Finding> {
  const { ok, problem } = about("range", "Range");
  const answer = await request(target, "GET /api/probe?bytes=100000", { Range: "bytes=10-19" });
  const range = answer.headers.get("content-range");
  if (answer.status === 206 && range === "bytes 10-19/100000" && answer.bytes === 10) return ok("works");
  return problem(answer.status === 200 ? "lost: all of the file is sent" : `answered with ${answer.status}`, {
    reason: "Broken downloads begin anew, and films cannot be wound.",
    change: cure("range", proxy),
  });
}

/** Whether answers are compressed on the way. */
export async function compression(target: Target, proxy: ProxyName | undefined): Promise<Finding> {
  const { ok, warning } = about("compression", "Compression");
  const answer = await request(target, "GET /api/probe?bytes=100000&content=zero", {
    "Accept-Encoding": "gzip, br, zstd",
  });
  const encoding = answer.headers.get("content-encoding");
  if (encoding === null || encoding === "identity") return ok("files pass as they are");
  return warning(`files are sent as ${printable(encoding, 20)}`, {
    reason:
      "It costs processor time for what mostly is compressed already, and takes length, ranges and strong ETags away.",
    change: cure("compression", proxy),
  });
}

/** Whether methods beside GET and PUT pass. */
export async function methods(target: Target, proxy: ProxyName | undefined): Promise<Finding> {
  const { ok, problem } = about("methods", "Methods");
  const refused: string[] = [];
  for (const method of METHODS) {
    const answer = await request(target, `${method} /api/probe`, { "Content-Length": "0" }).catch((error) => {
      if (error instanceof RawConnectionError) return undefined;
      throw error;
    });
    if (!answer || seenIn(answer)?.method !== method) refused.push(`${method} (${answer?.status ?? "cut"})`);
  }
  if (refused.length === 0) return ok(`PUT, ${METHODS.join(", ")} pass`);
  return problem(`refused: ${refused.join(", ")}`, {
    reason: "Forms need POST, resumable uploads PATCH, removing DELETE.",
    change: cure("methods", proxy),
  });
}

/** Whether a silent connection lives: once in the middle of a request, once before the answer. Takes `seconds`. */
export async function idling(
  target: Target,
  proxy: ProxyName | undefined,
  seconds: number,
): Promise<Finding> {
  const { ok, warning } = about("idle", "Silence");
  const [sender, server] = await Promise.all([
    lives(target, seconds, "PUT /api/probe", true),
    lives(target, seconds, `PUT /api/probe?wait=${seconds}`, false),
  ]);
  const cuts = [
    sender !== undefined && `a sender that pauses is cut after ${sender.toFixed(0)} s`,
    server !== undefined && `an answer that takes its time is cut after ${server.toFixed(0)} s`,
  ].filter((text) => text !== false);
  const figures = {
    seconds,
    ...(sender !== undefined && { sender }),
    ...(server !== undefined && { server }),
  };
  if (cuts.length === 0) return ok(`is borne for ${seconds} s, by sender and server`, { figures });
  return warning(cuts.join(", "), {
    reason: "A laptop that changes its network, or a disk that syncs, can be silent for longer.",
    advice: "Sluice itself waits for --idle-timeout.",
    change: cure("idle", proxy),
    figures,
  });
}

/** @returns undefined when it lived, else after how many seconds it was cut */
async function lives(
  target: Target,
  seconds: number,
  line: string,
  pauses: boolean,
): Promise<number | undefined> {
  const wire = await open(target);
  const began = performance.now();
  const spent = () => (performance.now() - began) / 1000;
  try {
    await wire.ask(target, line, { "Content-Length": "2" });
    await wire.send(pauses ? "a" : "ab");
    while (pauses && spent() < seconds && !wire.spoken) await Bun.sleep(100);
    const cut = spent();
    if (pauses && !wire.spoken) await wire.send("b");
    const answer = await wire.answer(seconds + 5);
    if (answer.status === 200) return undefined;
    return pauses ? cut : spent();
  } catch (error) {
    if (error instanceof RawConnectionError) return spent();
    throw error;
  } finally {
    wire.close();
  }
}
