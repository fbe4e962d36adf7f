// Reads multipart bodies with the parser of Sluice, and cuts them into chunks.

import {
  MultipartError,
  type MultipartLimits,
  MultipartParser,
  type MultipartReason,
  type PartEvent,
  type PartHeaders,
  type PartProblem,
} from "../../src/http/multipart/parser.ts";

export interface ReadPart {
  headers: PartHeaders;
  problem?: PartProblem;
  data: string;
  complete: boolean;
}

export interface ReadBody {
  parts: ReadPart[];
  reason?: MultipartReason;
}

/** Reads a whole body. Data is shown byte for byte as ISO 8859-1. */
export function read(
  boundary: string,
  chunks: Iterable<Uint8Array<ArrayBuffer>>,
  limits?: MultipartLimits,
): ReadBody {
  const parts: ReadPart[] = [];
  try {
    const parser = new MultipartParser(boundary, limits);
    for (const chunk of chunks) for (const event of parser.push(chunk)) addEvent(parts, event);
    parser.finish();
    return { parts };
  } catch (error) {
    if (error instanceof MultipartError) return { parts, reason: error.reason };
    throw error;
  }
}

function addEvent(parts: ReadPart[], event: PartEvent): void {
  const last = parts.at(-1);
  if (event.kind === "part") {
    if (last && !last.complete) throw new Error("a part began inside of a part");
    const { kind: _, ...part } = event;
    parts.push({ ...part, data: "", complete: false });
    return;
  }
  if (!last || last.complete) throw new Error(`${event.kind} outside of a part`);
  if (event.kind === "end") last.complete = true;
  else if (event.bytes.length === 0) throw new Error("empty data");
  else last.data += Buffer.from(event.bytes).toString("latin1");
}

export function bytes(text: string): Uint8Array<ArrayBuffer> {
  return new Uint8Array(Buffer.from(text, "utf8"));
}

/** A body with one part, which has this header block and content. Its boundary is `b`. */
export function body(headers: string, data = "data"): Uint8Array<ArrayBuffer> {
  return bytes(`--b\r\n${headers}\r\n\r\n${data}\r\n--b--\r\n`);
}

export function* oneByOne(all: Uint8Array<ArrayBuffer>): Generator<Uint8Array<ArrayBuffer>> {
  for (let at = 0; at < all.length; at++) yield all.subarray(at, at + 1);
}

export function* cut(
  all: Uint8Array<ArrayBuffer>,
  sizes: readonly number[],
): Generator<Uint8Array<ArrayBuffer>> {
  let at = 0;
  for (let index = 0; at < all.length; index++) {
    const size = sizes[index % sizes.length] ?? 1;
    yield all.subarray(at, at + size);
    at += size;
  }
}
