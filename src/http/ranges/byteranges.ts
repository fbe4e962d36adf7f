// Encodes several ranges of a file as one multipart/byteranges body (RFC 9110 section 14.6).

import type { Range } from "./range.ts";

/** Bytes per read. Every concurrent download holds one such block in memory; a larger one is no faster. */
const BLOCK = 256 * 1024;

/** A multipart/byteranges body and the values of its headers. */
export interface Byteranges {
  /** The media type, with the boundary. */
  type: string;
  /** Bytes of the body. */
  length: number;
  /** Reads the file lazily, one block per pull, and fails if the file has become shorter. */
  body: ReadableStream<Uint8Array<ArrayBuffer>>;
}

/**
 * Encodes each range as one part, in the given order.
 * @param file read while the body is being read
 * @param about media type and size of the whole file
 */
export function byteranges(
  file: Pick<Blob, "slice">,
  ranges: readonly Range[],
  about: { type: string; size: number },
): Byteranges {
  const boundary = crypto.randomUUID();
  const encoder = new TextEncoder();
  const heads = ranges.map(({ first, last }, index) =>
    encoder.encode(
      `${index === 0 ? "" : "\r\n"}--${boundary}\r\n` +
        `Content-Type: ${about.type}\r\nContent-Range: bytes ${first}-${last}/${about.size}\r\n\r\n`,
    ),
  );
  const end = encoder.encode(`\r\n--${boundary}--\r\n`);

  async function* parts(): AsyncGenerator<Uint8Array<ArrayBuffer>, void, void> {
    for (const [index, { first, last }] of ranges.entries()) {
      const head = heads[index];
      if (head) yield head;
      for (let at = first; at <= last; at += BLOCK) {
        const to = Math.min(at + BLOCK, last + 1);
        const block = await file.slice(at, to).bytes();
        if (block.byteLength < to - at) throw new Error("The file became shorter while it was sent.");
        yield block;
      }
    }
    yield end;
  }
  const chunks = parts();
  return {
    type: `multipart/byteranges; boundary=${boundary}`,
    length:
      heads.reduce((sum, head) => sum + head.byteLength, end.byteLength) +
      ranges.reduce((sum, { first, last }) => sum + last + 1 - first, 0),
    body: new ReadableStream(
      {
        async pull(controller) {
          const { done, value } = await chunks.next();
          if (done) controller.close();
          else controller.enqueue(value);
        },
        async cancel() {
          await chunks.return();
        },
      },
      { highWaterMark: 0 },
    ),
  };
}
