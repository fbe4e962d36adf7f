// A network between two hosts: a namespace for the client, connected to the server's by a pair of virtual Ethernet devices.

import { join } from "node:path";
import { type Program, start } from "./program.ts";
import { attempt, system } from "./system.ts";

/** Bytes of a full Ethernet frame, and of file data in it (TCP with timestamps over IPv4). The shaper counts frames. */
const FRAME = 1514;
const PAYLOAD = 1448;
const FAR = join(import.meta.dir, "far.ts");

/** The properties of a network with latency. */
export interface Far {
  /** Round-trip time in milliseconds. */
  roundTrip: number;
  /** File bytes per second, of all connections together. */
  rate?: number;
  /** The server's receive window in bytes: 65,535 times a power of two, to which the kernel rounds up. */
  window?: number;
  /** One of this many packets is lost. */
  loseOneOf?: number;
}

/** A network. `using` removes it. */
export interface Line extends Disposable {
  /** The server's address. */
  readonly address: string;
  /** The command line that runs a command as the client. */
  client(...command: string[]): string[];
  /** Limits the rate to this many file bytes per second; without a number removes the limit. */
  rate(bytesPerSecond: number | undefined): void;
  /** Routes packets through a network with latency until disposed. Addresses do not change. */
  far(far: Far): Promise<AsyncDisposable>;
}

let lines = 0;

/** Creates a network. Its names contain the process id, so that several can exist at the same time. */
export function openLine(): Line {
  lines += 1;
  const name = `sl${process.pid % 100_000}${lines}`;
  const subnet = `10.${100 + (process.pid % 100)}.${lines}`;
  const [outer, inner] = [`${name}a`, `${name}b`];
  const close = (): void => {
    attempt("ip", "netns", "del", name);
    attempt("ip", "link", "del", outer);
  };
  try {
    system("ip", "netns", "add", name);
    system("ip", "link", "add", outer, "type", "veth", "peer", "name", inner, "netns", name);
    system("ip", "addr", "add", `${subnet}.1/24`, "dev", outer);
    system("ip", "link", "set", outer, "up");
    system("ip", "-n", name, "addr", "add", `${subnet}.2/24`, "dev", inner);
    system("ip", "-n", name, "link", "set", inner, "up");
    system("ip", "-n", name, "link", "set", "lo", "up");
  } catch (error) {
    close();
    throw error;
  }
  return {
    address: `${subnet}.1`,
    client: (...command) => ["ip", "netns", "exec", name, ...command],
    rate(bytesPerSecond) {
      if (bytesPerSecond === undefined)
        return attempt("tc", "-n", name, "qdisc", "del", "dev", inner, "root");
      const bits = Math.round((bytesPerSecond * 8 * FRAME) / PAYLOAD);
      // A burst of 5 ms, and a queue of 50 ms before packets are dropped.
      const burst = Math.max(16_000, Math.round(bytesPerSecond / 200));
      const shaper = ["tbf", "rate", `${bits}bit`, "burst", String(burst), "latency", "50ms"];
      system("tc", "-n", name, "qdisc", "replace", "dev", inner, "root", ...shaper);
    },
    far: (far) => goFar({ name, subnet, outer, inner }, far),
    [Symbol.dispose]: close,
  };
}

interface Names {
  name: string;
  subnet: string;
  outer: string;
  inner: string;
}

async function goFar({ name, subnet, outer, inner }: Names, far: Far): Promise<AsyncDisposable> {
  const { roundTrip, rate = 0, window, loseOneOf = 0 } = far;
  const [near, there] = [`${name}c`, `${name}d`];
  const frames = Math.round((rate * FRAME) / PAYLOAD);
  const carrier: Program = await start([
    ...["taskset", "-c", "1", process.execPath, FAR],
    ...[near, there, roundTrip, frames, loseOneOf].map(String),
  ]);
  system("ip", "link", "set", there, "netns", name);
  // Packets must not be lost while the forwarding program waits for a processor.
  system("ip", "link", "set", near, "txqueuelen", "20000", "up");
  system("ip", "-n", name, "link", "set", there, "txqueuelen", "20000", "up");
  const limit = window === undefined ? [] : ["window", String(window)];
  // The more specific route takes precedence.
  system("ip", "route", "add", `${subnet}.2/32`, "dev", near, "src", `${subnet}.1`, ...limit);
  system("ip", "-n", name, "route", "add", `${subnet}.1/32`, "dev", there, "src", `${subnet}.2`);
  attempt("sysctl", "-qw", `net.ipv4.conf.${near}.rp_filter=0`, `net.ipv4.conf.${outer}.rp_filter=0`);
  attempt("ip", "netns", "exec", name, "sysctl", "-qw", `net.ipv4.conf.${inner}.rp_filter=0`);
  return carrier;
}
