// The system's TCP: how large its windows get, what that means for far senders, congestion control, the backlog.

import { formatSize } from "../../config/config.ts";
import { formatRate } from "../../core/report/flow-report.ts";
import { about, type Finding, type ReadText } from "../finding.ts";

const NET = "/proc/sys/net";
/** Seconds: a sender on another continent. */
const FAR = 0.1;
/** Bytes per second below which the window, and not the line, is the limit of most people: 100 Mbit/s. */
const SLOW = 12.5e6;
/** Bytes: what RFC 7323 scaling lifts. */
const UNSCALED = 65_535;

/** How fast one stream can be, from how much may be on its way. */
export function windows(read: ReadText): Finding[] {
  const receive = third(read(`${NET}/ipv4/tcp_rmem`));
  const send = third(read(`${NET}/ipv4/tcp_wmem`));
  if (receive === undefined || send === undefined)
    return [
      about("tcp-windows", "TCP windows").ok("not known", {
        reason: "The system does not show tcp_rmem here.",
      }),
    ];
  const scaled = read(`${NET}/ipv4/tcp_window_scaling`)?.trim() !== "0";
  return [
    windowOf("upload", receive * shareOfWindow(read), scaled, receive, "tcp_rmem"),
    // Of a send buffer, about two thirds are data and the rest is its bookkeeping.
    windowOf("download", (send * 2) / 3, scaled, send, "tcp_wmem"),
  ];
}

function windowOf(
  way: "upload" | "download",
  estimate: number,
  scaled: boolean,
  buffer: number,
  key: string,
): Finding {
  const { ok, warning } = about(`tcp-window-${way}`, way === "upload" ? "Upload window" : "Download window");
  const window = scaled ? estimate : Math.min(estimate, UNSCALED);
  const rate = window / FAR;
  const value = formatSize(Number(window.toPrecision(2)));
  const figures = { window, buffer, bytesPerSecondAt100ms: rate };
  const reason = `At 100 ms one stream gets at most about ${formatRate(rate)} (window ÷ latency).`;
  if (rate >= SLOW) return ok(value, { reason, figures });
  const advice = scaled
    ? `Far senders gain from several streams, or from larger buffers: sysctl -w net.ipv4.${key}="4096 131072 16777216".`
    : "Switch window scaling on: sysctl -w net.ipv4.tcp_window_scaling=1.";
  return warning(value, { reason, advice, figures });
}

/** The part of a receive buffer that is window: tcp_adv_win_scale of tcp(7); newer kernels measure it, to about a half. */
function shareOfWindow(read: ReadText): number {
  const scale = Number(read(`${NET}/ipv4/tcp_adv_win_scale`) ?? 1);
  return scale > 0 ? 1 - 2 ** -scale : 2 ** scale;
}

/** Which algorithm decides how fast to send. */
export function congestionControl(read: ReadText): Finding {
  const { ok, warning } = about("congestion-control", "Congestion control");
  const name = read(`${NET}/ipv4/tcp_congestion_control`)?.trim();
  if (!name) return ok("not known", { reason: "The system does not show it here." });
  if (name === "reno")
    return warning(name, {
      reason: "It is slow to fill fast lines, and halves its speed with every lost packet.",
      advice: "sysctl -w net.ipv4.tcp_congestion_control=cubic (or bbr, for lossy lines).",
    });
  const why = name === "cubic" ? "For downloads over lossy lines (mobile, far), bbr is faster." : undefined;
  return ok(name, { ...(why && { reason: why }) });
}

/** How many connections may wait to be taken. */
export function backlog(read: ReadText): Finding {
  const { ok, warning } = about("backlog", "Listen backlog");
  const size = Number(read(`${NET}/core/somaxconn`) ?? Number.NaN);
  if (!Number.isFinite(size)) return ok("not known", { reason: "The system does not show somaxconn here." });
  if (size >= 128) return ok(String(size), { figures: { size } });
  return warning(String(size), {
    reason: "When many clients come at once, some have to try again after a second or more.",
    advice: "sysctl -w net.core.somaxconn=4096.",
    figures: { size },
  });
}

/** The largest of `least default most`. */
function third(text: string | undefined): number | undefined {
  const value = Number(text?.trim().split(/\s+/)[2] ?? Number.NaN);
  return Number.isFinite(value) ? value : undefined;
}
