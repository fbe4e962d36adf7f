// Encoded words of mail headers (RFC 2047), which .NET and some mail libraries send as file names.

/** Charset, an optional language (RFC 2231), encoding, text. */
const WORD = /^=\?([\w.:-]{1,40})(?:\*[\w-]{0,40})?\?([bq])\?([^?\s]*)\?=$/i;
const strictUtf8 = new TextDecoder("utf-8", { fatal: true });

/** Whether the whole text is encoded words, with white space between them. */
export function isEncodedWords(text: string): boolean {
  return words(text).every((word) => WORD.test(word));
}

/** The text that the words stand for; null if one is malformed, or in a charset other than UTF-8, ASCII and ISO 8859-1. */
export function decodeWords(text: string): string | null {
  const found = words(text).map((word) => WORD.exec(word));
  const charsets = new Set(found.map((word) => word?.[1]?.toLowerCase()));
  const [charset, other] = charsets;
  const bytes = found.map((word) => bytesOf(word?.[2] ?? "", word?.[3] ?? ""));
  if (other !== undefined || !bytes.every((part) => part !== null)) return null;
  // Decoded together: a character may be divided between two words.
  return decode(charset ?? "", Buffer.concat(bytes));
}

function words(text: string): string[] {
  return text.trim().split(/[ \t]+/);
}

function bytesOf(encoding: string, text: string): Uint8Array | null {
  if (encoding.toLowerCase() === "q") {
    const unescaped = text
      .replaceAll("_", " ")
      .replace(/=([\da-f]{2})/gi, (_, code: string) => String.fromCharCode(Number.parseInt(code, 16)));
    return Buffer.from(unescaped, "latin1");
  }
  try {
    return Uint8Array.fromBase64(text);
  } catch {
    return null;
  }
}

function decode(charset: string, bytes: Buffer): string | null {
  if (charset === "iso-8859-1") return bytes.toString("latin1");
  if (charset !== "utf-8" && charset !== "utf8" && charset !== "us-ascii") return null;
  try {
    return strictUtf8.decode(bytes);
  } catch {
    return null;
  }
}
