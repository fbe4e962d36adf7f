// A line between two hosts: a network namespace for the client, joined to the server's by a pair of virtual Ethernet devices.

import { join } from "node:path";
import { type Program, start } from "./program.ts";
import { attempt, system } from "./system.ts";

/** Bytes of a full Ethernet frame, and those of the file in it: TCP with timestamps over IPv4. The shaper counts frames. */
const FRAME = 1514;
const PAYLOAD = 1448;
const FAR = join(import.meta.dir, "far.ts");

/** What a far line is like. */
export interface Far {
  /** Milliseconds, there and back. */
  roundTrip: number;
  /** Bytes of files that come through in a second, of all connections. */
  rate?: number;
  /** Bytes that the server lets a connection have on its way: 65,535 times a power of two, which the kernel rounds up to. */
  window?: number;
  /** Of so many packets one is lost. */
  loseOneOf?: number;
}

/** A line. `using` takes it down. */
export interface Line extends Disposable {
  /** The server's address. */
  readonly address: string;
  /** A command as the client runs it. */
  client(...command: string[]): string[];
  /** Lets this many bytes of files through in a second, from now on; without a figure as many as there are. */
  rate(bytesPerSecond: number | undefined): void;
  /** Leads the packets around, over a line that is far, until it is disposed of. Addresses stay as they are. */
  far(far: Far): Promise<AsyncDisposable>;
}

let lines = 0;

/** Puts up a line. The names of its parts hold the number of this process, so that several can run at once. */
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
  // The carrier may have to wait for a processor; what waits for it so long must not be lost.
  system("ip", "link", "set", near, "txqueuelen", "20000", "up");
  system("ip", "-n", name, "link", "set", there, "txqueuelen", "20000", "up");
  const limit = window === undefined ? [] : ["window", String(window)];
  // What is more exact goes first.
  system("ip", "route", "add", `${subnet}.2/32`, "dev", near, "src", `${subnet}.1`, ...limit);
  system("ip", "-n", name, "route", "add", `${subnet}.1/32`, "dev", there, "src", `${subnet}.2`);
  attempt("sysctl", "-qw", `net.ipv4.conf.${near}.rp_filter=0`, `net.ipv4.conf.${outer}.rp_filter=0`);
  attempt("ip", "netns", "exec", name, "sysctl", "-qw", `net.ipv4.conf.${inner}.rp_filter=0`);
  return carrier;
}
