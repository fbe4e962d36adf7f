// Why one stream goes up no faster: the window of a far line, a line that loses packets, the other end, or this machine.

import { formatSize } from "../../config/config.ts";
import { formatRate } from "../../core/report/flow-report.ts";
import { milliseconds } from "../disk/findings.ts";
import { about, type Finding } from "../finding.ts";
import type { Books } from "./sockets.ts";

const NAME = "Limit of one stream";

/** What was measured from here. */
export interface Speeds {
  /** Bytes per second of one stream. */
  readonly one: number | undefined;
  /** Bytes per second of four streams together. */
  readonly four: number | undefined;
  /** Seconds in which the one stream had something to send, and did not wait for an answer. */
  readonly sending: number | undefined;
  /** Seconds to Sluice and back, through whatever stands between, while nothing else was on its way. */
  readonly roundTrip: number;
  /** The median of such round trips, where `roundTrip` is the shortest. */
  readonly usual: number;
}

/** Several streams that bring so many times what one does: it is not the line that holds one back. */
export const MORE = 1.6;
/** Bytes per second from which on nobody asks what holds them back: 1 Gbit/s. */
export const PLENTY = 125e6;
/** Seconds of a measurement below which the books say little. */
const ENOUGH = 0.8;
/** Of all packets: more than the queue of a line that is full usually drops. */
const LOSSY = 0.01;
/** Packets of which a share says something. */
const MANY = 500;
/** Of the time, when several streams bring more; senders that pace their packets meet the window only now and then. */
const LIMITED = 0.15;
/** Seconds: what is nearer has no line that could be too long. */
const NEAR = 0.005;

/** @returns one finding, or none where nothing can be said, or nothing needs to be */
export function uploadLimit(books: Books | undefined, speeds: Speeds): Finding[] {
  const { one = PLENTY, four, sending = 0, roundTrip, usual } = speeds;
  if (books === undefined || one >= PLENTY || books.seconds < ENOUGH) return [];
  const { ok, warning } = about("upload-limit", NAME);
  const share = (part: number, whole: number): number => (whole > 0 ? Math.min(1, part / whole) : 0);
  const shares: Shares = {
    busy: share(books.busy, books.seconds),
    sending: share(sending, books.seconds),
    receiver: share(books.receiver, books.busy),
    buffer: share(books.buffer, books.busy),
    lost: share(books.lost, books.sent),
  };
  const { roundTrip: measured, shortest } = books;
  const figures = { ...shares, roundTrip: measured, shortestRoundTrip: shortest };
  // A line that gets slower with each stream says nothing about windows.
  const gains = four !== undefined && four >= MORE * one;
  const far = Math.max(roundTrip, shortest);

  if (shares.lost >= LOSSY && books.sent >= MANY)
    return [
      warning(`a lossy line: ${percent(shares.lost, 1)} of the packets were lost`, {
        reason: `Every loss is taken for a line that is full, and ${books.congestionControl || "TCP"} slows down. A round trip takes ${milliseconds(measured)}.`,
        advice: `Look for what loses them: wireless, a bad cable, a shaper whose queue is too short. Several streams at once lose less speed${books.congestionControl === "bbr" ? "." : ", and so does this machine with sysctl -w net.ipv4.tcp_congestion_control=bbr."}`,
        figures,
      }),
    ];
  if (shares.busy < 0.5 * shares.sending)
    return [
      warning("the sender: this machine", {
        reason: `Of the time in which there was something to send, it had been given to the system only ${percent(shares.busy / shares.sending)}.`,
        advice: "Look what else keeps this machine busy (top), or send from a faster one.",
        figures,
      }),
    ];
  // Who waits for the answer most of the time has nothing left to send: somebody between has it all.
  const taken = shares.busy < 0.5;
  // A way is as long every time; who is busy answers now sooner, now later.
  const busyThere = far > 2 * shortest + NEAR && usual > 2 * roundTrip;
  if (gains && !busyThere && far >= NEAR && (taken || shares.receiver + shares.buffer >= LIMITED))
    return [longLine(books, one, far, shares)];
  if (gains && shares.receiver >= 0.5)
    return [
      warning("what takes it at the other end", {
        reason: `${percent(shares.receiver)} of the time it took no more of this connection. Several streams bring more, and ${milliseconds(far)} are no long way: it is a limit for each connection.`,
        advice: "Look for such a limit (limit_rate) at what stands between.",
        figures,
      }),
    ];
  if (taken || (shares.receiver >= 0.5 && measured < 2 * shortest + NEAR))
    return [
      warning("what takes it at the other end", {
        reason: `${taken ? "Most of the time everything was sent, and the answer was waited for" : `${percent(shares.receiver)} of the time it took no more`}. Several streams bring no more, and nothing queued on the way.`,
        advice: "Look how busy the server's processor is, and the way behind a proxy, if one stands between.",
        figures,
      }),
    ];
  return [
    ok("the line", {
      reason: `Something was on its way ${percent(shares.busy)} of the time, ${percent(shares.lost, 1)} of the packets were lost, and a round trip took ${milliseconds(measured)}, at least ${milliseconds(shortest)}: the rest is queue.`,
      figures,
    }),
  ];
}

/** Parts of 1: `busy` and `sending` of the time, `receiver` and `buffer` of `busy`, `lost` of the packets. */
type Shares = Record<"busy" | "sending" | "receiver" | "buffer" | "lost", number>;

function longLine(books: Books, rate: number, far: number, shares: Shares): Finding {
  const window = formatSize(Number((rate * far).toPrecision(2)));
  const mine = books.buffer > books.receiver;
  // A relay answers packets at once, and Sluice is far behind it.
  const behind = !mine && far > 2 * books.shortest + NEAR;
  const whose = mine ? "this machine's send buffer" : behind ? "what stands between" : "the server's window";
  const advice = mine
    ? 'On this machine: sysctl -w net.ipv4.tcp_wmem="4096 16384 16777216".'
    : behind
      ? "Larger buffers at what stands between (a proxy, a VPN, a tunnel)."
      : 'On the server: sysctl -w net.ipv4.tcp_rmem="4096 131072 33554432", net.ipv4.tcp_window_scaling=1.';
  const times =
    mine || shares.receiver >= LIMITED
      ? `${percent(mine ? shares.buffer : shares.receiver)} of the time no more was let on its way`
      : "Everything was sent, and waited on its way";
  return about("upload-limit", NAME).warning("latency × window", {
    reason: `${times}: about ${window} (${whose}) in each ${milliseconds(far)} is ${formatRate(rate)}.`,
    advice: `Several streams have a window each: several files at once, or one in parts (tus: parallelUploads 4). ${advice}`,
    figures: { ...shares, roundTrip: books.roundTrip, shortestRoundTrip: books.shortest, window: rate * far },
  });
}

function percent(share: number, digits = 0): string {
  return `${(share * 100).toFixed(digits)} %`;
}
