// Logging in through an identity provider (OpenID Connect): the code flow with PKCE, state and nonce.

import {
  AuthorizationResponseError,
  allowInsecureRequests,
  authorizationCodeGrant,
  buildAuthorizationUrl,
  type ClientAuth,
  ClientError,
  ClientSecretBasic,
  ClientSecretPost,
  type Configuration,
  calculatePKCECodeChallenge,
  discovery,
  enableNonRepudiationChecks,
  fetchUserInfo,
  None,
  ResponseBodyError,
} from "openid-client";
import { Problem } from "../../errors.ts";
import { Challenges } from "./challenges.ts";
import { type Claims, identityOf, type ProviderIdentity } from "./oidc-claims.ts";

export interface OidcOptions {
  /** The address of the provider, to which `/.well-known/openid-configuration` is added. */
  issuer: string;
  clientId: string;
  /** Without one the client is public, and PKCE alone protects the code. */
  clientSecret?: string;
  /** Only members of this group may log in: the claim `groups` must contain it. */
  group?: string;
}

/** The start of a login. */
export interface OidcStart {
  /** The page of the provider to which the browser is sent. */
  url: string;
  /** Kept in a cookie of this browser until it comes back. */
  state: string;
}

/** Seconds for each request to the provider. */
const TIMEOUT = 10;
const PURPOSE = "oidc";
/** Errors in a redirect of the provider that are about the person, not about the server (RFC 6749, OpenID Connect Core 3.1.2.6). */
const OF_PERSON = [
  "access_denied",
  "login_required",
  "consent_required",
  "interaction_required",
  "account_selection_required",
];

export class Oidc {
  /** The metadata of the provider, asked for with the first login. */
  #configuration: Promise<Configuration> | undefined;

  constructor(
    readonly options: OidcOptions,
    readonly challenges = new Challenges(),
  ) {}

  /** @param redirect the address to which the provider sends the browser back. @throws Problem provider_failed */
  async begin(redirect: string): Promise<OidcStart> {
    const configuration = await this.#discovered();
    const state = this.challenges.issue(PURPOSE);
    const { scopes_supported: scopes = [] } = configuration.serverMetadata();
    const challenge = await calculatePKCECodeChallenge(this.challenges.secretOf(state, "verifier"));
    const url = buildAuthorizationUrl(configuration, {
      redirect_uri: redirect,
      response_type: "code",
      scope: `openid profile email${scopes.includes("groups") ? " groups" : ""}`,
      state,
      nonce: this.challenges.secretOf(state, "nonce"),
      code_challenge: challenge,
      code_challenge_method: "S256",
    });
    return { url: url.href, state };
  }

  /**
   * The identity of a person who came back from the provider.
   * @param returned the address with the answer of the provider: the redirect of `begin` and a query
   * @param state from the cookie of this browser: otherwise somebody could log a browser in to an account of theirs
   * @throws Problem wrong_login; not_allowed outside the group; provider_failed
   */
  async finish(returned: URL, state: string | undefined): Promise<ProviderIdentity> {
    if (state === undefined || returned.searchParams.get("state") !== state)
      throw new Problem("wrong_login", "This login was not begun in this browser. Log in again.");
    if (!this.challenges.spend(state, PURPOSE))
      throw new Problem(
        "wrong_login",
        "This login took longer than five minutes, or was used. Log in again.",
      );
    const configuration = await this.#discovered();
    const claims = await this.#claims(configuration, returned, state).catch((error) => {
      throw problemOf(error);
    });
    return identityOf(this.options.issuer, claims, this.options.group);
  }

  async #claims(configuration: Configuration, returned: URL, state: string): Promise<Claims> {
    const tokens = await authorizationCodeGrant(configuration, returned, {
      pkceCodeVerifier: this.challenges.secretOf(state, "verifier"),
      expectedState: state,
      expectedNonce: this.challenges.secretOf(state, "nonce"),
      idTokenExpected: true,
    });
    const claims = tokens.claims();
    if (claims === undefined) throw new Error("The provider sent no ID token.");
    const complete =
      claims["preferred_username"] !== undefined &&
      (this.options.group === undefined || claims["groups"] !== undefined);
    if (complete || configuration.serverMetadata().userinfo_endpoint === undefined) return claims;
    // Many providers give these claims only here. The ID token, which is signed, counts first.
    return { ...(await fetchUserInfo(configuration, tokens.access_token, claims.sub)), ...claims };
  }

  #discovered(): Promise<Configuration> {
    this.#configuration ??= this.#discover().catch((cause) => {
      // Asked again with the next login.
      this.#configuration = undefined;
      throw failed(cause);
    });
    return this.#configuration;
  }

  #discover(): Promise<Configuration> {
    const { issuer, clientId, clientSecret } = this.options;
    const url = new URL(issuer);
    // The code flow trusts TLS instead of the signature of the ID token, unless told to check it.
    const execute = [enableNonRepudiationChecks];
    if (isLoopback(url)) execute.push(allowInsecureRequests);
    return discovery(url, clientId, undefined, authentication(clientSecret), { execute, timeout: TIMEOUT });
  }
}

/** A provider on this machine may be reached without TLS. */
export function isLoopback({ hostname }: URL): boolean {
  return hostname === "localhost" || hostname === "127.0.0.1" || hostname === "[::1]";
}

/** Sends the secret as the provider wants it; the default of OpenID Connect is Basic. */
function authentication(secret: string | undefined): ClientAuth {
  if (secret === undefined) return None();
  return (server, client, body, headers) => {
    const methods = server.token_endpoint_auth_methods_supported;
    const basic = methods === undefined || methods.includes("client_secret_basic");
    (basic ? ClientSecretBasic(secret) : ClientSecretPost(secret))(server, client, body, headers);
  };
}

function problemOf(error: unknown): Problem {
  if (error instanceof Problem) return error;
  if (error instanceof AuthorizationResponseError)
    return OF_PERSON.includes(error.error)
      ? new Problem("wrong_login", "The identity provider did not log you in.", { cause: error })
      : failed(error);
  if (error instanceof ResponseBodyError)
    return error.error === "invalid_grant" ? wrong(error) : failed(error);
  // Not reached, or no answer of the protocol: fetch throws a TypeError.
  if (!(error instanceof ClientError)) return failed(error);
  const unreachable = [
    "OAUTH_TIMEOUT",
    "OAUTH_ABORT",
    "OAUTH_RESPONSE_IS_NOT_CONFORM",
    "OAUTH_RESPONSE_IS_NOT_JSON",
  ];
  return error.code === undefined || unreachable.includes(error.code) ? failed(error) : wrong(error);
}

function wrong(cause: unknown): Problem {
  return new Problem("wrong_login", "The answer of the identity provider is not valid. Log in again.", {
    cause,
  });
}

function failed(cause: unknown): Problem {
  return new Problem("provider_failed", "The identity provider does not answer as it should.", { cause });
}
