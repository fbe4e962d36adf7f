// The identity provider that the options name.

import type { Config } from "../../config/config.ts";
import type { Oidc } from "./oidc.ts";

type Settings = Pick<Config, "oidcIssuer" | "oidcClient" | "oidcSecretFile" | "oidcGroup">;

/**
 * @returns null without `--oidc-issuer`
 * @throws Error when options are missing, or the file of the secret cannot be read or is empty
 */
export async function identityProvider(settings: Settings): Promise<Oidc | null> {
  const { oidcIssuer: issuer, oidcClient: clientId, oidcSecretFile: file, oidcGroup: group } = settings;
  if (issuer === undefined) {
    if (clientId ?? file ?? group)
      throw new Error("--oidc-client, --oidc-secret-file and --oidc-group need --oidc-issuer.");
    return null;
  }
  if (clientId === undefined)
    throw new Error("--oidc-issuer needs --oidc-client, the id of this server at the provider.");
  const clientSecret = file === undefined ? undefined : await secretIn(file);
  // Few servers need it, and it takes 5 MB of memory.
  const { Oidc } = await import("./oidc.ts");
  return new Oidc({
    issuer,
    clientId,
    ...(clientSecret !== undefined && { clientSecret }),
    ...(group !== undefined && { group }),
  });
}

async function secretIn(file: string): Promise<string> {
  const text = await Bun.file(file)
    .text()
    .catch((cause) => {
      throw new Error(`--oidc-secret-file ${file} cannot be read: ${cause.message}`, { cause });
    });
  // Editors end a file with a new line.
  const secret = text.trim();
  if (secret === "") throw new Error(`--oidc-secret-file ${file} is empty.`);
  return secret;
}
