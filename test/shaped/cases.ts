// The shaped cases: what is made slow, and the bottleneck that the report must name.

import type { Bottleneck } from "../../src/core/report/flow-report.ts";
import { DIALECTS, type Dialect } from "./send.ts";
import { type Place, type Stand, writtenFile } from "./stand.ts";

/** The setup of a case; disposing undoes it. */
export interface Shape {
  place: Place;
  bytes: number;
  /** The file to send; by default zeros from memory. */
  source?: string;
  /** The URL to send to; by default the server's. */
  url?: string;
  /** Additional arguments for curl. */
  options?: readonly string[];
  /**
   * Whether the rate is compared with the client's: only if its start and requests without file bytes take less than a
   * tenth of the time with every protocol. @default false
   */
  steady?: true;
}

export interface Case {
  readonly name: string;
  /** The protocols to test. @default all */
  readonly ways?: readonly Dialect[];
  /** The allowed bottlenecks. Waiting for a slow disk counts as disk or sync, depending on the call that waited. */
  readonly truth: readonly Bottleneck[];
  shape(stand: Stand, stack: AsyncDisposableStack): Shape | Promise<Shape>;
}

const MB = 1e6;
const DISK = ["disk", "sync"] as const;

/** Duration of a shaped transfer in seconds: long enough that its start is a small part. */
const SECONDS = 1.5;

/** Limits network and disk for one transfer; `undefined` sets no limit. */
function limit(stand: Stand, stack: AsyncDisposableStack, network?: number, disk?: number): void {
  if (network) stand.line.rate(network);
  if (disk) stand.volume.limit(disk);
  stack.defer(() => {
    stand.line.rate(undefined);
    if (disk) stand.volume.limit(0);
  });
}

function network(megabytes: number): Case {
  const rate = megabytes * MB;
  return {
    name: `network ${megabytes} MB/s`,
    truth: ["network"],
    shape(stand, stack) {
      limit(stand, stack, rate);
      return { place: "memory", bytes: Math.round(rate * SECONDS), steady: true };
    },
  };
}

function long(milliseconds: number, window: number): Case {
  const rate = window / (milliseconds / 1000);
  return {
    name: `round trip ${milliseconds} ms, window ${window / 1024} KiB`,
    truth: ["network"],
    async shape(stand, stack) {
      const relay = stack.use(await stand.relay("memory", String(milliseconds), String(window)));
      return {
        place: "memory",
        // Four streams need a quarter of the time.
        bytes: Math.round(rate * 2 * SECONDS),
        url: `http://127.0.0.1:${relay.firstLine}`,
      };
    },
  };
}

function disk(megabytes: number): Case {
  const rate = megabytes * MB;
  return {
    name: `disk ${megabytes} MB/s`,
    truth: DISK,
    shape(stand, stack) {
      limit(stand, stack, undefined, rate);
      return { place: "volume", bytes: Math.round(rate * 2 * SECONDS), steady: true };
    },
  };
}

function shared(others: number): Case {
  return {
    name: `processor shared with ${others} others`,
    truth: ["processor"],
    shape(stand, stack) {
      stack.use(stand.burden(others));
      return { place: "memory", bytes: 100 * MB };
    },
  };
}

const CASES: readonly Case[] = [
  network(2),
  network(7),
  network(24),
  network(100),
  long(5, 64 * 1024),
  long(50, 256 * 1024),
  long(150, 512 * 1024),
  {
    name: "stalls of 200 ms after every 100",
    truth: ["network"],
    async shape(stand, stack) {
      const relay = stack.use(await stand.relay("memory", "2", String(2 ** 20), "100", "200"));
      return { place: "memory", bytes: 160 * MB, url: `http://127.0.0.1:${relay.firstLine}` };
    },
  },
  {
    name: "sender 10 MB/s",
    truth: ["network"],
    // The rate of each stream.
    shape: () => ({ place: "memory", bytes: 15 * MB, options: ["--limit-rate", "10000000"] }),
  },
  {
    name: "sender with a disk of 10 MB/s",
    truth: ["network"],
    shape(stand, stack) {
      const bytes = 15 * MB;
      const { path } = stack.use(writtenFile(stand.sender, bytes));
      stand.sender.reads(10 * MB);
      stack.defer(() => stand.sender.reads(0));
      return { place: "memory", bytes, source: path, steady: true };
    },
  },
  disk(5),
  disk(20),
  disk(80),
  {
    name: "disk of 20 operations a second",
    truth: ["sync"],
    shape(stand, stack) {
      stand.volume.operations(20);
      stack.defer(() => stand.volume.operations(0));
      return { place: "volume", bytes: 2 * MB };
    },
  },
  shared(3),
  shared(20),
  {
    name: "a tenth of a processor",
    truth: ["processor"],
    shape(stand, stack) {
      stack.use(stand.quota(0.1));
      return { place: "memory", bytes: 100 * MB };
    },
  },
  {
    name: "a digest, sha-512, on a fast line",
    truth: ["hash"],
    // Forms cannot have a digest, and the digests of partial uploads are computed before the concatenation.
    ways: ["put", "tus"],
    shape: () => ({ place: "memory", bytes: 400 * MB, options: ["-H", "Want-Repr-Digest: sha-512=10"] }),
  },
  {
    name: "network 24 MB/s, disk 8",
    truth: DISK,
    shape(stand, stack) {
      limit(stand, stack, 24 * MB, 8 * MB);
      return { place: "volume", bytes: 24 * MB };
    },
  },
  {
    name: "network 8 MB/s, disk 24",
    truth: ["network"],
    shape(stand, stack) {
      limit(stand, stack, 8 * MB, 24 * MB);
      return { place: "volume", bytes: 16 * MB };
    },
  },
  {
    name: "network 6 MB/s, from half-way on free, disk 40",
    truth: ["network"],
    shape(stand, stack) {
      limit(stand, stack, 6 * MB, 40 * MB);
      const timer = setTimeout(() => stand.line.rate(undefined), 2000);
      stack.defer(() => clearTimeout(timer));
      return { place: "volume", bytes: 36 * MB };
    },
  },
];

/** Every case with each of its protocols. */
export const RUNS: readonly (readonly [Case, Dialect])[] = CASES.flatMap((one) =>
  (one.ways ?? DIALECTS).map((dialect) => [one, dialect] as const),
);
