// Cookies: reads one that a request has, and writes the header that sets one.

/** The value of a cookie of a request; undefined when it has none of this name. */
export function cookieIn(headers: Headers, name: string): string | undefined {
  const cookies = headers.get("cookie");
  return cookies === null ? undefined : (new Bun.CookieMap(cookies).get(name) ?? undefined);
}

/** Where a cookie is sent, and for how long. */
export interface CookieScope {
  /** Below which it is sent; the whole site by default. */
  path?: string;
  /** Seconds; 0 removes it. */
  maxAge: number;
  /** Whether browsers send it over TLS only. */
  secure: boolean;
}

/** The value of `Set-Cookie`. No script of a page can read the cookie, and other websites send it only with links to this one. */
export function setCookie(name: string, value: string, { path = "/", maxAge, secure }: CookieScope): string {
  return new Bun.Cookie(name, value, { path, maxAge, httpOnly: true, sameSite: "lax", secure }).toString();
}
