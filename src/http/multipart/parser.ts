// A push parser for multipart/form-data (RFC 7578, RFC 2046 section 5.1): chunks of a body in, parts out, constant memory.

import { parse } from "content-type";
import { MultipartError } from "./error.ts";
import { type PartHeaders, type PartProblem, readPartHeaders } from "./part-headers.ts";

export { MultipartError, type MultipartReason } from "./error.ts";
export { PART_PROBLEMS, type PartHeaders, type PartProblem } from "./part-headers.ts";

/** An event of the parser, in the order of the body: each part is one `part`, any number of `data`, one `end`. */
export type PartEvent =
  | {
      kind: "part";
      headers: PartHeaders;
      /** The part is unusable: skip its data, report the problem, continue with the next part. */
      problem?: PartProblem;
    }
  /** Never empty; a view into the pushed chunk, or a small copy. Valid for as long as the chunk is. */
  | { kind: "data"; bytes: Uint8Array<ArrayBuffer> }
  /** The part is complete: the boundary after it was found. Without this event the part is truncated. */
  | { kind: "end" };

/** Limits of a body. Exceeding any of them is a `MultipartError`. */
export interface MultipartLimits {
  /** Bytes of the headers of one part. Default 16 KiB. */
  maxHeaderBytes?: number;
  /** Headers of one part. Default 32. */
  maxHeaders?: number;
  /** Parts of the body, files and fields alike. Default 20,000. */
  maxParts?: number;
  /** Bytes before, after and between the parts, which are discarded. Default 16 MiB, so that a wrong boundary fails early. */
  maxOutsideBytes?: number;
}

const CR = 13;
const LF = 10;
const HYPHEN = 45;
const SPACE = 32;
const TAB = 9;
/** Length of a line break. */
const CRLF = 2;
const EMPTY_LINE = Buffer.from("\r\n\r\n");

/**
 * Parses one body. Part data is never buffered: between two chunks the parser holds only the number of matched bytes of
 * a possible boundary, or the beginning of a header block.
 */
export class MultipartParser {
  readonly #limits: Required<MultipartLimits>;
  /** CRLF, two hyphens, the boundary, and one byte for the character after them. */
  readonly #line: Buffer;
  /** The same without the last byte. */
  readonly #delimiter: Buffer;

  #state: "preamble" | "padding" | "headers" | "data" | "epilogue" = "preamble";
  /** Matched bytes of a possible delimiter line. The CRLF is implied at the start of the body and after a header block. */
  #matched = CRLF;
  /** How many of the matched bytes are not data even if the match fails: the implied CRLF. */
  #implied = CRLF;
  /** Headers that began in an earlier chunk, starting with the CRLF of the boundary line. */
  #headerBlock: Buffer | undefined;
  #headerLength = 0;
  /** The position in the current chunk where parsing continues. */
  #next = 0;
  #parts = 0;
  #outside = 0;
  #reading = false;

