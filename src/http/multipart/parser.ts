// A push parser for multipart/form-data (RFC 7578, RFC 2046 section 5.1): chunks of a body in, parts out, constant memory.

import { parse } from "content-type";
import { MultipartError } from "./error.ts";
import { type PartHeaders, type PartProblem, readPartHeaders } from "./part-headers.ts";

export { MultipartError, type MultipartReason } from "./error.ts";
export { PART_PROBLEMS, type PartHeaders, type PartProblem } from "./part-headers.ts";

/** What a chunk holds, in the order of the body: each part is one `part`, any number of `data`, one `end`. */
export type PartEvent =
  | {
      kind: "part";
      headers: PartHeaders;
      /** The part cannot be used: skip its data, list the problem, go on with the parts after it. */
      problem?: PartProblem;
    }
  /** Never empty; a view into the pushed chunk, or a small copy. Valid as long as the chunk is. */
  | { kind: "data"; bytes: Uint8Array<ArrayBuffer> }
  /** The part is complete: the boundary after it was seen. Without it, what arrived is only a beginning. */
  | { kind: "end" };

/** What a body may cost. Going over any of these is a `MultipartError`. */
export interface MultipartLimits {
  /** The headers of one part, in bytes. Default 16 KiB. */
  maxHeaderBytes?: number;
  /** The headers of one part, in lines. Default 32. */
  maxHeaders?: number;
  /** Parts of the body, files and fields together. Default 20,000. */
  maxParts?: number;
  /** Bytes before, after and between the parts, which are dropped. Default 16 MiB: a wrong boundary is found out early. */
  maxOutsideBytes?: number;
}

const CR = 13;
const LF = 10;
const HYPHEN = 45;
const SPACE = 32;
const TAB = 9;
/** Length of a line end. */
const CRLF = 2;
const EMPTY_LINE = Buffer.from("\r\n\r\n");

/**
 * Reads one body. Part data is never kept: between two chunks the parser holds only the number of bytes of a boundary
 * that may have begun, or the beginning of a header block.
 */
export class MultipartParser {
  readonly #limits: Required<MultipartLimits>;
  /** CRLF, two hyphens, the boundary, and room for the byte behind them. */
  readonly #line: Buffer;
  /** The same without the last byte. */
  readonly #delimiter: Buffer;

  #state: "preamble" | "padding" | "headers" | "data" | "epilogue" = "preamble";
  /** Bytes matched of a delimiter line that may have begun. A line begins with the body, and where headers end. */
  #held = CRLF;
  /** How many of the held bytes are no data even if the match fails: that implied CRLF. */
  #implied = CRLF;
  /** Headers that began in an earlier chunk, from the CRLF of the boundary line on. */
  #headerBlock: Buffer | undefined;
  #headerLength = 0;
  /** Where reading goes on in the chunk at hand. */
  #after = 0;
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
   * Takes the next chunk of the body; an empty one is fine. Works only while the consumer asks for the next event, so
   * whoever waits between two events slows the sender down. Read every event of a chunk before the next push.
   * @throws MultipartError when the body is broken; the parser cannot be used after it
   */
  *push(chunk: Uint8Array<ArrayBuffer>): Generator<PartEvent, void, undefined> {
    if (this.#reading)
      throw new TypeError("Cannot push: the events of the chunk before were not read to their end");
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
        this.#drop(bytes.length - at);
        this.#after = bytes.length;
      } else {
        const inPart = this.#state === "data";
        if (this.#held === 0) {
          const end = this.#findDelimiter(bytes, at);
          if (!inPart) this.#drop(end - at);
          else if (end > at) yield { kind: "data", bytes: chunk.subarray(at, end) };
        } else if (!this.#matchDelimiter(bytes, at)) {
          const data = this.#releaseHeld();
          if (!inPart) this.#drop(data.length);
          else if (data.length > 0) yield { kind: "data", bytes: data };
          this.#after = at;
        }
        if (inPart && this.#state !== "data") yield { kind: "end" };
      }
      at = this.#after;
    }
    this.#reading = false;
  }

