// Checks the path to a server: DNS, the TCP connection, TLS, the round-trip time, and whether Sluice answers.

import { lookup } from "node:dns/promises";
import { isIP } from "node:net";
import type { PeerCertificate } from "node:tls";
import { TLSSocket } from "node:tls";
import { endsSoon } from "../../listen/tls/certificate.ts";
import { printable } from "../../plugins/log.ts";
import { milliseconds } from "../disk/findings.ts";
import { quantile } from "../disk/speed.ts";
import { about, type Finding } from "../finding.ts";
import { daysLeft, daysUntil } from "../server/certificates.ts";
import { type Answer, bareHost, open, RawConnectionError, type Target } from "./raw-http.ts";

const ROUNDS = 12;
/** Seconds after which no further round trip is measured. */
const MAX_ROUNDS_SECONDS = 3;

/** Resolves the host name. @returns its addresses (empty when the lookup fails) and a finding about the lookup */
export async function findAddresses(url: URL): Promise<{ addresses: string[]; finding: Finding }> {
  const { ok, warning, problem } = about("dns", "DNS");
  const host = bareHost(url);
  if (isIP(host)) return { addresses: [host], finding: ok("not needed: the URL contains an IP address") };
  const began = performance.now();
  try {
    const addresses = (await Promise.race([lookup(host, { all: true }), late(10_000)])).map(
      (one) => one.address,
    );
    const seconds = (performance.now() - began) / 1000;
    const value = `${addresses.join(", ")}, in ${milliseconds(seconds)}`;
    const figures = { seconds, addresses: addresses.length };
    if (seconds < 0.5) return { addresses, finding: ok(value, { figures }) };
    const advice = "Configure a nearer or faster name server on this machine.";
    return {
      addresses,
      finding: warning(value, { reason: "Name lookups are slow on this machine.", advice, figures }),
    };
  } catch {
    return {
      addresses: [],
      finding: problem(`no address found for ${printable(host, 100)}`, {
        advice: "Check the spelling of the name, its DNS record, and this machine's name server.",
      }),
    };
  }
}

/**
 * Tries the addresses in order, as clients do, until one accepts a connection.
 * @returns that address, with a finding when an earlier one failed
 * @throws RawConnectionError when all fail
 */
export async function firstReached(
  target: Omit<Target, "address">,
  addresses: readonly string[],
): Promise<{ address: string; finding?: Finding }> {
  const dead: string[] = [];
  let last = new RawConnectionError("the name has no address");
  for (const address of addresses.slice(0, 4)) {
    try {
      (await open({ ...target, address })).close();
      // localhost resolves to both ::1 and 127.0.0.1, and few servers listen on both.
      if (dead.length === 0 || target.url.hostname === "localhost") return { address };
      const finding = about("addresses", "Addresses").warning(
        `${dead.join(", ")} cannot be reached from here`,
        {
          reason: "Clients try this address first; some then wait for a long time, or give up.",
          advice: "Remove its DNS record (AAAA or A), or make the server or its proxy listen on it.",
        },
      );
      return { address, finding };
    } catch (error) {
      if (!(error instanceof RawConnectionError)) throw error;
      last = error;
      dead.push(address);
    }
  }
  throw last;
}

/**
 * Measures how long the TCP connection and the TLS handshake take.
 * @returns `trusted`: this machine trusts the certificate, or there is no TLS
 * @throws RawConnectionError
 */
export async function connecting(target: Target): Promise<{ findings: Finding[]; trusted: boolean }> {
  const { hostname, port, protocol } = target.url;
  const tls = protocol === "https:";
  const plain = tls ? { ...target, url: new URL(`http://${hostname}:${port || 443}`) } : target;
  const connect = await least(plain);
  const findings = [about("connect", "Connect").ok(milliseconds(connect), { figures: { seconds: connect } })];
  if (!tls) return { findings, trusted: true };
  const began = performance.now();
  const wire = await open(target);
  const seconds = Math.max(0, (performance.now() - began) / 1000 - connect);
  const socket = wire.socket instanceof TLSSocket ? wire.socket : undefined;
  findings.push(certificate(socket, seconds));
  wire.close();
  return { findings, trusted: socket?.authorized === true };
}

/** The same URL with https, if something at one of the addresses speaks TLS on its port, which does not answer to HTTP. */
export async function urlWithTls(
  target: Omit<Target, "address">,
  addresses: readonly string[],
): Promise<URL | undefined> {
  const { protocol, hostname, port, pathname } = target.url;
  if (protocol !== "http:") return undefined;
  const url = new URL(pathname, `https://${hostname}:${port || 80}`);
  try {
    await firstReached({ ...target, url }, addresses);
    return url;
  } catch (error) {
    if (!(error instanceof RawConnectionError)) throw error;
    return undefined;
  }
}

async function least(target: Target): Promise<number> {
  const times: number[] = [];
  for (let round = 0; round < 3; round += 1) {
    const began = performance.now();
    (await open(target)).close();
    times.push((performance.now() - began) / 1000);
  }
  return Math.min(...times);
}

