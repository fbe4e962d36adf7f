// Hand-written requests, complete and in pieces.

import { expect } from "bun:test";
import { FormResult } from "../../src/routes/openapi/shapes.ts";
import { bodyIn } from "../support/answer.ts";
import type { RawAnswer } from "../support/raw.ts";
import { CANARY, type Target } from "./target.ts";

/** The first lines of every request. */
export const head = (method: string, target: string, ...headers: string[]): string =>
  `${[`${method} ${target} HTTP/1.1`, "Host: localhost", ...headers].join("\r\n")}\r\n\r\n`;

/** One chunk of a chunked body. */
export const chunk = (text: string): string => `${Buffer.byteLength(text).toString(16)}\r\n${text}\r\n`;

/** The last chunk of a chunked body. */
export const LAST_CHUNK = "0\r\n\r\n";

/** The header of every request with a chunked body. */
export const CHUNKED = "Transfer-Encoding: chunked";

/** The boundary of the forms below. */
export const BOUNDARY = "a-boundary";

/** The Content-Type header of a form. */
export const FORM = `Content-Type: multipart/form-data; boundary=${BOUNDARY}`;

/** One part of a form, preceded by its boundary line. `disposition` is the text after `form-data;`. */
export const part = (disposition: string, content: string): string =>
  `--${BOUNDARY}\r\nContent-Disposition: form-data; ${disposition}\r\n\r\n${content}\r\n`;

/** One part with a file. */
export const filePart = (filename: string, content: string): string =>
  part(`name="file"; filename="${filename}"`, content);

/** The last boundary of a form. */
export const FORM_END = `--${BOUNDARY}--\r\n`;

/** Sends a request, one byte per character, and reads the response, which must contain no canary and no system path. */
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
    // The server may answer before the end of the request.
  });
  const answer = await connection.answer({ head: method === "HEAD" });
  expect(answer.text).not.toContain(CANARY);
  expect(answer.text).not.toContain(server.outside);
  return answer;
}

/** Sends a form unchanged. */
export const sendForm = (server: Target, form: string, type = FORM): Promise<RawAnswer> =>
  ask(server, "POST", "/files/", form, type);

/** The response to a form. */
export const resultIn = (answer: RawAnswer) =>
  bodyIn(FormResult, { json: async () => JSON.parse(answer.text) });
