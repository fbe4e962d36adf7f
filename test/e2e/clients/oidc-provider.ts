// An identity provider for tests: oidc-provider, which logs everybody in as the name in `login_hint`.
// usage: bun oidc-provider.ts CLIENT_SECRET REDIRECT_URI

import { createServer } from "node:http";
import Provider from "oidc-provider";

const [secret = "", redirect = ""] = process.argv.slice(2);
const server = createServer();
await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", () => resolve()));
const address = server.address();
if (address === null || typeof address === "string") throw new Error("The provider has no port.");
const issuer = `http://127.0.0.1:${address.port}`;

const provider = new Provider(issuer, {
  clients: [{ client_id: "sluice", client_secret: secret, redirect_uris: [redirect] }],
  claims: {
    openid: ["sub"],
    profile: ["preferred_username"],
    email: ["email", "email_verified"],
    groups: ["groups"],
  },
  scopes: ["openid", "profile", "email", "groups"],
  features: { devInteractions: { enabled: false } },
  pkce: { required: () => true },
  interactions: { url: (_, { uid }) => `/interaction/${uid}` },
  findAccount: (_, accountId) => ({
    accountId,
    claims: () => ({
      sub: accountId,
      preferred_username: accountId.replace("id-of-", ""),
      email: "alice@example.org",
      email_verified: true,
      groups: ["file-users"],
    }),
  }),
});

server.on("request", async (request, response) => {
  if (!request.url?.startsWith("/interaction/")) return provider.callback()(request, response);
  const { params } = await provider.interactionDetails(request, response);
  const name = `id-of-${params["login_hint"]}`;
  const grant = new provider.Grant({ accountId: name, clientId: String(params["client_id"]) });
  grant.addOIDCScope(String(params["scope"]));
  const consent = { grantId: await grant.save() };
  await provider.interactionFinished(request, response, { login: { accountId: name }, consent });
});

console.log(`oidc-provider is listening on ${issuer}`);
