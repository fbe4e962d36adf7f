// Requests by hand, whole and in pieces.

import { expect } from "bun:test";
import { FormResult } from "../../src/routes/openapi/shapes.ts";
import { bodyIn } from "../support/answer.ts";
import type { RawAnswer } from "../support/raw.ts";
import { CANARY, type Target } from "./target.ts";

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

/** Sends a request, one byte for each character, and reads the answer, which gives away no canary and no place. */
export async function ask(
  server: Target,
  method: string,
  target: string,
  body = "",
  ...headers: string[]
): Promise<RawAnswer> {
  const request = head(method, target, ...headers, `Content-Length: ${body.length}`) + body;
  using connection = await server.raw();
  await connection.send(Buffer.from(request, "latin1")).catch(() => {
    // It may be answered before its end.
  });
  const answer = await connection.answer({ head: method === "HEAD" });
  expect(answer.text).not.toContain(CANARY);
  expect(answer.text).not.toContain(server.outside);
  return answer;
}

/** Sends a form as it stands. */
export const sendForm = (server: Target, form: string, type = FORM): Promise<RawAnswer> =>
  ask(server, "POST", "/files/", form, type);

/** What became of a form. */
export const resultIn = (answer: RawAnswer) =>
  bodyIn(FormResult, { json: async () => JSON.parse(answer.text) });
