// The framing errors of multipart bodies: a closed list.

/** Every framing error, with the message that the client receives. */
const REASONS = {
  missing_boundary: "The Content-Type has no boundary. Send `multipart/form-data; boundary=…`.",
  invalid_boundary:
    "The boundary must have 1 to 70 characters out of A-Z a-z 0-9 ' ( ) + _ , - . / : = ? and space, and not end with a space.",
  invalid_delimiter:
    "A boundary line has extra characters after the boundary. It must end with CRLF, or with two hyphens if it is the last.",
  invalid_header:
    "A part has a malformed header. Each header must be a line `Name: value` that ends with CRLF.",
  headers_too_large: "The headers of a part are too large. Use a shorter file name and fewer headers.",
  too_many_headers: "A part has too many headers. Only Content-Disposition and Content-Type are needed.",
  too_many_parts: "The form has too many parts. Send the rest in another form.",
  too_much_outside:
    "There is too much data outside the parts. Check that the boundary matches the one in Content-Type.",
  missing_end: "The body ended before the closing boundary. The truncated part was not saved: send it again.",
} as const;

/** The short, stable name of a framing error. */
export type MultipartReason = keyof typeof REASONS;

/** The framing of the body, or its Content-Type, is invalid: parsing cannot continue. */
export class MultipartError extends Error {
  override readonly name = "MultipartError";

  constructor(readonly reason: MultipartReason) {
    super(REASONS[reason]);
  }
}
