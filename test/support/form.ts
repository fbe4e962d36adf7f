// Builds multipart forms byte by byte, including ones that `FormData` cannot produce, and reads the saved files.

import { readdir } from "node:fs/promises";
import { join } from "node:path";
import type { TestServer } from "./server.ts";

/** A part of a form. */
export interface FormPart {
  /** @default file */
  name?: string;
  filename?: string;
  data?: string | Uint8Array;
  /** Header lines instead of the Content-Disposition. */
  headers?: string[];
}

export const BOUNDARY = "a-boundary";

/** The Content-Type of such a body. */
export const formType = (boundary = BOUNDARY): string => `multipart/form-data; boundary=${boundary}`;

/** The body of these parts. Names are written as they are. */
export function formBody(parts: readonly FormPart[], boundary = BOUNDARY): Buffer {
  const pieces = parts.flatMap(({ name = "file", filename, data = "", headers }) => {
    const file = filename === undefined ? "" : `; filename="${filename}"`;
    const lines = headers ?? [`Content-Disposition: form-data; name="${name}"${file}`];
    return [`--${boundary}\r\n${lines.map((line) => `${line}\r\n`).join("")}\r\n`, data, "\r\n"];
  });
  return Buffer.concat([...pieces, `--${boundary}--\r\n`].map((piece) => Buffer.from(piece)));
}

/** The answer to a form, and the files below the folder it was sent to. */
export interface SentForm {
  answer: Response;
  folder: string;
  /** Paths below the folder, sorted. */
  files: () => Promise<string[]>;
  text: (name: string) => Promise<string>;
}

let folders = 0;

/** Sends the parts, or a body as it is, into a folder: a new one unless it is named. */
export async function sendForm(
  server: TestServer,
  body: FormPart[] | Buffer | FormData,
  options: { folder?: string; type?: string; query?: string } = {},
): Promise<SentForm> {
  folders += 1;
  const { folder = `form-${folders}`, type = formType(), query = "" } = options;
  const answer = await server.fetch(`/files/${folder}/${query}`, {
    method: "POST",
    body: body instanceof FormData ? body : new Uint8Array(Array.isArray(body) ? formBody(body) : body),
    headers: body instanceof FormData ? {} : { "content-type": type },
  });
  const place = join(server.root, folder);
  return {
    answer,
    folder,
    async files() {
      const entries = await readdir(place, { recursive: true, withFileTypes: true }).catch(() => []);
      return entries
        .filter((entry) => entry.isFile())
        .map((entry) => join(entry.parentPath, entry.name).slice(place.length + 1))
        .toSorted();
    },
    text: (name) => Bun.file(join(place, name)).text(),
  };
}

/** A part that is a file. */
export const file = (filename: string, data: string | Uint8Array = "data"): FormPart => ({ filename, data });
