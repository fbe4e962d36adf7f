// User and password in a URL: said to the server, and never printed.

import { Buffer } from "node:buffer";

/** Without user and password, which nobody prints by accident then, and without query and fragment. */
export function bare(url: URL): URL {
  const copy = new URL(url.href);
  copy.username = "";
  copy.password = "";
  copy.search = "";
  copy.hash = "";
  return copy;
}

/** What the URL says of who asks (RFC 7617); nothing when it says nothing. */
export function loginHeaders({ username, password }: URL): { Authorization?: string } {
  if (!username && !password) return {};
  const login = Buffer.from(`${decoded(username)}:${decoded(password)}`).toString("base64");
  return { Authorization: `Basic ${login}` };
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    // A percent sign that was meant as itself.
    return text;
  }
}