  /**
   * @param boundary from {@link boundaryOf}
   * @throws MultipartError `invalid_boundary`
   */
  constructor(boundary: string, limits: MultipartLimits = {}) {
    if (!isBoundary(boundary)) throw new MultipartError("invalid_boundary");
    this.#line = Buffer.from(`\r\n--${boundary}\r`, "latin1");
    this.#delimiter = this.#line.subarray(0, -1);
    this.#limits = {
      maxHeaderBytes: limits.maxHeaderBytes ?? 16 * 1024,
      maxHeaders: limits.maxHeaders ?? 32,
      maxParts: limits.maxParts ?? 20_000,
      maxOutsideBytes: limits.maxOutsideBytes ?? 16 * 1024 * 1024,
    };
  }

  /**
   * Parses the next chunk of the body, which may be empty. The generator is lazy, so a consumer that waits between two
   * events applies backpressure. Read every event of a chunk before the next push.
   * @throws MultipartError when the framing is invalid; the parser is unusable afterwards
   */
  *push(chunk: Uint8Array<ArrayBuffer>): Generator<PartEvent, void, undefined> {
    if (this.#reading) throw new TypeError("Cannot push: read all events of the previous chunk first");
    this.#reading = true;
    const bytes = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
    let at = 0;
    while (at < bytes.length) {
      if (this.#state === "headers") {
        const headers = this.#readHeaders(bytes, at);
        if (headers !== undefined) yield this.#beginPart(headers);
      } else if (this.#state === "padding") {
        this.#skipPadding(bytes, at);
      } else if (this.#state === "epilogue") {
        this.#discard(bytes.length - at);
        this.#next = bytes.length;
      } else {
        const inPart = this.#state === "data";
        if (this.#matched === 0) {
          const end = this.#findDelimiter(bytes, at);
          if (!inPart) this.#discard(end - at);
          else if (end > at) yield { kind: "data", bytes: chunk.subarray(at, end) };
        } else if (!this.#matchDelimiter(bytes, at)) {
          const data = this.#unmatch();
          if (!inPart) this.#discard(data.length);
          else if (data.length > 0) yield { kind: "data", bytes: data };
          this.#next = at;
        }
        if (inPart && this.#state !== "data") yield { kind: "end" };
      }
      at = this.#next;
    }
    this.#reading = false;
  }

  /**
   * Must be called at the end of the body.
   * @throws MultipartError `missing_end` without a closing boundary: a part without an `end` event is truncated
   */
  finish(): void {
    if (this.#state !== "epilogue") throw new MultipartError("missing_end");
  }

  /** The end of the data in this chunk: a delimiter, the start of a possible one, or the end of the chunk. */
  #findDelimiter(bytes: Buffer, from: number): number {
    let start = this.#findCandidate(bytes, from);
    while (start !== -1) {
      if (this.#matchDelimiter(bytes, start)) return start;
      start = this.#findCandidate(bytes, start + 1);
    }
    this.#next = bytes.length;
    return bytes.length;
  }

  #findCandidate(bytes: Buffer, from: number): number {
    const whole = bytes.indexOf(this.#delimiter, from);
    if (whole !== -1) return whole;
    // A boundary contains no CR, so only the last CR of the chunk can begin a delimiter that continues in the next one.
    const earliest = Math.max(from, bytes.length - this.#delimiter.length + 1);
    for (let at = bytes.length - 1; at >= earliest; at--) if (bytes[at] === CR) return at;
    return -1;
  }

  /**
   * Continues matching a delimiter line of which `#matched` bytes are known. Returns false on a mismatch; true on a full
   * match, which changes the state, or on a match up to the end of the chunk, which changes `#matched`. Sets `#next`.
   */
  #matchDelimiter(bytes: Buffer, from: number): boolean {
    const { length } = this.#delimiter;
    let matched = this.#matched;
    for (let at = from; at < bytes.length; at++, matched++) {
      const byte = bytes[at];
      if (matched < length) {
        if (byte !== this.#delimiter[matched]) return false;
      } else if (matched === length) {
        if (byte === SPACE || byte === TAB) return this.#endData("padding", at);
        if (byte !== CR && byte !== HYPHEN) return false;
        this.#line[length] = byte;
      } else if (this.#line[length] === CR) {
        return byte === LF && this.#beginHeaders(at);
      } else {
        return byte === HYPHEN && this.#endData("epilogue", at + 1);
      }
    }
    this.#matched = matched;
    this.#next = bytes.length;
    return true;
  }

  #endData(state: "padding" | "headers" | "epilogue", after: number): true {
    this.#state = state;
    this.#matched = 0;
    this.#implied = 0;
    this.#next = after;
    return true;
  }

  /** The matched bytes are data (or preamble) after all. They equal the delimiter's own, so they need not be stored. */
  #unmatch(): Uint8Array<ArrayBuffer> {
    const data = new Uint8Array(this.#line.subarray(this.#implied, this.#matched));
    this.#matched = 0;
    this.#implied = 0;
    return data;
  }

  /** The header block starts at this CR, so that a part without headers has its empty line right there. */
  #beginHeaders(lineFeed: number): true {
    if (lineFeed > 0) return this.#endData("headers", lineFeed - 1);
    this.#headerLength = Buffer.from("\r").copy(this.#headerBuffer());
    return this.#endData("headers", 0);
  }

  /** White space after a boundary is transport padding (RFC 2046 section 5.1.1). */
  #skipPadding(bytes: Buffer, from: number): void {
    let at = from;
    while (at < bytes.length && (bytes[at] === SPACE || bytes[at] === TAB)) at += 1;
    this.#discard(at - from);
    this.#next = at;
    if (at === bytes.length) return;
    if (bytes[at] !== CR) throw new MultipartError("invalid_delimiter");
    this.#state = "headers";
  }

  /** The header lines of a part, one character per byte; `undefined` until their end arrives. */
  #readHeaders(bytes: Buffer, at: number): string | undefined {
    if (this.#headerLength === 0) {
      const end = bytes.indexOf(EMPTY_LINE, at);
      if (end !== -1) {
        this.#next = end + EMPTY_LINE.length;
        return this.#headerText(bytes, at, end);
      }
    }
    const buffer = this.#headerBuffer();
    const previous = this.#headerLength;
    this.#headerLength += bytes.copy(buffer, previous, at);
    const end = buffer
      .subarray(0, this.#headerLength)
      .indexOf(EMPTY_LINE, Math.max(0, previous - EMPTY_LINE.length + 1));
    if (end !== -1) {
      this.#headerLength = 0;
      this.#next = at + end + EMPTY_LINE.length - previous;
      return this.#headerText(buffer, 0, end);
    }
    if (this.#headerLength === buffer.length) throw new MultipartError("headers_too_large");
    this.#next = bytes.length;
    return undefined;
  }

  #headerText(block: Buffer, start: number, end: number): string {
    if (block[start + 1] !== LF) throw new MultipartError("invalid_delimiter");
    if (end - start - CRLF > this.#limits.maxHeaderBytes) throw new MultipartError("headers_too_large");
    return block.toString("latin1", start + CRLF, end);
  }

  #headerBuffer(): Buffer {
    this.#headerBlock ??= Buffer.allocUnsafe(CRLF + this.#limits.maxHeaderBytes + EMPTY_LINE.length);
    return this.#headerBlock;
  }

  #beginPart(headers: string): PartEvent {
    this.#parts += 1;
    if (this.#parts > this.#limits.maxParts) throw new MultipartError("too_many_parts");
    this.#state = "data";
    this.#matched = CRLF;
    this.#implied = CRLF;
    return { kind: "part", ...readPartHeaders(headers, this.#limits.maxHeaders) };
  }

  #discard(length: number): void {
    this.#outside += length;
    if (this.#outside > this.#limits.maxOutsideBytes) throw new MultipartError("too_much_outside");
  }
}

/**
 * The boundary of a Content-Type; null unless the type is multipart/form-data.
 * @throws MultipartError `missing_boundary` or `invalid_boundary`
 */
export function boundaryOf(contentType: string | null): string | null {
  if (contentType === null || !isForm(contentType)) return null;
  const { parameters } = parse(contentType);
  const { boundary } = parameters;
  if (boundary === undefined) throw new MultipartError("missing_boundary");
  if (!isBoundary(boundary)) throw new MultipartError("invalid_boundary");
  return boundary;
}

/** Whether a body of this Content-Type is a form. */
export function isForm(contentType: string | null): boolean {
  return contentType !== null && parse(contentType).type === "multipart/form-data";
}

/** The grammar of RFC 2046 section 5.1.1. */
function isBoundary(boundary: string): boolean {
  return /^[0-9A-Za-z'()+_,./:=? -]{0,69}[0-9A-Za-z'()+_,./:=?-]$/.test(boundary);
}
