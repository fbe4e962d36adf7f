// The claims of an identity provider about a person, and the account they belong to.

import { Problem } from "../../errors.ts";

/** Claims of an ID token and of UserInfo; only `sub` and those that are checked here are relied on. */
export type Claims = { readonly sub: string } & { readonly [name: string]: unknown };

/** A person at a provider. */
export interface ProviderIdentity {
  issuer: string;
  /** Never given to another person by this issuer, unlike names. */
  subject: string;
  /** Names under which an account may have been declared: the name at the provider, then the verified e-mail address. */
  names: readonly string[];
}

/** The account of an identity: `connected` with it before, `declared` under its name, or `new`: to be made, without grants. */
export interface AccountOfIdentity {
  name: string;
  origin: "connected" | "declared" | "new";
}

/** @throws Problem not_allowed when the person is not in `group` */
export function identityOf(issuer: string, claims: Claims, group: string | undefined): ProviderIdentity {
  if (group !== undefined && !groupsOf(claims["groups"]).includes(group))
    throw new Problem(
      "not_allowed",
      "The identity provider does not count you among those who may log in here. Ask its administrator.",
    );
  const { preferred_username: name, email, email_verified: verified } = claims;
  const names: string[] = [];
  if (typeof name === "string" && name !== "") names.push(name);
  // Anybody could have entered an address that nobody has verified.
  if (typeof email === "string" && email !== "" && (verified === true || verified === "true"))
    names.push(email);
  return { issuer, subject: claims.sub, names };
}

/** The accounts that the server has. */
export interface AccountSources<Account extends { name: string }> {
  connected: string | undefined;
  accounts: ReadonlyMap<string, Account>;
  isFree: (account: Account) => boolean;
  /** Whether a text can be the name of an account. */
  isName: (text: string) => boolean;
  mayAdd: boolean;
}

/**
 * The account of an identity: the one connected with it, else one that was declared under one of its names and that nobody
 * can log in to yet. With `mayAdd`, otherwise a new one.
 * @param connected the account of the pair of issuer and subject
 * @param isFree whether an account has no password, passkey and identity
 * @throws Problem account_exists, when somebody else may have the account; not_allowed without an account
 */
export function accountOf<Account extends { name: string }>(
  identity: ProviderIdentity,
  { connected, accounts, isFree, isName, mayAdd }: AccountSources<Account>,
): AccountOfIdentity {
  if (connected !== undefined) return { origin: "connected", name: connected };
  const names = identity.names.filter(isName);
  const declared = names.flatMap((name) => accounts.get(name) ?? []);
  const free = declared.find(isFree);
  if (free) return { origin: "declared", name: free.name };
  const [taken] = declared;
  if (taken)
    throw new Problem(
      "account_exists",
      `There is an account ${JSON.stringify(taken.name)} with another login. Log in with its password, or ask an owner of the server.`,
    );
  const [name] = names;
  if (!mayAdd || name === undefined)
    throw new Problem(
      "not_allowed",
      `There is no account for you. Ask an owner of the server to add one${name === undefined ? "" : ` named ${JSON.stringify(name)}`}.`,
    );
  return { origin: "new", name };
}

function groupsOf(claim: unknown): unknown[] {
  return Array.isArray(claim) ? claim : [claim];
}
