// The shapes of what browsers send about passkeys (WebAuthn level 3, section 5.1), with bounds.

import { type Static, Type } from "@sinclair/typebox";

const Base64Url = (most: number) => Type.String({ pattern: "^[\\w-]*$", maxLength: most });
/** Credential ids have at most 1,023 bytes (WebAuthn section 4). */
const CredentialId = Base64Url(1364);

const credential = {
  id: CredentialId,
  rawId: CredentialId,
  type: Type.Literal("public-key"),
  clientExtensionResults: Type.Object({}),
};

/** `PublicKeyCredential.toJSON()` after `navigator.credentials.create`. */
export const PasskeyAttestation = Type.Object({
  ...credential,
  response: Type.Object({
    clientDataJSON: Base64Url(4096),
    attestationObject: Base64Url(65536),
    transports: Type.Optional(
      Type.Array(Type.String({ pattern: "^[\\w-]+$", maxLength: 32 }), { maxItems: 16 }),
    ),
  }),
});
export type PasskeyAttestation = Static<typeof PasskeyAttestation>;

/** `PublicKeyCredential.toJSON()` after `navigator.credentials.get`. */
export const PasskeyAssertion = Type.Object({
  ...credential,
  response: Type.Object({
    clientDataJSON: Base64Url(4096),
    authenticatorData: Base64Url(8192),
    signature: Base64Url(8192),
    userHandle: Type.Optional(Base64Url(256)),
  }),
});
export type PasskeyAssertion = Static<typeof PasskeyAssertion>;
