// Finds what limits one upload stream: latency × window, packet loss, the receiver, this machine, or the line.

import { formatBytes, formatRate } from "../../units.ts";
import { milliseconds } from "../disk/findings.ts";
import { about, type Finding } from "../finding.ts";
import type { SocketStats } from "./sockets.ts";

const NAME = "Limit of one stream";

/** Measurements made by this machine. */
export interface Speeds {
  /** Bytes per second of one stream. */
  readonly one: number | undefined;
  /** Bytes per second of four streams together. */
  readonly four: number | undefined;
  /** Seconds in which the one stream had data to send and was not waiting for a response. */
  readonly sending: number | undefined;
  /** Shortest round trip to Sluice, through any proxy, without other traffic. In seconds. */
  readonly roundTrip: number;
  /** Median of those round trips, in seconds. */
  readonly usual: number;
}

/** When several streams are faster than one by this factor, the line does not limit the one. */
export const GAIN = 1.6;
/** Bytes per second above which no limit is reported: 1 Gbit/s. */
export const FAST = 125e6;
/** Seconds below which a measurement is too short to judge. */
const MIN_SECONDS = 0.8;
/** Share of lost packets: above what the queue of a full line usually drops. */
const LOSSY = 0.01;
/** Packets needed for a meaningful loss rate. */
const MIN_PACKETS = 500;
/** Share of time limited by the window. It is low because senders that pace their packets fill the window only at times. */
const LIMITED = 0.15;
/** Round trip in seconds below which latency cannot be the limit. */
const NEAR = 0.005;

/** @returns one finding, or none when the limit is unknown or the stream is fast */
export function uploadLimit(stats: SocketStats | undefined, speeds: Speeds): Finding[] {
  const { one = FAST, four, sending = 0, roundTrip, usual } = speeds;
  if (stats === undefined || one >= FAST || stats.seconds < MIN_SECONDS) return [];
  const { ok, warning } = about("upload-limit", NAME);
  const share = (part: number, whole: number): number => (whole > 0 ? Math.min(1, part / whole) : 0);
  const shares: Shares = {
    busy: share(stats.busy, stats.seconds),
    sending: share(sending, stats.seconds),
    receiver: share(stats.receiver, stats.busy),
    buffer: share(stats.buffer, stats.busy),
    lost: share(stats.lost, stats.sent),
  };
  const { roundTrip: measured, shortest } = stats;
  const figures = { ...shares, roundTrip: measured, shortestRoundTrip: shortest };
  // Without a gain from several streams, the line rather than the window is the limit.
  const gains = four !== undefined && four >= GAIN * one;
  const far = Math.max(roundTrip, shortest);

  if (shares.lost >= LOSSY && stats.sent >= MIN_PACKETS)
    return [
      warning(`a lossy line: ${percent(shares.lost, 1)} of the packets were lost`, {
        reason: `${stats.congestionControl || "TCP"} takes every loss as a sign of a full line and slows down. A round trip takes ${milliseconds(measured)}.`,
        advice: `Find the cause: wireless, a bad cable, or a traffic shaper whose queue is too short. Several concurrent streams lose less speed${stats.congestionControl === "bbr" ? "." : ", and so does sysctl -w net.ipv4.tcp_congestion_control=bbr on this machine."}`,
        figures,
      }),
    ];
  if (shares.busy < 0.5 * shares.sending)
    return [
      warning("the sender: this machine", {
        reason: `The kernel had data to send for only ${percent(shares.busy / shares.sending)} of the time in which doctor was sending.`,
        advice: "Find out what else uses this machine's processors (top), or send from a faster machine.",
        figures,
      }),
    ];
  // When the sender mostly waits for the response, a proxy has already accepted all data.
  const taken = shares.busy < 0.5;
  // A long path has a constant round trip; a busy server's response times vary.
  const busyThere = far > 2 * shortest + NEAR && usual > 2 * roundTrip;
  if (gains && !busyThere && far >= NEAR && (taken || shares.receiver + shares.buffer >= LIMITED))
    return [longLine(stats, one, far, shares)];
  if (gains && shares.receiver >= 0.5)
    return [
      warning("the receiver", {
        reason: `${percent(shares.receiver)} of the time it accepted no more data on this connection. Several streams are faster, and a round trip of ${milliseconds(far)} is short, so there is a limit per connection.`,
        advice: "Look for such a limit (limit_rate) in the configuration of the proxy.",
        figures,
      }),
    ];
  if (taken || (shares.receiver >= 0.5 && measured < 2 * shortest + NEAR))
    return [
      warning("the receiver", {
        reason: `${taken ? "Most of the time all data had been sent and doctor was waiting for the response" : `${percent(shares.receiver)} of the time it accepted no more data`}. Several streams are not faster, and no packets queued on the path.`,
        advice:
          "Check the load of the server's processor and, behind a proxy, the path from the proxy to the server.",
        figures,
      }),
    ];
  return [
    ok("the line", {
      reason: `Data was in flight ${percent(shares.busy)} of the time, ${percent(shares.lost, 1)} of the packets were lost, and a round trip took ${milliseconds(measured)}, of which ${milliseconds(shortest)} is the path and the rest queueing.`,
      figures,
    }),
  ];
}

/** Fractions: `busy` and `sending` of the time, `receiver` and `buffer` of `busy`, `lost` of the packets. */
type Shares = Record<"busy" | "sending" | "receiver" | "buffer" | "lost", number>;

function longLine(stats: SocketStats, rate: number, far: number, shares: Shares): Finding {
  const window = formatBytes(Number((rate * far).toPrecision(2)));
  const mine = stats.buffer > stats.receiver;
  // A relay acknowledges packets at once although Sluice is far away.
  const behind = !mine && far > 2 * stats.shortest + NEAR;
  const whose = mine ? "this machine's send buffer" : behind ? "the proxy or relay" : "the server's window";
  const advice = mine
    ? 'On this machine: sysctl -w net.ipv4.tcp_wmem="4096 16384 16777216".'
    : behind
      ? "Enlarge the buffers of the proxy, VPN or tunnel on the path."
      : 'On the server: sysctl -w net.ipv4.tcp_rmem="4096 131072 33554432", net.ipv4.tcp_window_scaling=1.';
  const times =
    mine || shares.receiver >= LIMITED
      ? `${percent(mine ? shares.buffer : shares.receiver)} of the time the window was full`
      : "All data had been sent and was waiting on the path";
  return about("upload-limit", NAME).warning("latency × window", {
    reason: `${times}: about ${window} (${whose}) per round trip of ${milliseconds(far)} is ${formatRate(rate)}.`,
    advice: `Each stream has its own window: upload several files concurrently, or one file in parts (tus: parallelUploads 4). ${advice}`,
    figures: { ...shares, roundTrip: stats.roundTrip, shortestRoundTrip: stats.shortest, window: rate * far },
  });
}

function percent(share: number, digits = 0): string {
  return `${(share * 100).toFixed(digits)} %`;
}
