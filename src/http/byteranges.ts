// Several ranges of a file as one body: multipart/byteranges (RFC 9110 section 14.6).

import type { Range } from "./range.ts";

/** Bytes read at once. Readers together wait for as many pieces as there are of them, and a larger one is no faster. */
const PIECE = 256 * 1024;

/** A body of parts, and what its answer says. */
export interface Byteranges {
  /** The media type, with the boundary. */
  type: string;
  /** Bytes of the body. */
  length: number;
  /** Reads when it is read, a piece at a time, and fails when the file turns out to be shorter than it was. */
  body: ReadableStream<Uint8Array<ArrayBuffer>>;
}

/**
 * Puts ranges of a file into parts, in this order.
 * @param file its bytes, which are read while the body is
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
      for (let at = first; at <= last; at += PIECE) {
        const to = Math.min(at + PIECE, last + 1);
        const piece = await file.slice(at, to).bytes();
        if (piece.byteLength < to - at) throw new Error("The file became shorter while it was sent.");
        yield piece;
      }
    }
    yield end;
  }
  const pieces = parts();
  return {
    type: `multipart/byteranges; boundary=${boundary}`,
    length:
      heads.reduce((sum, head) => sum + head.byteLength, end.byteLength) +
      ranges.reduce((sum, { first, last }) => sum + last + 1 - first, 0),
    body: new ReadableStream(
      {
        async pull(controller) {
          const { done, value } = await pieces.next();
          if (done) controller.close();
          else controller.enqueue(value);
        },
        async cancel() {
          await pieces.return();
        },
      },
      { highWaterMark: 0 },
    ),
  };
}
