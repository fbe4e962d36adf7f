// The media type of a file, from its name and its first bytes, and the policy under which a browser displays it.

import { Mime } from "mime";
import other from "mime/types/other.js";
import standard from "mime/types/standard.js";
import { nameOf } from "../../../path.ts";
import type { StoredFile } from "../../../storage/stored-file.ts";

const types = new Mime(standard, other).define(
  {
    // Source code, which the table gives to servers and programs. As JavaScript, a file could become a script or a
    // service worker of the server's own page.
    "text/plain": ["csh", "ecma", "js", "mjs", "php", "pl", "pm", "rs", "sh", "tcl", "tk"],
    // Browsers do not play `audio/x-flac`.
    "audio/flac": ["flac"],
  },
  true,
);

/** Bytes read from a file whose name does not determine its type. */
const SNIFF_BYTES = 1024;

/** Control characters that text does not contain: all but tab, line feed, form feed, carriage return and escape. */
const CONTROLS = /[\x00-\x08\x0b\x0e-\x1a\x1c-\x1f\x7f]/;

/** A displayed file may load images, media and styles, but nothing from other hosts and no script. */
const POLICY =
  "default-src 'none'; img-src 'self' data:; media-src 'self'; style-src 'unsafe-inline'; font-src data:";

/** The media type by the extension of a name; null when it tells nothing. */
export function typeByName(name: string): string | null {
  // Without the slash, `mime` would take the name `html` for an extension.
  return types.getType(`/${name}`);
}

/**
 * The media type by the extension, if there is one. Without, and for `.ts` (TypeScript, or video), the first bytes tell
 * whether the file is text.
 */
export async function mediaTypeOf({ entry, body }: Pick<StoredFile, "entry" | "body">): Promise<string> {
  const known = typeByName(nameOf(entry.path));
  const type =
    known === null || known === "video/mp2t"
      ? (await isText(body, entry.size))
        ? "text/plain"
        : (known ?? "application/octet-stream")
      : // Browsers display `text/plain`, and save the types of single languages.
        known.replace(/^text\/x-.*/, "text/plain");
  return type.startsWith("text/") ? `${type}; charset=utf-8` : type;
}

/**
 * The Content-Security-Policy of a file of this type. Everything that might run as a page gets an origin of its own
 * (`sandbox`). Media, images and PDF do not run, and in a sandbox their own player or viewer could not load them.
 */
export function policyOf(type: string): string {
  const inert = /^(?:(?:audio|image|video)\/[\w.-]+|text\/plain(?:;.*)?|application\/pdf)$/.test(type);
  return inert ? POLICY : `sandbox; ${POLICY}`;
}

async function isText(body: Blob, size: number): Promise<boolean> {
  const bytes = await body.slice(0, SNIFF_BYTES).bytes();
  try {
    // The last character may be cut by the limit.
    const text = new TextDecoder("utf-8", { fatal: true }).decode(bytes, { stream: bytes.length < size });
    return !CONTROLS.test(text);
  } catch {
    return false;
  }
}
