// The options of an identity provider (OpenID Connect).

import type { Config } from "./config.ts";
import type { Option } from "./option.ts";
import { path, serviceUrl, words } from "./values.ts";

type ProviderKey = "oidcIssuer" | "oidcClient" | "oidcSecretFile" | "oidcGroup";

/** Part of `OPTIONS`. */
export const PROVIDER_OPTIONS: { readonly [Key in ProviderKey]-?: Option<NonNullable<Config[Key]>> } = {
  oidcIssuer: {
    name: "oidc-issuer",
    placeholder: "URL",
    ...serviceUrl("an identity provider, such as https://id.example.org/realms/home"),
    help: "Identity provider through which people log in (OpenID Connect), such as https://id.example.org",
    group: "Who may do what",
  },
  oidcClient: {
    name: "oidc-client",
    placeholder: "ID",
    ...words("the id of a client", 256),
    help: "Id of this server at the identity provider; its redirect address there is URL/api/session/oidc/callback",
    group: "Who may do what",
  },
  oidcSecretFile: {
    name: "oidc-secret-file",
    placeholder: "FILE",
    ...path("a file"),
    help: "File with the secret of this server at the identity provider; if unset, it is a public client",
    group: "Who may do what",
  },
  oidcGroup: {
    name: "oidc-group",
    placeholder: "GROUP",
    ...words("a group", 256),
    help: "Group at the provider whose members may log in; new members get an account without grants. If unset, only people whose account was added before may log in",
    group: "Who may do what",
  },
};
