// A browser without a page: logs in over a real socket, keeps its cookies, and sends JSON as a page does.

import { expect } from "bun:test";
import { PASSWORD } from "./access.ts";

export class Visitor {
  readonly cookies = new Bun.CookieMap();

  /** @param site what the browser believes the server to be; its headers say so, requests go to `url` */
  constructor(
    readonly url: string,
    readonly site = url.replace("127.0.0.1", "localhost"),
  ) {}

  /** A browser in which somebody is logged in. */
  static async loggedIn(url: string, name: string, password = PASSWORD): Promise<Visitor> {
    const visitor = new Visitor(url);
    expect((await visitor.logIn(name, { password })).status).toBe(204);
    return visitor;
  }

  async fetch(path: string, init: RequestInit = {}): Promise<Response> {
    const headers = new Headers(init.headers);
    headers.set("host", new URL(this.site).host);
    headers.set("sec-fetch-site", "same-origin");
    const cookie = [...this.cookies].map(([name, value]) => `${name}=${value}`).join("; ");
    if (cookie !== "") headers.set("cookie", cookie);
    const answer = await fetch(this.url + path, { redirect: "manual", ...init, headers });
    for (const line of answer.headers.getSetCookie()) {
      const { name, value, maxAge } = Bun.Cookie.parse(line);
      if (maxAge === 0) this.cookies.delete(name);
      else this.cookies.set(name, value);
    }
    return answer;
  }

  send(method: string, path: string, body: unknown): Promise<Response> {
    const headers = { "content-type": "application/json" };
    return this.fetch(path, { method, headers, body: JSON.stringify(body) });
  }

  logIn(name: string, more: { password?: string; code?: string } = {}): Promise<Response> {
    return this.send("POST", "/api/session", { name, password: PASSWORD, ...more });
  }

  /** The account that the server sees; null for anyone. */
  async name(): Promise<string | null> {
    const me: { name: string | null } = JSON.parse(await (await this.fetch("/api/me")).text());
    return me.name;
  }
}
