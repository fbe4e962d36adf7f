// User and password in a URL: sent to the server, never printed.

import { Buffer } from "node:buffer";

/** A copy that is safe to print: without user, password, query and fragment. */
export function bare(url: URL): URL {
  const copy = new URL(url.href);
  copy.username = "";
  copy.password = "";
  copy.search = "";
  copy.hash = "";
  return copy;
}

/** The Authorization header for the user and password of the URL (RFC 7617); empty when it has neither. */
export function loginHeaders({ username, password }: URL): { Authorization?: string } {
  if (!username && !password) return {};
  const login = Buffer.from(`${decoded(username)}:${decoded(password)}`).toString("base64");
  return { Authorization: `Basic ${login}` };
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    // A literal percent sign.
    return text;
  }
}
