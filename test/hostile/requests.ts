// Requests by hand, whole and in pieces.

/** The lines every request begins with. */
export const head = (method: string, target: string, ...headers: string[]): string =>
  `${[`${method} ${target} HTTP/1.1`, "Host: x", ...headers].join("\r\n")}\r\n\r\n`;

/** One chunk of a chunked body. */
export const chunk = (text: string): string => `${Buffer.byteLength(text).toString(16)}\r\n${text}\r\n`;

/** The end of a chunked body. */
export const LAST_CHUNK = "0\r\n\r\n";

/** What every request with a body of unknown length says. */
export const CHUNKED = "Transfer-Encoding: chunked";

/** The boundary of the forms below. */
export const BOUNDARY = "a-boundary";

/** The header that announces a form. */
export const FORM = `Content-Type: multipart/form-data; boundary=${BOUNDARY}`;

/** One part of a form, its boundary line before it. `disposition` is what stands behind `form-data;`. */
export const part = (disposition: string, content: string): string =>
  `--${BOUNDARY}\r\nContent-Disposition: form-data; ${disposition}\r\n\r\n${content}\r\n`;

/** One file of a form. */
export const filePart = (filename: string, content: string): string =>
  part(`name="file"; filename="${filename}"`, content);

/** The end of a form. */
export const FORM_END = `--${BOUNDARY}--\r\n`;
