// Checks what a proxy between client and server buffers, blocks or changes.

import type { Static } from "@sinclair/typebox";
import { Value } from "@sinclair/typebox/value";
import { printable } from "../../plugins/log.ts";
import { Probe } from "../../routes/openapi/shapes.ts";
import { about, type Finding } from "../finding.ts";
import { nameOfProxy, type ProxyName, settingsFor } from "./proxies.ts";
import { type Answer, bareHost, open, RawConnectionError, type Target } from "./raw-http.ts";

/** The request as /api/probe received it. */
type Seen = Static<typeof Probe>;

/** Headers that uploads and downloads send, with values that no proxy has a reason to change. */
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

/** Response headers that clients need, as /api/probe sends them. */
const RESPONSE_HEADERS: Readonly<Record<string, string>> = {
  location: "/api/probe",
  "content-location": "/api/probe",
  "upload-offset": "7",
  "upload-complete": "?0",
  "content-disposition": 'attachment; filename="probe.bin"',
};

const METHODS = ["POST", "PATCH", "DELETE"] as const;

/** Sends one request on its own connection and returns the response. @throws RawConnectionError */
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

/** Parses the response of /api/probe; undefined when something else answered. */
export function seenIn({ text }: Answer): Seen | undefined {
  try {
    const body: unknown = JSON.parse(text);
    return Value.Check(Probe, body) ? body : undefined;
  } catch {
    return undefined;
  }
}

/** Checks whether bytes reach the server while the client is still sending: sends half, pauses, then sends the rest. */
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
      return ok("yes", {
        reason: "The server received the first byte before the client sent the last one.",
        figures,
      });
    return warning(`no: ${nameOfProxy(proxy)} buffers the whole request first`, {
      reason:
        "The server received the first byte only after the client had sent the last one. Every upload is transferred twice and fills the proxy's disk, its progress shows the proxy rather than the server, and an interrupted upload cannot be resumed.",
      change: settingsFor("buffering", proxy),
      figures,
    });
  } finally {
    wire.close();
  }
}

/** Checks request headers, Host and response headers. */
export async function headersFinding(target: Target, proxy: ProxyName | undefined): Promise<Finding[]> {
  const answer = await request(target, "PUT /api/probe", { ...SENT, "Content-Length": "0" });
  const seen = seenIn(answer);
  if (!seen)
    return [
      about("request-headers", "Request headers").problem(`answered with ${answer.status}`, {
        reason: "A request with the headers of a resumable upload was rejected.",
        change: settingsFor("headers", proxy),
      }),
    ];
  return [
    requestHeaders(seen, proxy),
    hostHeader(target, seen, proxy),
    answerHeaders(target, answer, proxy),
    entityTag(answer, proxy),
  ];
}

function requestHeaders({ headers }: Seen, proxy: ProxyName | undefined): Finding {
  const { ok, problem } = about("request-headers", "Request headers");
  const lost = Object.entries(SENT).filter(([name, value]) => headers[name.toLowerCase()] !== value);
  if (lost.length === 0) return ok(`all ${Object.keys(SENT).length} arrive as sent`);
  return problem(`lost or changed: ${lost.map(([name]) => name).join(", ")}`, {
    reason: "Conditions, digests and resumable uploads need them.",
    change: settingsFor("headers", proxy),
  });
}

function hostHeader(target: Target, seen: Seen, proxy: ProxyName | undefined): Finding {
  const { ok, warning } = about("host", "Host");
  if (seen.headers["host"] === target.headers["Host"]) return ok("arrives as sent");
  return warning(`arrives as ${printable(seen.headers["host"] ?? "nothing", 60)}`, {
    reason:
      "Over plain HTTP, requests of the web page then look cross-origin and are refused (403 cross_origin).",
    advice: `Start Sluice with --hostname ${printable(bareHost(target.url), 100)} first: it answers only to names it is given when it listens on loopback.`,
    change: settingsFor("host", proxy),
  });
}

