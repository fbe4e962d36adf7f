// Limits the rate of a TCP connection of this process, or cuts it, although Bun.serve does not tell its descriptor (Linux).

import { isIP } from "node:net";
import { descriptors } from "./descriptors.ts";
import { loadLibc } from "./libc.ts";

const [AF_INET, AF_INET6] = [2, 10];
const SOL_SOCKET = 1;
const SO_MAX_PACING_RATE = 47;
const IPPROTO_TCP = 6;
const TCP_INFO = 11;
const TCP_NOTSENT_LOWAT = 25;
const SIOCOUTQ = 0x5411;
const SHUT_RDWR = 2;

/** The value of SO_MAX_PACING_RATE for no limit. */
const NO_LIMIT = 2 ** 32 - 1;
/** Offsets in `struct tcp_info` of linux/tcp.h, and its length up to the last one used. */
const SND_MSS = 16;
const DATA_SEGS_OUT = 156;
const TCP_INFO_LENGTH = 160;
/** The first segments of a connection, which the kernel does not pace (tcp_update_skb_after_send). */
const UNPACED_SEGMENTS = 10;
/**
 * Seconds of the rate that may lie unsent in the socket's buffer. All of what lies there counts as sent for Bun: without a
 * bound it is up to 4 MB. The bounds of the bound, in bytes: a smaller one would wake Bun up too often.
 */
const UNSENT_SECONDS = 0.02;
const [LEAST_UNSENT, MOST_UNSENT] = [16_384, 4_194_304];
/** Bytes of a `sockaddr_in6`. */
const ADDRESS_LENGTH = 28;

/** An end of a connection. */
export interface Endpoint {
  /** Without brackets; of this end also a name or an unspecified address, which then is not compared. */
  readonly address: string;
  readonly port: number;
}

type Native = NonNullable<ReturnType<typeof load>>;
let loaded: Native | null | undefined;

/** `null` where the functions cannot be called. */
function native(): Native | null {
  if (loaded === undefined) loaded = load() ?? null;
  return loaded;
}

function load() {
  return loadLibc({
    getpeername: { args: ["i32", "buffer", "buffer"], returns: "i32" },
    getsockname: { args: ["i32", "buffer", "buffer"], returns: "i32" },
    setsockopt: { args: ["i32", "i32", "i32", "buffer", "u32"], returns: "i32" },
    getsockopt: { args: ["i32", "i32", "i32", "buffer", "buffer"], returns: "i32" },
    ioctl: { args: ["i32", "u64", "buffer"], returns: "i32" },
    shutdown: { args: ["i32", "i32"], returns: "i32" },
    inet_pton: { args: ["i32", "buffer", "buffer"], returns: "i32" },
  })?.symbols;
}

/**
 * A connection, which stays the same one when its descriptor is closed and used again: every call compares both ends with
 * those of the descriptor, and does nothing when they differ. Nothing runs in between, because all of it is synchronous.
 */
export class Connection {
  private constructor(
    readonly libc: Native,
    readonly near: string,
    readonly far: string,
    readonly fd: number,
  ) {}

  /** Both ends, as text. No other open connection has the same. */
  get ends(): string {
    return `${this.near} ${this.far}`;
  }

  /**
   * Finds the connection between two ends. If only the port of this end is known, no other connection may have the same
   * peer and port.
   * @returns null when there is none, or more than one, and except on Linux
   */
  static find(local: Endpoint, peer: Endpoint): Connection | null {
    const libc = native();
    const remote = libc && keyOf(libc, peer);
    if (!libc || !remote) return null;
    const own = keyOf(libc, local);
    const matches: Connection[] = [];
    for (const fd of openDescriptors()) {
      if (endOf(libc.getpeername, fd, peer.port) !== remote) continue;
      const near = endOf(libc.getsockname, fd, local.port);
      if (near !== null && (own === null || near === own))
        matches.push(new Connection(libc, near, remote, fd));
    }
    const [match = null] = matches;
    return matches.length === 1 ? match : null;
  }