  /**
   * Says that the body is over.
   * @throws MultipartError `missing_end` when its last boundary was not seen: a part without an `end` is not complete
   */
  finish(): void {
    if (this.#state !== "epilogue") throw new MultipartError("missing_end");
  }

  /** Returns where the data ends: at a delimiter, at what may become one in the next chunk, or with the chunk. */
  #findDelimiter(bytes: Buffer, from: number): number {
    let start = this.#findCandidate(bytes, from);
    while (start !== -1) {
      if (this.#matchDelimiter(bytes, start)) return start;
      start = this.#findCandidate(bytes, start + 1);
    }
    this.#after = bytes.length;
    return bytes.length;
  }

  #findCandidate(bytes: Buffer, from: number): number {
    const whole = bytes.indexOf(this.#delimiter, from);
    if (whole !== -1) return whole;
    // A boundary has no CR in it, so only the last CR of the chunk can begin a delimiter that is cut off.
    const earliest = Math.max(from, bytes.length - this.#delimiter.length + 1);
    for (let at = bytes.length - 1; at >= earliest; at--) if (bytes[at] === CR) return at;
    return -1;
  }

  /**
   * Goes on matching a delimiter line, from `#held` bytes of it on. False when this is none. True when it is one, which
   * changes the state, or may be one, which changes `#held`; `#after` then says where to go on.
   */
  #matchDelimiter(bytes: Buffer, from: number): boolean {
    const { length } = this.#delimiter;
    let held = this.#held;
    for (let at = from; at < bytes.length; at++, held++) {
      const byte = bytes[at];
      if (held < length) {
        if (byte !== this.#delimiter[held]) return false;
      } else if (held === length) {
        if (byte === SPACE || byte === TAB) return this.#endData("padding", at);
        if (byte !== CR && byte !== HYPHEN) return false;
        this.#line[length] = byte;
      } else if (this.#line[length] === CR) {
        return byte === LF && this.#beginHeaders(at);
      } else {
        return byte === HYPHEN && this.#endData("epilogue", at + 1);
      }
    }
    this.#held = held;
    this.#after = bytes.length;
    return true;
  }

  #endData(state: "padding" | "headers" | "epilogue", after: number): true {
    this.#state = state;
    this.#held = 0;
    this.#implied = 0;
    this.#after = after;
    return true;
  }

  /** The held bytes turned out to be data (or preamble): the delimiter's own bytes, so they need not be stored. */
  #releaseHeld(): Uint8Array<ArrayBuffer> {
    const held = new Uint8Array(this.#line.subarray(this.#implied, this.#held));
    this.#held = 0;
    this.#implied = 0;
    return held;
  }

  /** The header block starts at the CR, so that a part without headers is one with an empty line right there. */
  #beginHeaders(lineFeed: number): true {
    if (lineFeed > 0) return this.#endData("headers", lineFeed - 1);
    this.#headerLength = Buffer.from("\r").copy(this.#headerSpace());
    return this.#endData("headers", 0);
  }

  /** White space behind a boundary is transport padding (RFC 2046 section 5.1.1). */
  #skipPadding(bytes: Buffer, from: number): void {
    let at = from;
    while (at < bytes.length && (bytes[at] === SPACE || bytes[at] === TAB)) at += 1;
    this.#drop(at - from);
    this.#after = at;
    if (at === bytes.length) return;
    if (bytes[at] !== CR) throw new MultipartError("invalid_delimiter");
    this.#state = "headers";
  }

  /** The header lines of a part once their end is there, one character for each byte. */
  #readHeaders(bytes: Buffer, at: number): string | undefined {
    if (this.#headerLength === 0) {
      const end = bytes.indexOf(EMPTY_LINE, at);
      if (end !== -1) {
        this.#after = end + EMPTY_LINE.length;
        return this.#headerText(bytes, at, end);
      }
    }
    const space = this.#headerSpace();
    const known = this.#headerLength;
    this.#headerLength += bytes.copy(space, known, at);
    const end = space
      .subarray(0, this.#headerLength)
      .indexOf(EMPTY_LINE, Math.max(0, known - EMPTY_LINE.length + 1));
    if (end !== -1) {
      this.#headerLength = 0;
      this.#after = at + end + EMPTY_LINE.length - known;
      return this.#headerText(space, 0, end);
    }
    if (this.#headerLength === space.length) throw new MultipartError("headers_too_large");
    this.#after = bytes.length;
    return undefined;
  }

  #headerText(block: Buffer, start: number, end: number): string {
    if (block[start + 1] !== LF) throw new MultipartError("invalid_delimiter");
    if (end - start - CRLF > this.#limits.maxHeaderBytes) throw new MultipartError("headers_too_large");
    return block.toString("latin1", start + CRLF, end);
  }

  #headerSpace(): Buffer {
    this.#headerBlock ??= Buffer.allocUnsafe(CRLF + this.#limits.maxHeaderBytes + EMPTY_LINE.length);
    return this.#headerBlock;
  }

  #beginPart(headers: string): PartEvent {
    this.#parts += 1;
    if (this.#parts > this.#limits.maxParts) throw new MultipartError("too_many_parts");
    this.#state = "data";
    this.#held = CRLF;
    this.#implied = CRLF;
    return { kind: "part", ...readPartHeaders(headers, this.#limits.maxHeaders) };
  }

  #drop(length: number): void {
    this.#outside += length;
    if (this.#outside > this.#limits.maxOutsideBytes) throw new MultipartError("too_much_outside");
  }
}

/**
 * The boundary that a Content-Type announces; null when it announces something else than multipart/form-data.
 * @throws MultipartError `missing_boundary` or `invalid_boundary`
 */
export function boundaryOf(contentType: string | null): string | null {
  if (contentType === null) return null;
  const { type, parameters } = parse(contentType);
  if (type !== "multipart/form-data") return null;
  const { boundary } = parameters;
  if (boundary === undefined) throw new MultipartError("missing_boundary");
  if (!isBoundary(boundary)) throw new MultipartError("invalid_boundary");
  return boundary;
}

/** RFC 2046 section 5.1.1. */
function isBoundary(boundary: string): boolean {
  return /^[0-9A-Za-z'()+_,./:=? -]{0,69}[0-9A-Za-z'()+_,./:=?-]$/.test(boundary);
}
