// Examines a server from a client machine, through any proxies on the path. Takes at most 60 s.

import { bare, loginHeaders } from "../../http/login.ts";
import { formatBytes, formatCount, formatRate } from "../../units.ts";
import { about, type Finding, type Group } from "../finding.ts";
import { findLimit, LARGEST, letsThrough } from "./body-limit.ts";
import { connecting, findAddresses, firstReached, roundTrips, urlWithTls } from "./connectivity.ts";
import { nameOfProxy, type ProxyName, proxyOf, settingsFor } from "./proxies.ts";
import {
  buffering,
  compression,
  headersFinding,
  idling,
  methods,
  ranges,
  request,
  seenIn,
} from "./proxy-checks.ts";
import { RawConnectionError, type Target } from "./raw-http.ts";
import { type SocketStats, watchSockets } from "./sockets.ts";
import { type Load, type Refused, throughput } from "./throughput.ts";
import { type Speeds, uploadLimit } from "./upload-limit.ts";

/** Seconds allowed for everything except the name lookup, which has ten. */
const MAX_SECONDS = 48;
/** Most bytes of each speed measurement. */
const SPEED_BYTES = 2 ** 30;
const STREAMS = 4;
/** Largest body that a test sends, in bytes, when the proxy sets no limit. */
const UNLIMITED = 2 ** 28;

/** Durations of measurements, in seconds. */
export interface Pace {
  /** Of each of the four speed measurements. */
  readonly speed: number;
  /** Of the idle test, which runs concurrently with all others. */
  readonly silence: number;
}

/** How a server is examined. */
export interface UrlOptions {
  /** Send the login of the URL to a certificate that is not trusted, too. */
  readonly insecure?: boolean;
  readonly pace?: Pace;
}

const PACE: Pace = { speed: 3, silence: 20 };

export async function examineUrl(
  given: URL,
  signal: AbortSignal,
  says: (what: string) => void,
  { insecure = false, pace = PACE }: UrlOptions = {},
): Promise<Group[]> {
  const way: Finding[] = [];
  const passing: Finding[] = [];
  const speeds: Finding[] = [];
  const groups = [
    { title: "Way", findings: way },
    { title: "Between", findings: passing },
    { title: "Speed", findings: speeds },
  ];
  const found = () => groups.filter(({ findings }) => findings.length > 0);

  says("the path");
  const { addresses, finding } = await findAddresses(given);
  way.push(finding);
  if (addresses.length === 0) return found();
  const end = AbortSignal.any([signal, AbortSignal.timeout(MAX_SECONDS * 1000)]);
  const headers = { Host: given.host, "User-Agent": "sluice-doctor" };
  const login = loginHeaders(given);
  const base = { url: bare(given), headers, login, insecure, signal: end };
  try {
    const { address, finding: dead } = await firstReached(base, addresses);
    if (dead) way.push(dead);
    const target: Target = { ...base, address };
    const connected = await connecting(target);
    way.push(...connected.findings);
    if (login.Authorization !== undefined && !connected.trusted && !insecure) {
      way.push(withheld());
      return found();
    }
    const { finding, median, last } = await roundTrips(target);
    way.push(finding);
    if (finding.verdict === "problem") return found();
    const proxy = proxyOf(last.headers);
    passing.push(between(proxy));
    const refusal = await refused(target);
    if (refusal) {
      passing.push(refusal);
      return found();
    }
    const add = async (into: Finding[], check: string, name: string, find: Find) => {
      says(name.toLowerCase());
      const more = await attempt(check, name, find);
      // The measurements with one stream and with four can report the same fault.
      into.push(...more.filter((one) => !into.some((known) => known.check === one.check)));
    };
    const silence = attempt("idle", "Silence", () => idling(target, proxy, pace.silence));
    let body = UNLIMITED;
    await add(passing, "body-size", "Largest body", async () => {
      const size = await bodySize(target, median, proxy);
      body = Math.min(UNLIMITED, size.figures?.["limit"] ?? UNLIMITED);
      return size;
    });
    await add(passing, "request-buffering", "Uploads pass at once", () => buffering(target, body, proxy));
    await add(passing, "request-headers", "Request headers", () => headersFinding(target, proxy));
    await add(passing, "range", "Range", () => ranges(target, proxy));
    await add(passing, "methods", "Methods", () => methods(target, proxy));
    await add(passing, "compression", "Compression", () => compression(target, proxy));
    let stats: SocketStats | undefined;
    for (const direction of ["download", "upload"] as const) {
      for (const streams of [1, STREAMS]) {
        const watch = direction === "upload" && streams === 1 ? watchSockets(target) : undefined;
        const load = {
          way: direction,
          streams,
          seconds: pace.speed,
          body,
          ...(watch && { opened: watch.opened }),
        };
        await add(speeds, `${direction}-${streams}`, speedName(direction, streams), () =>
          speed(target, load, proxy),
        );
        if (watch) stats = await watch.end();
      }
    }
    speeds.push(...uploadLimit(stats, rates(speeds, finding.figures?.["min"] ?? median, median)));
    says("silence");
    passing.push(...(await silence));
  } catch (error) {
    if (!(error instanceof RawConnectionError)) throw error;
    const secure = await urlWithTls(base, addresses);
    const advice = secure
      ? `The port speaks TLS: use ${secure}.`
      : "Check the address, the port and firewalls, and that the server or its proxy is running.";
    way.push(about("reached", "Reached").problem(`no: ${error.message}`, { advice }));
  }
  return found();
}