function certificate(socket: TLSSocket | undefined, seconds: number): Finding {
  const { ok, warning } = about("tls", "TLS");
  const handshake = `${socket?.getProtocol() ?? "TLS"}, ${milliseconds(seconds)} more than connecting`;
  const peer: Partial<PeerCertificate> | undefined = socket?.getPeerCertificate();
  const validity = { begins: new Date(peer?.valid_from ?? ""), expires: new Date(peer?.valid_to ?? "") };
  const days = daysUntil(validity.expires.getTime());
  const figures = { seconds, ...(!Number.isNaN(days) && { days }) };
  if (socket?.authorized === false) {
    const code = printable(String(socket.authorizationError), 80);
    return warning(`the certificate is not trusted: ${DISTRUST[code] ?? code}`, {
      reason: `Browsers and curl will refuse it (${code}). The handshake itself works: ${handshake}.`,
      advice:
        "Use a certificate for this host name from a public authority (such as Let's Encrypt), with its full chain.",
      figures,
    });
  }
  if (endsSoon(validity))
    return warning(`the certificate has ${daysLeft(days)}`, {
      reason: `The handshake works: ${handshake}.`,
      advice: "Find out why it was not renewed.",
      figures,
    });
  return ok(Number.isNaN(days) ? handshake : `${handshake}; ${namesIn(peer)}, ${daysLeft(days)}`, {
    figures,
  });
}

/** The names of a certificate, at most five. */
function namesIn(peer: Partial<PeerCertificate> | undefined): string {
  const names = (peer?.subjectaltname ?? "").split(", ").map((name) => name.replace(/^[^:]*:/, ""));
  const more = names.length > 5 ? ` and ${names.length - 5} more` : "";
  return printable(`certificate for ${names.slice(0, 5).join(", ")}${more}`, 300);
}

/** Reasons for which a certificate is not trusted, by their code. */
const DISTRUST: Readonly<Record<string, string>> = {
  DEPTH_ZERO_SELF_SIGNED_CERT: "it is self-signed",
  SELF_SIGNED_CERT_IN_CHAIN: "its authority is not known to this machine",
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: "its authority is not known to this machine",
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: "its chain is incomplete",
  ERR_TLS_CERT_ALTNAME_INVALID: "it is for another name",
  CERT_HAS_EXPIRED: "it has expired",
  CERT_NOT_YET_VALID: "it is not valid yet; check this machine's clock",
};

/** Requests `/health` repeatedly on one connection. */
export async function roundTrips(
  target: Target,
): Promise<{ finding: Finding; median: number; last: Answer }> {
  const { ok, problem } = about("round-trip", "Round trip");
  let wire = await open(target);
  const times: number[] = [];
  try {
    const began = performance.now();
    let last: Answer;
    do {
      const start = performance.now();
      await wire.ask(target, "GET /health");
      last = await wire.answer(10);
      times.push((performance.now() - start) / 1000);
      if (last.headers.get("connection")?.toLowerCase() === "close") {
        wire.close();
        wire = await open(target);
      }
    } while (times.length < ROUNDS && performance.now() - began < MAX_ROUNDS_SECONDS * 1000);
    times.sort((one, other) => one - other);
    const [min = 0] = times;
    const [median, p95] = [quantile(times, 0.5), quantile(times, 0.95)];
    const value = `median ${milliseconds(median)}, min ${milliseconds(min)}, p95 ${milliseconds(p95)}`;
    const figures = { median, min, p95, samples: times.length };
    const health = healthIn(last);
    if (health === undefined)
      return {
        median,
        last,
        finding: problem(`GET /health was answered with ${last.status}, not by Sluice`, {
          ...refusal(last.status),
        }),
      };
    const reason = `${health} answered ${times.length} GET /health requests on one connection.`;
    return { median, last, finding: ok(value, { reason, figures }) };
  } finally {
    wire.close();
  }
}

/** Why `/health` was refused, and what to do. */
function refusal(status: number): { reason: string; advice: string } {
  if (status === 401)
    return {
      reason: "The server requires a login.",
      advice: "Put it in the URL: https://user:password@host/.",
    };
  if (status === 421)
    return {
      reason: "The server does not answer to the host name that arrives there.",
      advice: "Start Sluice with --hostname and the host name of this URL.",
    };
  return {
    reason: "Another server answers at this URL.",
    advice: "Check the URL, the proxy's upstream address, and that Sluice is running there.",
  };
}

function healthIn({ text }: Answer): string | undefined {
  try {
    const health: unknown = JSON.parse(text);
    if (typeof health !== "object" || health === null || !("version" in health) || !("status" in health))
      return undefined;
    return `Sluice ${printable(String(health.version), 20)} (${printable(String(health.status), 20)})`;
  } catch {
    return undefined;
  }
}

async function late(milliseconds: number): Promise<never> {
  await Bun.sleep(milliseconds);
  throw new RawConnectionError("the lookup timed out");
}
