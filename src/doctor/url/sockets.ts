// What the kernel knows of this machine's own connections (TCP_INFO), as ss(8) tells it: node:net gives nothing of it.

import type { Target } from "./raw-http.ts";

/** One connection since it was opened. Times are in seconds. */
export interface Socket {
  /** Of this machine. */
  readonly port: number;
  /** While something was on its way, or waited to be sent. */
  readonly busy: number;
  /** Of `busy`: the other end took no more. */
  readonly receiver: number;
  /** Of `busy`: this machine's send buffer was too small for what could be on its way. */
  readonly buffer: number;
  /** Packets with data. */
  readonly sent: number;
  /** Of `sent`: again, because the first was lost. Those that turned out to be needless do not count. */
  readonly lost: number;
  /** A round trip to what this connection ends at, which may be a proxy. */
  readonly roundTrip: number;
  /** The shortest: without what waits in queues. */
  readonly shortest: number;
  /** How the rate is decided: `cubic`, `bbr`. */
  readonly congestionControl: string;
}

/** All connections of one measurement together. */
export interface Books extends Omit<Socket, "port"> {
  /** All of them were open, together. */
  readonly seconds: number;
}

/** Reads what `ss -tinH` printed; connections that carried nothing, and words it does not know, are left out. */
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
const EVERY = 200;
/** Milliseconds one may take. */
const LONGEST = 1000;
/** Bytes one may print: a machine can have thousands of connections to one server. */
const MOST = 2 ** 20;

/** Connections that are watched. */
export interface Watch {
  /** A connection that belongs to it, by its port on this machine. */
  readonly opened: (port: number | undefined) => void;
  /** Ends it. @returns undefined where there is no ss, or nothing could be read */
  end(): Promise<Books | undefined>;
}

/** Reads again and again, because connections come and go, and nothing is told of those that went. */
export function watchSockets({ url, address }: Pick<Target, "url" | "address">): Watch {
  const ss = process.platform === "linux" ? Bun.which("ss") : null;
  const host = address.includes(":") ? `[${address}]` : address;
  const port = url.port || (url.protocol === "https:" ? "443" : "80");
  const opened = new Map<number, number>();
  const last = new Map<number, Socket & { seconds: number }>();
  const stop = new AbortController();

  const read = async (command: string): Promise<void> => {
    const child = Bun.spawn([command, "-tinH", "dst", `${host}:${port}`], {
      stdin: "ignore",
      stderr: "ignore",
      stdout: "pipe",
      timeout: LONGEST,
      maxBuffer: MOST,
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
      await Bun.sleep(EVERY);
    }
  })();

  return {
    opened(port) {
      if (port !== undefined) opened.set(port, performance.now());
    },
    async end() {
      stop.abort();
      await reading;
      return booksOf([...last.values()]);
    },
  };
}

/** Times and packets add up; what is true of a moment is taken from the connection that worked longest. */
export function booksOf(sockets: readonly (Socket & { seconds: number })[]): Books | undefined {
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