type Find = () => Promise<Finding | Finding[]>;

/** Runs one check. A failure becomes a finding, so that the other checks still run. */
async function attempt(check: string, name: string, find: Find): Promise<Finding[]> {
  try {
    return [await find()].flat();
  } catch (error) {
    if (!(error instanceof RawConnectionError)) throw error;
    const advice = "Try again. If it fails again, something on the path blocks such requests.";
    return [about(check, name).warning(`not measured: ${error.message}`, { advice })];
  }
}

function between(proxy: ProxyName | undefined): Finding {
  const { ok } = about("proxy", "Proxy");
  return proxy ? ok(nameOfProxy(proxy)) : ok("no response header names one");
}

/** Checks that /api/probe can be used, which all further tests need. @returns a finding when it cannot */
async function refused(target: Target): Promise<Finding | undefined> {
  const answer = await request(target, "PUT /api/probe", { "Content-Length": "0" });
  if (answer.status === 200 && seenIn(answer)) return undefined;
  const { warning, problem } = about("probe", "Probe");
  if (answer.text.includes("not_allowed"))
    return warning("not allowed", {
      reason: "The server does not grant write, so doctor cannot send test data.",
      advice: "Start the server with --allow read,write for the examination.",
    });
  return problem(`answered with ${answer.status}`, {
    reason:
      answer.status === 404 ? "This version of Sluice is too old for the test." : "PUT requests are blocked.",
    advice:
      answer.status === 404 ? "Update Sluice." : "Allow PUT for every path in the proxy's configuration.",
  });
}

async function bodySize(target: Target, roundTrip: number, proxy: ProxyName | undefined): Promise<Finding> {
  const { ok, warning } = about("body-size", "Largest body");
  const silence = Math.min(3, 0.5 + 5 * roundTrip);
  const { limit, exact, requests } = await findLimit((bytes) => letsThrough(target, bytes, silence));
  if (limit === undefined)
    return ok(`no limit up to ${formatBytes(LARGEST)}`, {
      reason:
        "Tested with the announced length. A limit on the bytes received shows only when a test upload fails (Large bodies).",
      figures: { requests },
    });
  return warning(exact ? formatBytes(limit) : `about ${formatBytes(Number(limit.toPrecision(3)))}`, {
    reason: `${nameOfProxy(proxy)} rejects larger bodies (413) before they reach Sluice.`,
    advice: "Until that is changed, upload by tus in smaller chunks (chunkSize).",
    change: settingsFor("size", proxy),
    figures: { limit, requests },
  });
}

async function speed(
  target: Target,
  load: Omit<Load, "bytes">,
  proxy: ProxyName | undefined,
): Promise<Finding[]> {
  const { way, streams } = load;
  const { ok } = about(`${way}-${streams}`, speedName(way, streams));
  const body = way === "upload" ? load.body : UNLIMITED;
  const { bytesPerSecond, bytes, sending, refused } = await throughput(target, {
    ...load,
    body,
    bytes: SPEED_BYTES,
  });
  const small = way === "upload" && body < 2 ** 24;
  const reason = `Sent in consecutive bodies of ${formatBytes(body)}.`;
  const figures = { bytesPerSecond, bytes, streams, ...(way === "upload" && { sending }) };
  const found = ok(formatRate(bytesPerSecond), { ...(small && { reason }), figures });
  return refused ? [found, cutOff(refused, proxy)] : [found];
}

function rates(findings: readonly Finding[], roundTrip: number, usual: number): Speeds {
  const figures = (streams: number) =>
    findings.find(({ check }) => check === `upload-${streams}`)?.figures ?? {};
  const { bytesPerSecond: one, sending } = figures(1);
  return { one, sending, four: figures(STREAMS)["bytesPerSecond"], roundTrip, usual };
}

function cutOff({ bytes, why }: Refused, proxy: ProxyName | undefined): Finding {
  return about("large-bodies", "Large bodies").warning(`fail: one of ${formatBytes(bytes)} did`, {
    reason: `Smaller bodies arrive. For this one, ${why}: ${nameOfProxy(proxy)} limits the bytes or the duration of a request.`,
    change: settingsFor("size", proxy),
    figures: { bytes },
  });
}

function speedName(way: "upload" | "download", streams: number): string {
  return `${way === "upload" ? "Upload" : "Download"}, ${formatCount(streams, "stream")}`;
}

function withheld(): Finding {
  return about("login", "Login").problem("not sent: the certificate is not trusted", {
    reason: "The program that listens there could read the password.",
    advice: "Correct the certificate, leave the login out, or send it anyway with --insecure.",
  });
}