  get #open(): boolean {
    const { getpeername, getsockname } = this.libc;
    return endOf(getpeername, this.fd) === this.far && endOf(getsockname, this.fd) === this.near;
  }

  /** Limits the rate at which the system sends. @returns whether it does now */
  pace(bytesPerSecond: number): boolean {
    if (!this.#open) return false;
    const unsent = Math.min(MOST_UNSENT, Math.max(LEAST_UNSENT, bytesPerSecond * UNSENT_SECONDS));
    const rate = Math.min(NO_LIMIT - 1, Math.max(1, Math.round(bytesPerSecond)));
    return (
      this.#set(SOL_SOCKET, SO_MAX_PACING_RATE, rate) && this.#set(IPPROTO_TCP, TCP_NOTSENT_LOWAT, unsent)
    );
  }

  /** Removes the limit. */
  unpace(): void {
    if (!this.#open) return;
    this.#set(SOL_SOCKET, SO_MAX_PACING_RATE, NO_LIMIT);
    // 0 is the system's own value.
    this.#set(IPPROTO_TCP, TCP_NOTSENT_LOWAT, 0);
  }

  /** Bytes per second; undefined when the connection has no limit, or is closed. */
  get rate(): number | undefined {
    const rate = this.#get(SOL_SOCKET, SO_MAX_PACING_RATE, 4)?.getUint32(0, true) ?? NO_LIMIT;
    return rate === NO_LIMIT ? undefined : rate;
  }

  /** Bytes in the socket's buffer that the other end has not acknowledged; 0 for a connection that is closed. */
  get queued(): number {
    const bytes = new Uint32Array(1);
    return this.#open && this.libc.ioctl(this.fd, SIOCOUTQ, bytes) === 0 ? (bytes[0] ?? 0) : 0;
  }

  /** The next bytes to which no limit applies: up to 15 kB of a new connection, and 650 kB of one inside this machine. */
  get unpaced(): number {
    const info = this.#get(IPPROTO_TCP, TCP_INFO, TCP_INFO_LENGTH);
    if (!info) return 0;
    return (
      Math.max(0, UNPACED_SEGMENTS - info.getUint32(DATA_SEGS_OUT, true)) * info.getUint32(SND_MSS, true)
    );
  }

  /** Ends the connection at once, in both directions. @returns whether it was open */
  cut(): boolean {
    return this.#open && this.libc.shutdown(this.fd, SHUT_RDWR) === 0;
  }

  #set(level: number, option: number, value: number): boolean {
    return this.libc.setsockopt(this.fd, level, option, new Uint32Array([value]), 4) === 0;
  }

  #get(level: number, option: number, length: number): DataView | null {
    const value = new Uint8Array(length);
    const size = new Uint32Array([length]);
    if (!this.#open || this.libc.getsockopt(this.fd, level, option, value, size) !== 0) return null;
    return size[0] === length ? new DataView(value.buffer) : null;
  }
}

function openDescriptors(): number[] {
  try {
    return descriptors();
  } catch {
    // Without /proc, no connection is found.
    return [];
  }
}

const address = new Uint8Array(ADDRESS_LENGTH);
const length = new Uint32Array(1);

/** @param expected the port; the answer is null for others, without making a text of the address */
function endOf(name: Native["getpeername"], fd: number, expected?: number): string | null {
  length[0] = ADDRESS_LENGTH;
  if (name(fd, address, length) !== 0) return null;
  const port = ((address[2] ?? 0) << 8) | (address[3] ?? 0);
  if (expected !== undefined && port !== expected) return null;
  const family = address[0] ?? 0;
  if (family === AF_INET) return key(address.subarray(4, 8), port);
  return family === AF_INET6 ? key(address.subarray(8, 24), port) : null;
}

/** The key of an end; null when its address is a name or unspecified. */
function keyOf(libc: Native, { address: text, port }: Endpoint): string | null {
  const version = isIP(text);
  if (version === 0) return null;
  const bytes = new Uint8Array(version === 4 ? 4 : 16);
  // A zone names the interface of a link-local address, which the bytes do not contain.
  const plain = Buffer.from(`${text.replace(/%.*$/, "")}\0`);
  if (libc.inet_pton(version === 4 ? AF_INET : AF_INET6, plain, bytes) !== 1) return null;
  return bytes.every((byte) => byte === 0) ? null : key(bytes, port);
}

/** An IPv4 address and the same address mapped to IPv6 have the same key. */
function key(bytes: Uint8Array, port: number): string {
  const hex = Buffer.from(bytes).toString("hex");
  return `${hex.replace(/^0{20}ffff(?=.{8}$)/, "")}:${port}`;
}
