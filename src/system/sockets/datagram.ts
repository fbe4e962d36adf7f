// Sends datagrams to Unix sockets, which neither Bun nor node:dgram can (Linux).

import { loadLibc } from "../libc.ts";

const AF_UNIX = 1;
/** SOCK_DGRAM, closed on exec. */
const SOCKET_TYPE = 2 | 0o2000000;
/** MSG_DONTWAIT, and MSG_NOSIGNAL. */
const FLAGS = 0x40 | 0x4000;
/** Bytes of `sun_path`. */
const LONGEST_PATH = 108;

/**
 * Sends one datagram, without waiting for the receiver.
 * @param address a path, or `@name` for a name without a file
 * @returns whether the receiver has it
 */
export function sendDatagram(address: string, text: string): boolean {
  const libc = loadLibc({
    socket: { args: ["i32", "i32", "i32"], returns: "i32" },
    sendto: { args: ["i32", "buffer", "u64", "i32", "buffer", "u32"], returns: "i64" },
    close: { args: ["i32"], returns: "i32" },
  });
  if (!libc) return false;
  const { socket, sendto, close } = libc.symbols;
  const to = unixAddress(address);
  const bytes = Buffer.from(text);
  try {
    const fd = to ? socket(AF_UNIX, SOCKET_TYPE, 0) : -1;
    if (!to || fd < 0) return false;
    const sent = Number(sendto(fd, bytes, bytes.byteLength, FLAGS, to, to.byteLength));
    close(fd);
    return sent === bytes.byteLength;
  } finally {
    libc.close();
  }
}

/** A `sockaddr_un`; null for a text that cannot be one. */
function unixAddress(address: string): Uint8Array | null {
  const isAbstract = address.startsWith("@");
  // The length tells where an abstract name ends, and a zero byte where a path does.
  const path = Buffer.from(isAbstract ? `\0${address.slice(1)}` : `${address}\0`);
  if (path.byteLength > LONGEST_PATH || !(isAbstract || address.startsWith("/"))) return null;
  return Buffer.concat([new Uint8Array(new Uint16Array([AF_UNIX]).buffer), path]);
}
