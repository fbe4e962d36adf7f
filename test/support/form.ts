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
  /** Header lines that replace the Content-Disposition. */
  headers?: string[];
}

export const BOUNDARY = "a-boundary";

/** The Content-Type of a form with this boundary. */
export const formType = (boundary = BOUNDARY): string => `multipart/form-data; boundary=${boundary}`;

/** The body of a form with these parts. Names are not escaped. */
export function formBody(parts: readonly FormPart[], boundary = BOUNDARY): Buffer {
  const pieces = parts.flatMap(({ name = "file", filename, data = "", headers }) => {
    const file = filename === undefined ? "" : `; filename="${filename}"`;
    const lines = headers ?? [`Content-Disposition: form-data; name="${name}"${file}`];
    return [`--${boundary}\r\n${lines.map((line) => `${line}\r\n`).join("")}\r\n`, data, "\r\n"];
  });
  return Buffer.concat([...pieces, `--${boundary}--\r\n`].map((piece) => Buffer.from(piece)));
}

/** The response to a form, and the files in the folder to which it was sent. */
export interface SentForm {
  answer: Response;
  folder: string;
  /** Paths below the folder, sorted. */
  files: () => Promise<string[]>;
  text: (name: string) => Promise<string>;
}

let folders = 0;

/** Sends parts, or a complete body, to a folder: by default a new one. */
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
  const target = join(server.root, folder);
  return {
    answer,
    folder,
    async files() {
      const entries = await readdir(target, { recursive: true, withFileTypes: true }).catch(() => []);
      return entries
        .filter((entry) => entry.isFile())
        .map((entry) => join(entry.parentPath, entry.name).slice(target.length + 1))
        .toSorted();
    },
    text: (name) => Bun.file(join(target, name)).text(),
  };
}

/** A part with a file. */
export const file = (filename: string, data: string | Uint8Array = "data"): FormPart => ({ filename, data });
