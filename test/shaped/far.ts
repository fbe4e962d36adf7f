// A program that forwards packets between two TUN devices with latency, a limited rate and loss.
// bun run far.ts OUTER INNER RTT_MS BYTES_PER_SECOND LOSE_ONE_OF       prints "ready"; 0 disables a limit

import { dlopen } from "bun:ffi";
import { constants, openSync } from "node:fs";

const [outerName = "", innerName = "", rttText = "0", rateText = "0", loseText = "0"] = process.argv.slice(2);
const half = Number(rttText) / 2;
const bytesPerMillisecond = Number(rateText) / 1000;
const loseOneOf = Number(loseText);

/** linux/if_tun.h */
const TUNSETIFF = 0x400454ca;
const [IFF_TUN, IFF_NO_PI] = [0x0001, 0x1000];
const POLLIN = 1;
/** Length of the queue in milliseconds; further packets are dropped. */
const QUEUE = 50;
const LARGEST = 65_536;

// Blocking descriptors, because node:fs throws EAGAIN for others, thousands of times a second.
const { ioctl, poll, read, write } = dlopen("libc.so.6", {
  ioctl: { args: ["i32", "u64", "ptr"], returns: "i32" },
  poll: { args: ["ptr", "u64", "i32"], returns: "i32" },
  read: { args: ["i32", "ptr", "u64"], returns: "i32" },
  write: { args: ["i32", "ptr", "u64"], returns: "i32" },
}).symbols;

function openDevice(name: string): number {
  const fd = openSync("/dev/net/tun", constants.O_RDWR | constants.O_NONBLOCK);
  const request = Buffer.alloc(40);
  request.write(name);
  request.writeUInt16LE(IFF_TUN | IFF_NO_PI, 16);
  if (ioctl(fd, TUNSETIFF, request) !== 0) throw new Error(`${name} cannot be made`);
  return fd;
}

interface Packet {
  readonly due: number;
  readonly bytes: Buffer;
}

/** One direction. */
class Way {
  readonly #packets: Packet[] = [];
  #free = 0;
  #count = 0;

  constructor(
    readonly from: number,
    readonly to: number,
    readonly lossy: boolean,
  ) {}

  get due(): number {
    return this.#packets[0]?.due ?? Number.POSITIVE_INFINITY;
  }

  take(): void {
    for (let count = 0; count < 256; count += 1) {
      const length = read(this.from, room, LARGEST);
      if (length <= 0) return;
      const now = performance.now();
      const start = Math.max(now, this.#free);
      this.#count += 1;
      if (this.lossy && loseOneOf > 0 && this.#count % loseOneOf === 0) continue;
      if (bytesPerMillisecond > 0) {
        if (start - now > QUEUE) continue;
        this.#free = start + length / bytesPerMillisecond;
      }
      this.#packets.push({
        due: Math.max(now, this.#free) + half,
        bytes: Buffer.from(room.subarray(0, length)),
      });
    }
  }

  give(): void {
    for (const now = performance.now(); this.due <= now; ) {
      const packet = this.#packets.shift();
      if (packet) write(this.to, packet.bytes, packet.bytes.byteLength);
    }
  }
}

const room = Buffer.alloc(LARGEST);
const [outer, inner] = [openDevice(outerName), openDevice(innerName)];
const ways = [new Way(inner, outer, true), new Way(outer, inner, false)];
const waiting = Buffer.alloc(16);
waiting.writeInt32LE(outer, 0);
waiting.writeInt16LE(POLLIN, 4);
waiting.writeInt32LE(inner, 8);
waiting.writeInt16LE(POLLIN, 12);

process.stdout.write("ready\n", () => {
  for (;;) {
    for (const way of ways) way.take();
    for (const way of ways) way.give();
    const next = Math.min(...ways.map(({ due }) => due)) - performance.now();
    poll(waiting, 2, Math.min(1000, Math.max(0, Math.ceil(next))));
  }
});
