// Reads the kernel's statistics of this machine's connections (TCP_INFO) from ss(8), because node:net does not expose them.

import { inUrl } from "../../system/addresses.ts";
import type { Target } from "./raw-http.ts";

/** Statistics of one connection since it was opened. Times are in seconds. */
export interface Socket {
  /** The local port. */
  readonly port: number;
  /** Time with data in flight or waiting to be sent. */
  readonly busy: number;
  /** Part of `busy` in which the peer's receive window was full. */
  readonly receiver: number;
  /** Part of `busy` in which this machine's send buffer limited the data in flight. */
  readonly buffer: number;
  /** Data packets sent, including retransmissions. */
  readonly sent: number;
  /** Packets in `sent` that were retransmitted because of a loss; spurious retransmissions do not count. */
  readonly lost: number;
  /** Smoothed round trip to the peer, which may be a proxy. */
  readonly roundTrip: number;
  /** Shortest round trip, hence without queueing. */
  readonly shortest: number;
  /** The congestion control algorithm, such as `cubic` or `bbr`. */
  readonly congestionControl: string;
}

/** Statistics of all connections of one measurement. */
export interface SocketStats extends Omit<Socket, "port"> {
  /** Sum of the times for which the connections were open. */
  readonly seconds: number;
}

/** Parses the output of `ss -tinH`. Skips connections that sent no data, and unknown fields. */
export function socketsIn(text: string): Socket[] {
  // The second line of a connection is indented.
  const lines = text.replaceAll(/\n[\t ]+/g, " ").split("\n");
  return lines.flatMap((line) => {
    const port = Number(/^ESTAB\s+\d+\s+\d+\s+\S+:(\d+)\s/.exec(line)?.[1]);
    const average = of(line, /\srtt:([\d.]+)\//);
    const sent = of(line, /\sdata_segs_out:(\d+)/);
    if (!port || !sent || average === undefined) return [];
    const again = of(line, /\sretrans:\d+\/(\d+)/) ?? 0;
    return {
      port,
      busy: (of(line, /\sbusy:(\d+)ms/) ?? 0) / 1000,
      receiver: (of(line, /\srwnd_limited:(\d+)ms/) ?? 0) / 1000,
      buffer: (of(line, /\ssndbuf_limited:(\d+)ms/) ?? 0) / 1000,
      sent,
      lost: Math.max(0, again - (of(line, /\sdsack_dups:(\d+)/) ?? 0)),
      roundTrip: average / 1000,
      shortest: (of(line, /\sminrtt:([\d.]+)/) ?? average) / 1000,
      congestionControl: /\s(\w+) wscale:/.exec(line)?.[1] ?? "",
    };
  });
}

function of(line: string, pattern: RegExp): number | undefined {
  const found = pattern.exec(line)?.[1];
  return found === undefined ? undefined : Number(found);
}

/** Milliseconds between two readings. */
const INTERVAL = 200;
/** Timeout of one reading, in milliseconds. */
const TIMEOUT = 1000;
/** Largest output of one reading, in bytes: a machine can have thousands of connections to one server. */
const MAX_OUTPUT = 2 ** 20;

/** A running measurement; the caller must `end` it. */
export interface Watch {
  /** Adds a connection to the measurement, by its local port. */
  readonly opened: (port: number | undefined) => void;
  /** Stops reading. @returns undefined when ss is not installed or reported nothing */
  end(): Promise<SocketStats | undefined>;
}

/** Runs ss repeatedly, because it does not report closed connections. */
export function watchSockets({ url, address }: Pick<Target, "url" | "address">): Watch {
  const ss = process.platform === "linux" ? Bun.which("ss") : null;
  const port = url.port || (url.protocol === "https:" ? "443" : "80");
  const opened = new Map<number, number>();
  const last = new Map<number, Socket & { seconds: number }>();
  const stop = new AbortController();

  const read = async (command: string): Promise<void> => {
    const child = Bun.spawn([command, "-tinH", "dst", `${inUrl(address)}:${port}`], {
      stdin: "ignore",
      stderr: "ignore",
      stdout: "pipe",
      timeout: TIMEOUT,
      maxBuffer: MAX_OUTPUT,
    });
    const text = await new Response(child.stdout).text();
    for (const socket of socketsIn(text)) {
      const began = opened.get(socket.port);
      if (began === undefined) continue;
      last.set(socket.port, { ...socket, seconds: (performance.now() - began) / 1000 });
    }
  };
  const reading = (async () => {
    while (ss !== null && !stop.signal.aborted) {
      await read(ss).catch(() => stop.abort());
      await Bun.sleep(INTERVAL);
    }
  })();

  return {
    opened(port) {
      if (port !== undefined) opened.set(port, performance.now());
    },
    async end() {
      stop.abort();
      await reading;
      return combineSockets([...last.values()]);
    },
  };
}

/** Sums times and packets; takes the other values from the connection that was busy longest. */
export function combineSockets(sockets: readonly (Socket & { seconds: number })[]): SocketStats | undefined {
  const [longest] = sockets.toSorted((one, other) => other.busy - one.busy);
  if (longest === undefined) return undefined;
  const sum = (of: (socket: Socket & { seconds: number }) => number): number =>
    sockets.reduce((total, socket) => total + of(socket), 0);
  const { roundTrip, congestionControl } = longest;
  return {
    seconds: sum(({ seconds }) => seconds),
    busy: sum(({ busy }) => busy),
    receiver: sum(({ receiver }) => receiver),
    buffer: sum(({ buffer }) => buffer),
    sent: sum(({ sent }) => sent),
    lost: sum(({ lost }) => lost),
    roundTrip,
    shortest: Math.min(...sockets.map(({ shortest }) => shortest)),
    congestionControl,
  };
}