function answerHeaders({ url }: Target, { headers }: Answer, proxy: ProxyName | undefined): Finding {
  const { ok, problem } = about("answer-headers", "Response headers");
  const base = url.pathname.replace(/\/$/, "");
  const expected = (value: string): string => (value.startsWith("/") ? base + value : value);
  const wrong = Object.entries(RESPONSE_HEADERS).filter(
    ([name, value]) => headers.get(name) !== expected(value),
  );
  if (wrong.length === 0) return ok("arrive as sent");
  if (base !== "" && headers.get("location") === RESPONSE_HEADERS["location"])
    return problem(`location lacks ${printable(base, 60)}`, {
      reason: "The server does not know the path below which the proxy shows it, so its URLs lead elsewhere.",
      advice: `Start the server with --base-path ${printable(base, 60)}, or let the proxy, if it removes the path and is a --trusted-proxy, send X-Forwarded-Prefix: ${printable(base, 60)}`,
    });
  const names = wrong.map(([name]) => {
    const value = headers.get(name);
    return value === null ? `${name} is lost` : `${name} is ${printable(value, 60)}`;
  });
  return problem(names.join(", "), {
    reason:
      "Clients find their upload through Location, and the position to resume from through Upload-Offset.",
    change: settingsFor("headers", proxy),
  });
}

function entityTag({ headers }: Answer, proxy: ProxyName | undefined): Finding {
  const { ok, warning } = about("etag", "ETag");
  const tag = headers.get("etag");
  if (tag === '"probe"') return ok("arrives as sent");
  return warning(tag === null ? "lost" : `changed to ${printable(tag, 40)}`, {
    reason:
      "Without the strong ETag, If-Match never matches, and interrupted downloads start over (If-Range).",
    change: settingsFor("etag", proxy),
  });
}

/** Checks whether a download can be resumed. */
export async function ranges(target: Target, proxy: ProxyName | undefined): Promise<Finding> {
  const { ok, problem } = about("range", "Range");
  const answer = await request(target, "GET /api/probe?bytes=100000", { Range: "bytes=10-19" });
  const range = answer.headers.get("content-range");
  if (answer.status === 206 && range === "bytes 10-19/100000" && answer.bytes === 10) return ok("works");
  return problem(
    answer.status === 200 ? "ignored: the whole file is sent" : `answered with ${answer.status}`,
    {
      reason: "Interrupted downloads start over, and players cannot seek in videos.",
      change: settingsFor("range", proxy),
    },
  );
}

/** Checks whether a proxy compresses responses. */
export async function compression(target: Target, proxy: ProxyName | undefined): Promise<Finding> {
  const { ok, warning } = about("compression", "Compression");
  const answer = await request(target, "GET /api/probe?bytes=100000&content=zero", {
    "Accept-Encoding": "gzip, br, zstd",
  });
  const encoding = answer.headers.get("content-encoding");
  if (encoding === null || encoding === "identity") return ok("files are not compressed");
  return warning(`files are compressed with ${printable(encoding, 20)}`, {
    reason:
      "This costs processor time although most large files are compressed already, and it removes Content-Length, ranges and strong ETags.",
    change: settingsFor("compression", proxy),
  });
}

/** Checks whether methods other than GET and PUT reach the server. */
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
    reason: "Forms need POST, resumable uploads need PATCH, and deleting files needs DELETE.",
    change: settingsFor("methods", proxy),
  });
}

/** Checks whether an idle connection survives `seconds`: one in the middle of a request, one before the response. */
export async function idling(
  target: Target,
  proxy: ProxyName | undefined,
  seconds: number,
): Promise<Finding> {
  const { ok, warning } = about("idle", "Silence");
  const [sender, server] = await Promise.all([
    idleCutoff(target, seconds, "PUT /api/probe", true),
    idleCutoff(target, seconds, `PUT /api/probe?wait=${seconds}`, false),
  ]);
  const cuts = [
    sender !== undefined && `a pause in a request is cut off after ${sender.toFixed(0)} s`,
    server !== undefined && `a slow response is cut off after ${server.toFixed(0)} s`,
  ].filter((text) => text !== false);
  const figures = {
    seconds,
    ...(sender !== undefined && { sender }),
    ...(server !== undefined && { server }),
  };
  if (cuts.length === 0)
    return ok(`connections may be idle for ${seconds} s, in a request and before a response`, { figures });
  return warning(cuts.join(", "), {
    reason: "A laptop that changes networks, or a disk that is syncing, can be idle for longer.",
    advice: "Raise the proxy's timeouts above Sluice's --idle-timeout.",
    change: settingsFor("idle", proxy),
    figures,
  });
}

/** @returns the seconds after which an idle connection was closed; undefined when it stayed open */
async function idleCutoff(
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
    while (pauses && spent() < seconds && !wire.responded) await Bun.sleep(100);
    const cut = spent();
    if (pauses && !wire.responded) await wire.send("b");
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
