// Ranges of a file that cannot be sent (RFC 9110 section 14). Those that can are cut out by Bun's server.

// One range. Several, and what is none, are answered with the whole file.
const RANGE = /^\s*bytes\s*=\s*(\d*)\s*-\s*(\d*)\s*$/i;

/**
 * Whether a GET asks for bytes that the file does not have: it begins at or behind the end, or wants the last 0 bytes.
 * `If-Range` that names another version asks for the whole file instead (section 13.1.5).
 * @param current the size in bytes, and the headers of the answer
 */
export function unsatisfiable(asked: Headers, current: { size: number; headers: Headers }): boolean {
  const [, first = "", last = ""] = RANGE.exec(asked.get("range") ?? "") ?? [];
  const version = asked.get("if-range");
  const { size, headers } = current;
  if (version !== null && version !== headers.get("etag") && version !== headers.get("last-modified"))
    return false;
  if (first !== "") return Number(first) >= size;
  return last !== "" && Number(last) === 0;
}
