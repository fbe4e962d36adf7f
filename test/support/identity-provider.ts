// An identity provider (OpenID Connect) whose answers a test may forge: metadata, keys, tokens and UserInfo.

import { createHash, createSign, generateKeyPairSync, type KeyObject, randomBytes } from "node:crypto";

/** The claims of the person who logs in, and deviations from a correct provider. */
export interface Provided {
  claims?: Record<string, unknown>;
  /** Claims that replace those of a correct ID token, such as `aud`. */
  token?: Record<string, unknown>;
  /** Claims that only UserInfo gives; null for a provider without UserInfo. */
  userInfo?: Record<string, unknown> | null;
  /** The signature is of another key, or missing (`alg: none`). */
  signature?: "forged" | "none";
  /** The token endpoint answers with this error. */
  error?: string;
  /** The metadata names another issuer. */
  issuer?: string;
}

/** A provider on a port of its own. `await using` stops it. */
export class IdentityProvider implements AsyncDisposable {
  readonly #keys = generateKeyPairSync("rsa", { modulusLength: 2048 });
  readonly #other = generateKeyPairSync("rsa", { modulusLength: 2048 });
  /** The parameters of authorization requests, by code. */
  readonly #codes = new Map<string, URLSearchParams>();
  readonly #server = Bun.serve({ hostname: "127.0.0.1", port: 0, fetch: (request) => this.#answer(request) });
  provided: Provided = {};
  /** Paths that were asked for. */
  readonly asked: string[] = [];
  /** The Authorization header of the last request for a token. */
  authorization: string | null = null;

  get issuer(): string {
    return this.#server.url.origin;
  }

  /** A person logs in on the page of the provider. @returns the address to which it sends the browser back */
  login(page: string): URL {
    const { searchParams } = new URL(page);
    const code = randomBytes(16).toString("hex");
    this.#codes.set(code, searchParams);
    const back = new URL(searchParams.get("redirect_uri") ?? "");
    back.searchParams.set("code", code);
    back.searchParams.set("state", searchParams.get("state") ?? "");
    return back;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server.stop(true);
  }

  async #answer(request: Request): Promise<Response> {
    const { pathname } = new URL(request.url);
    this.asked.push(pathname);
    const { issuer = this.issuer, userInfo = {} } = this.provided;
    if (pathname === "/.well-known/openid-configuration")
      return Response.json({
        issuer,
        authorization_endpoint: `${this.issuer}/authorize`,
        token_endpoint: `${this.issuer}/token`,
        jwks_uri: `${this.issuer}/keys`,
        ...(userInfo !== null && { userinfo_endpoint: `${this.issuer}/me` }),
        response_types_supported: ["code"],
        id_token_signing_alg_values_supported: ["RS256"],
      });
    if (pathname === "/keys")
      return Response.json({
        keys: [{ ...this.#keys.publicKey.export({ format: "jwk" }), kid: "1", use: "sig" }],
      });
    if (pathname === "/me") return Response.json({ sub: "person-1", ...this.provided.claims, ...userInfo });
    if (pathname === "/token") return this.#token(request);
    return new Response(null, { status: 404 });
  }

  async #token(request: Request): Promise<Response> {
    this.authorization = request.headers.get("authorization");
    const form = new URLSearchParams(await request.text());
    const asked = this.#codes.get(form.get("code") ?? "");
    this.#codes.delete(form.get("code") ?? "");
    const challenge = createHash("sha256")
      .update(form.get("code_verifier") ?? "")
      .digest("base64url");
    const error =
      this.provided.error ?? (asked?.get("code_challenge") === challenge ? undefined : "invalid_grant");
    if (error !== undefined) return Response.json({ error }, { status: 400 });
    const seconds = Math.floor(Date.now() / 1000);
    const claims = {
      iss: this.issuer,
      sub: "person-1",
      aud: "sluice",
      iat: seconds,
      exp: seconds + 60,
      nonce: asked?.get("nonce"),
      ...this.provided.claims,
      ...this.provided.token,
    };
    return Response.json({ access_token: "opaque", token_type: "bearer", id_token: this.#signed(claims) });
  }

  #signed(claims: object): string {
    const { signature } = this.provided;
    const encoded = (part: object): string => Buffer.from(JSON.stringify(part)).toString("base64url");
    const header = signature === "none" ? { alg: "none" } : { alg: "RS256", kid: "1" };
    const text = `${encoded(header)}.${encoded(claims)}`;
    if (signature === "none") return `${text}.`;
    const key: KeyObject = signature === "forged" ? this.#other.privateKey : this.#keys.privateKey;
    return `${text}.${createSign("sha256").update(text).sign(key, "base64url")}`;
  }
}
