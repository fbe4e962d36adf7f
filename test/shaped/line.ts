// A line between two hosts: a network namespace for the client, joined to the server's by a pair of virtual Ethernet devices.

import { attempt, system } from "./system.ts";

/** Bytes of a full Ethernet frame, and those of the file in it: TCP with timestamps over IPv4. The shaper counts frames. */
const FRAME = 1514;
const PAYLOAD = 1448;

/** A line. `using` takes it down. */
export interface Line extends Disposable {
  /** The server's address. */
  readonly address: string;
  /** A command as the client runs it. */
  client(...command: string[]): string[];
  /** Lets this many bytes of files through in a second, from now on; without a figure as many as there are. */
  rate(bytesPerSecond: number | undefined): void;
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
    [Symbol.dispose]: close,
  };
}
