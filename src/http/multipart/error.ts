// Why a multipart body cannot be read on: the closed list of its framing errors.

/** Every way the framing of a body can be broken, with the sentence a client reads. */
const REASONS = {
  missing_boundary: "The Content-Type has no boundary. Send `multipart/form-data; boundary=…`.",
  invalid_boundary:
    "The boundary must have 1 to 70 characters out of A-Z a-z 0-9 ' ( ) + _ , - . / : = ? and space, and not end with a space.",
  invalid_delimiter:
    "A boundary line holds something after the boundary. It must end with CRLF, or with two hyphens if it is the last.",
  invalid_header: "A part has a malformed header. Each header is a line `Name: value` that ends with CRLF.",
  headers_too_large: "The headers of a part are too large. Use a shorter file name and fewer headers.",
  too_many_headers: "A part has too many headers. Content-Disposition and Content-Type are all it needs.",
  too_many_parts: "The form has too many parts. Send the rest in another form.",
  too_much_outside:
    "Too much data lies outside of the parts. Check that the boundary is the one in Content-Type.",
  missing_end:
    "The body ended before its last boundary. The part that was cut off was not saved: send it again.",
} as const;

/** A short, stable name of what is wrong with the framing. */
export type MultipartReason = keyof typeof REASONS;

/** The body, or the Content-Type that announces it, is broken beyond the part at hand: reading must stop. */
export class MultipartError extends Error {
  override readonly name = "MultipartError";

  constructor(readonly reason: MultipartReason) {
    super(REASONS[reason]);
  }
}
