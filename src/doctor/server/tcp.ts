// Checks the kernel's TCP settings: window sizes and their effect on distant senders, congestion control, backlog.

import { formatBytes, formatRate } from "../../units.ts";
import { about, type Finding, type ReadText } from "../finding.ts";

const NET = "/proc/sys/net";
/** Round trip to a sender on another continent, in seconds. */
const FAR = 0.1;
/** Bytes per second below which the window rather than the line limits most senders: 100 Mbit/s. */
const SLOW = 12.5e6;
/** Largest window without scaling (RFC 7323), in bytes. */
const UNSCALED = 65_535;

/** Computes the highest rate of one stream from the bytes that may be in flight. */
export function windows(read: ReadText): Finding[] {
  const receive = third(read(`${NET}/ipv4/tcp_rmem`));
  const send = third(read(`${NET}/ipv4/tcp_wmem`));
  if (receive === undefined || send === undefined)
    return [
      about("tcp-windows", "TCP windows").ok("not known", {
        reason: "The kernel does not expose tcp_rmem here.",
      }),
    ];
  const scaled = read(`${NET}/ipv4/tcp_window_scaling`)?.trim() !== "0";
  return [
    windowOf("upload", receive * shareOfWindow(read), scaled, receive, "tcp_rmem"),
    // About two thirds of a send buffer hold data; the rest is bookkeeping.
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
  const value = formatBytes(Number(window.toPrecision(2)));
  const figures = { window, buffer, bytesPerSecondAt100ms: rate };
  const reason = `At 100 ms one stream gets at most about ${formatRate(rate)} (window ÷ latency).`;
  if (rate >= SLOW) return ok(value, { reason, figures });
  const advice = scaled
    ? `Distant senders gain from several streams, or from larger buffers: sysctl -w net.ipv4.${key}="4096 131072 16777216".`
    : "Enable window scaling: sysctl -w net.ipv4.tcp_window_scaling=1.";
  return warning(value, { reason, advice, figures });
}

/** The share of a receive buffer that is window: tcp_adv_win_scale of tcp(7); newer kernels measure it, at about one half. */
function shareOfWindow(read: ReadText): number {
  const scale = Number(read(`${NET}/ipv4/tcp_adv_win_scale`) ?? 1);
  return scale > 0 ? 1 - 2 ** -scale : 2 ** scale;
}

/** Checks the congestion control algorithm. */
export function congestionControl(read: ReadText): Finding {
  const { ok, warning } = about("congestion-control", "Congestion control");
  const name = read(`${NET}/ipv4/tcp_congestion_control`)?.trim();
  if (!name) return ok("not known", { reason: "The kernel does not expose it here." });
  if (name === "reno")
    return warning(name, {
      reason: "It fills fast lines slowly, and halves the rate with every lost packet.",
      advice: "sysctl -w net.ipv4.tcp_congestion_control=cubic (or bbr, for lossy lines).",
    });
  const why = name === "cubic" ? "For downloads over lossy lines (mobile, far), bbr is faster." : undefined;
  return ok(name, { ...(why && { reason: why }) });
}

/** Checks how many connections may wait to be accepted. */
export function backlog(read: ReadText): Finding {
  const { ok, warning } = about("backlog", "Listen backlog");
  const size = Number(read(`${NET}/core/somaxconn`) ?? Number.NaN);
  if (!Number.isFinite(size))
    return ok("not known", { reason: "The kernel does not expose somaxconn here." });
  if (size >= 128) return ok(String(size), { figures: { size } });
  return warning(String(size), {
    reason: "When many clients connect at once, some must retry after a second or more.",
    advice: "sysctl -w net.core.somaxconn=4096.",
    figures: { size },
  });
}

/** The last of the three numbers `min default max`. */
function third(text: string | undefined): number | undefined {
  const value = Number(text?.trim().split(/\s+/)[2] ?? Number.NaN);
  return Number.isFinite(value) ? value : undefined;
}
